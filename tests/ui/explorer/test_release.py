"""What the server adds on release: adequacy, resampling and export, also at a severity mix."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from cxr_valve.evaluation.calibration import Platt
from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.ui.explorer.comparison import comparison_rows
from cxr_valve.ui.explorer.export import points_csv
from cxr_valve.ui.explorer.mixture import chosen_mix, mixed_sensitivity
from cxr_valve.ui.explorer.operating import operating
from cxr_valve.ui.explorer.release import adequacy_warnings
from cxr_valve.ui.explorer.source import Calibrated, Source
from cxr_valve.ui.explorer.state import State
from cxr_valve.ui.explorer.study import study_source

MIX = State(mix=(20.0, 0.0, 80.0), threshold=0.5, rule="manual", prevalence=0.02)


@pytest.fixture(scope="module")
def graded() -> Source:
    rng = np.random.default_rng(6)
    rank = rng.choice(4, size=400, p=[0.6, 0.2, 0.12, 0.08])
    scores = 1 / (1 + np.exp(-rng.normal(rank - 1.0, 1.0)))
    grade = np.array(["none", "mild", "moderate", "severe"])[rank]
    cohort = Cohort(rank > 0, scores, grade=grade)
    return Source("x", "x", "mr", cohort=cohort, prevalence=cohort.prevalence)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_small_cohort_is_warned_about_with_the_n_that_would_do(graded: Source) -> None:
    few = replace(graded, cohort=graded.cohort.subset(np.arange(30)))
    state = State(threshold=0.5, rule="manual")
    [first, *_] = adequacy_warnings(few, operating(few, state), {})
    assert "12 radiographs with MR" in first
    assert "would be enough for one of 0.20" in first
    assert adequacy_warnings(graded, operating(graded, state), {}) == []


def test_a_mix_that_rests_on_few_is_warned_about(graded: Source) -> None:
    point, mix = operating(graded, MIX), chosen_mix(graded, MIX)
    assert mix == {"mild": 20.0, "moderate": 0.0, "severe": 80.0}
    rare = replace(graded, cohort=graded.cohort.subset(np.arange(90)))
    assert any("at this severity mix" in said for said in adequacy_warnings(rare, point, mix))


def test_a_mix_of_other_grades_than_these_is_none(graded: Source) -> None:
    assert chosen_mix(graded, State(mix=(1.0, 2.0))) == {}
    assert chosen_mix(study_source("study:mr"), MIX) == {}


def test_the_export_holds_sensitivity_and_predictive_values_at_the_mix(graded: Source) -> None:
    mix = chosen_mix(graded, MIX)
    found = rows(points_csv(graded, operating(graded, MIX), mix))
    plain = rows(points_csv(graded, operating(graded, MIX)))
    row = min(found, key=lambda one: abs(float(one["threshold"]) - 0.5))
    expected = mixed_sensitivity(graded, float(row["threshold"]), mix).estimate
    shown = [float(row[f"sensitivity_at_mix{end}"]) for end in ("", "_low", "_high")]
    assert shown == pytest.approx([expected.value, expected.low, expected.high])
    assert row["mix"] == "mild 20%, moderate 0%, severe 80%"
    low, value, high = (float(row[f"ppv_at_prevalence{end}"]) for end in ("_low", "", "_high"))
    assert low < value < high
    other = next(one for one in plain if one["threshold"] == row["threshold"])
    assert "mix" not in other
    assert other["sensitivity"] == row["sensitivity"]
    assert float(other["ppv_at_prevalence"]) < value


def test_the_export_holds_the_predictive_values_of_these_cases_with_their_limits(
    graded: Source,
) -> None:
    for row in rows(points_csv(graded, operating(graded, MIX)))[1::40]:
        tp, fp, tn = (int(row[name]) for name in ("tp", "fp", "tn"))
        assert float(row["ppv_in_sample"]) == pytest.approx(tp / (tp + fp))
        assert float(row["accuracy_in_sample"]) == pytest.approx((tp + tn) / 400)
        for name in ("ppv", "npv", "accuracy"):
            parts = (row[f"{name}_in_sample{end}"] for end in ("_low", "", "_high"))
            low, value, high = (float(part) for part in parts)
            assert low - 1e-6 <= value <= high + 1e-6, name


def test_t_follows_each_threshold_where_scores_are_calibrated(graded: Source) -> None:
    calibrated = replace(graded, calibrated=Calibrated(Platt(1.0, 0.0), graded.prevalence))
    state = replace(MIX, mix=(), prevalence=graded.prevalence)
    following = [r for r in rows(points_csv(calibrated, operating(calibrated, state))) if r["t"]]
    # A calibrated score at its own prevalence is the threshold probability itself.
    assert all(
        float(row["t"]) == pytest.approx(float(row["threshold"]), abs=1e-6) for row in following
    )
    held = operating(calibrated, replace(state, follow=False))
    assert {row["t"] for row in rows(points_csv(calibrated, held))} == {"0.1"}


def test_two_points_on_images_of_the_same_patients_are_compared_by_patient(graded: Source) -> None:
    said = comparison_rows(graded, 0.4, graded, 0.6)
    assert not any("patients" in row for row in said)
    pairs = replace(graded.cohort, patients=np.arange(400) // 2)
    said = comparison_rows(replace(graded, cohort=pairs), 0.4, replace(graded, cohort=pairs), 0.6)
    assert any(row.startswith("200 patients gave these images") for row in said)
    assert sum("bootstrap of 200 patients" in row for row in said) == 2
