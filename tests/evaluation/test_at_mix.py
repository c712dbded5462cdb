"""A threshold where the positives come in another mix of grades."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cxr_valve.evaluation.at_mix import at_severity_mix, parse_mix
from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.report import report_cohort
from cxr_valve.evaluation.severity import effective_positives, sensitivity_by_grade


@pytest.fixture
def graded(make_cohort: Callable[..., Cohort]) -> Cohort:
    cohort = make_cohort(400, seed=5)
    severe = np.random.default_rng(8).random(400) < 0.1 + 0.8 * cohort.scores
    return replace(
        cohort, grade=np.where(cohort.labels, np.where(severe, "severe", "mild"), "none")
    )


def test_at_the_observed_mix_everything_is_as_observed(graded: Cohort) -> None:
    names, counts = np.unique(graded.grade[graded.labels], return_counts=True)
    observed = dict(zip(names.tolist(), counts.tolist(), strict=True))
    found = report_cohort(graded, 0.4, prevalence=0.05, t=0.1, mix=observed)
    assert found.at_mix is not None
    assert found.at_mix.at is not None
    assert found.at_prevalence is not None
    assert found.at_mix.auc.value == pytest.approx(found.metrics["auc"].value)
    assert found.at_mix.sensitivity.value == pytest.approx(found.metrics["sensitivity"].value)
    for name in ("ppv", "npv"):
        mixed, own = getattr(found.at_mix.at, name), getattr(found.at_prevalence, name)
        assert mixed.value == pytest.approx(own.value)
    assert found.at_mix.at.net_benefit.net_benefit.value == pytest.approx(
        found.at_prevalence.net_benefit.net_benefit.value
    )


def test_severe_disease_alone_is_its_own_table(graded: Cohort) -> None:
    found = report_cohort(graded, 0.4, prevalence=0.05, t=0.1, mix={"severe": 1, "mild": 0})
    kept = ~graded.labels | (graded.grade == "severe")
    own = Cohort(graded.labels[kept], graded.scores[kept])
    alone = report_cohort(own, 0.4, prevalence=0.05, t=0.1)
    assert found.at_mix is not None
    assert found.at_mix.shares == {"severe": 1.0}
    mixed, single = found.at_mix.to_json(), alone.to_json()
    for part in ("value", "low", "high", "n"):
        assert mixed["auc"][part] == pytest.approx(single["metrics"]["auc"][part])
    for name in ("value", "low", "high"):
        sensitivity = single["metrics"]["sensitivity"][name]
        assert mixed["sensitivity"][name] == pytest.approx(sensitivity)
        for value in ("ppv", "npv"):
            expected = single["at_prevalence"][value][name]
            assert mixed["at_prevalence"][value][name] == pytest.approx(expected), (value, name)


def test_limits_of_the_predictive_values_rest_on_the_effective_number(graded: Cohort) -> None:
    """A rare grade that is to count much makes the PPV less certain, not more."""
    by_grade = sensitivity_by_grade(graded.labels, graded.scores, graded.grade, 0.4)
    rarest = min(by_grade, key=lambda name: by_grade[name].n)
    mix = {name: 0.95 if name == rarest else 0.05 for name in by_grade}
    found = report_cohort(graded, 0.4, prevalence=0.05, t=0.1, mix=mix)
    assert effective_positives(by_grade, mix) < 0.7 * graded.labels.sum()
    assert found.at_mix is not None
    assert found.at_mix.at is not None
    expected = effective_positives(by_grade, mix) + (~graded.labels).sum()
    assert found.at_mix.at.ppv.n == round(expected)


def test_a_bootstrap_of_patients_replaces_every_limit(graded: Cohort) -> None:
    mix = {"mild": 1.0, "severe": 1.0}
    plain = report_cohort(graded, 0.4, prevalence=0.05, t=0.1, mix=mix).at_mix
    drawn = report_cohort(
        graded, 0.4, prevalence=0.05, t=0.1, mix=mix, interval="bootstrap", replicates=200
    ).at_mix
    assert plain is not None
    assert plain.at is not None
    assert drawn is not None
    assert drawn.at is not None
    pairs = [(plain.auc, drawn.auc), (plain.sensitivity, drawn.sensitivity)]
    pairs += [(plain.at.ppv, drawn.at.ppv), (plain.at.npv, drawn.at.npv)]
    pairs.append((plain.at.net_benefit.net_benefit, drawn.at.net_benefit.net_benefit))
    for formula, resampled in pairs:
        assert resampled.method == "bootstrap"
        assert resampled.value == pytest.approx(formula.value)
        assert resampled.width == pytest.approx(formula.width, rel=0.5)


def test_without_a_target_only_what_needs_no_prevalence_is_given(graded: Cohort) -> None:
    found = at_severity_mix(graded, 0.4, {"mild": 1}, None)
    assert found.at is None
    assert found.to_json()["at_prevalence"] is None


def test_cases_without_grades_have_no_mix(graded: Cohort) -> None:
    with pytest.raises(ValueError, match="found 'mild': no positive of that grade was scored"):
        report_cohort(replace(graded, grade=None), 0.4, mix={"mild": 1})


def test_a_mix_is_read_as_people_write_it() -> None:
    assert parse_mix("mild=60, severe=40") == {"mild": 60.0, "severe": 40.0}
    assert parse_mix("1+=1,4+=0") == {"1+": 1.0, "4+": 0.0}


@pytest.mark.parametrize("text", ["mild", "=3", "mild=x", "mild=-1", "mild=inf", "mild=1,mild=2"])
def test_what_is_no_mix_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expected each grade once with its share, such as"):
        parse_mix(text)


def test_a_mix_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="do not all vanish"):
        parse_mix("mild=0")
