from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.comparison import compare_operating_points, mcnemar
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
