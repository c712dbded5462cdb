from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.comparison import compare_operating_points, mcnemar, resampled_difference
from cxr_valve.evaluation.operating_point import counts_at
from cxr_valve.evaluation.roc import delong_unpaired, delong_variance

PAIRS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)


@given(PAIRS)
def test_the_exact_p_value_equals_statsmodels(rows) -> None:
    a, b = np.array(rows).T
    found = mcnemar(a, b)
    table = [[(a & b).sum(), (a & ~b).sum()], [(~a & b).sum(), (~a & ~b).sum()]]
    assert found.p == pytest.approx(min(1.0, statsmodels_mcnemar(table, exact=True).pvalue))
    assert found.difference.value == pytest.approx(a.mean() - b.mean())
    assert found.difference.low <= found.difference.value <= found.difference.high


@given(PAIRS)
def test_swapping_the_two_turns_the_difference_over(rows) -> None:
    a, b = np.array(rows).T
    one, two = mcnemar(a, b), mcnemar(b, a)
    assert one.p == two.p
    assert one.difference.low == pytest.approx(-two.difference.high)


def test_two_thresholds_differ_by_their_sensitivities_and_specificities(cohort: Cohort) -> None:
    y, s = cohort.labels, cohort.scores
    found = compare_operating_points(y, (s, 0.3), (s, 0.6))
    low, high = counts_at(y, s, 0.3), counts_at(y, s, 0.6)
    assert found["sensitivity"].difference.value == pytest.approx(
        (low.tp - high.tp) / cohort.positives
    )
    assert found["specificity"].difference.value < 0
    assert found["sensitivity"].second_only == 0
    assert found["sensitivity"].p < 0.001


def test_without_cases_a_comparison_is_undefined() -> None:
    found = compare_operating_points([0, 0], ([0.1, 0.2], 0.5), ([0.1, 0.9], 0.5))
    assert not found["sensitivity"].difference.defined
    assert math.isnan(found["sensitivity"].p)
    assert found["specificity"].first_only == 1


def test_aucs_of_different_cases_are_compared_by_adding_variances(asah: pd.DataFrame) -> None:
    found = delong_unpaired((asah.poor, asah.wfns), (asah.poor, asah.s100b))
    se = math.sqrt(delong_variance(asah.poor, asah.wfns) + delong_variance(asah.poor, asah.s100b))
    assert found.z == pytest.approx((0.8236789 - 0.7313686) / se, abs=1e-5)
    assert found.difference.low < 0 < found.difference.high
    assert math.isnan(delong_unpaired(([0, 1], [1, 2]), ([0, 1], [1, 2])).p)


def test_resampled_differences_are_those_of_the_same_patients(cohort: Cohort) -> None:
    rng = np.random.default_rng(2)
    other = replace(cohort, scores=np.clip(cohort.scores + 0.05 * rng.normal(size=300), 0, 1))
    found = resampled_difference((cohort, 0.4), (other, 0.5), replicates=1000)
    plain = compare_operating_points(cohort.labels, (cohort.scores, 0.4), (other.scores, 0.5))
    for name in ("sensitivity", "specificity"):
        e, known = found[name], plain[name].difference
        assert e.value == pytest.approx(known.value)
        assert e.n == 150
        assert e.low < e.value < e.high
        assert e.width == pytest.approx(known.width, rel=0.4)
    itself = resampled_difference((cohort, 0.4), (cohort, 0.4), replicates=50)
    assert {(e.value, e.method) for e in itself.values()} == {
        (0.0, "bootstrap of patients, no interval: all agree")
    }


def test_patients_whose_images_agree_widen_the_difference() -> None:
    rng = np.random.default_rng(0)
    y, own, noise = rng.random(200) < 0.4, rng.normal(size=200), rng.normal(size=200)
    patients = np.repeat(np.arange(200), 2)
    first = Cohort(np.repeat(y, 2), np.repeat(own + y, 2), patients=patients)
    second = Cohort(np.repeat(y, 2), np.repeat(own + y + noise, 2), patients=patients)
    by_patient = resampled_difference((first, 0.5), (second, 0.5))["auc"]
    alone = [(replace(c, patients=None), 0.5) for c in (first, second)]
    by_image = resampled_difference(alone[0], alone[1])["auc"]
    assert by_patient.width / by_image.width == pytest.approx(np.sqrt(2), rel=0.15)


def test_other_cases_cannot_be_resampled_together(cohort: Cohort) -> None:
    fewer = cohort.subset(np.arange(200))
    with pytest.raises(ValueError, match="the same cases of the same patients"):
        resampled_difference((cohort, 0.4), (fewer, 0.4))
