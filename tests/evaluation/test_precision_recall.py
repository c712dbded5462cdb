from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn.metrics import average_precision_score, precision_recall_curve

from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.precision_recall import average_precision, precision_recall

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=3, max_size=40).filter(
    lambda rows: 0 < sum(y for y, _ in rows) < len(rows)
)


@given(ROWS)
def test_curve_and_average_precision_equal_sklearn(rows) -> None:
    y, s = np.array([r[0] for r in rows]), np.array([r[1] for r in rows], float)
    precision, recall, thresholds = precision_recall_curve(y, s)
    ours = precision_recall(y, s)
    np.testing.assert_allclose(ours.precision, precision[:-1][::-1], atol=1e-12)
    np.testing.assert_allclose(ours.recall, recall[:-1][::-1], atol=1e-12)
    np.testing.assert_array_equal(ours.thresholds, thresholds[::-1])
    assert average_precision(y, s).value == pytest.approx(average_precision_score(y, s))


def test_reweighting_equals_weighting_the_cases(cohort: Cohort) -> None:
    own, target = cohort.prevalence, 0.017
    weights = np.where(cohort.labels, target / own, (1 - target) / (1 - own))
    theirs = average_precision_score(cohort.labels, cohort.scores, sample_weight=weights)
    assert average_precision(cohort.labels, cohort.scores, target).value == pytest.approx(theirs)
    assert precision_recall(cohort.labels, cohort.scores, target).precision[-1] == pytest.approx(
        target
    )


def test_off_the_samples_prevalence_there_is_no_interval(cohort: Cohort) -> None:
    there = average_precision(cohort.labels, cohort.scores, 0.017)
    assert np.isnan([there.low, there.high]).all()
    assert there.method == "no interval off the sample"
    own = average_precision(cohort.labels, cohort.scores, cohort.prevalence)
    assert own == average_precision(cohort.labels, cohort.scores)


def test_one_class_has_no_average_precision() -> None:
    assert not average_precision([0, 0], [0.1, 0.2]).defined
    assert not average_precision([1, 1], [0.1, 0.2]).defined
    assert precision_recall([1, 1], [0.1, 0.2]).precision.tolist() == [1, 1]
    assert np.isnan(precision_recall([0, 0], [0.1, 0.2], 0.1).recall).all()


def test_a_perfect_ranking_has_a_value_without_an_interval() -> None:
    e = average_precision([0, 1], [0.1, 0.2])
    assert e.value == 1
    assert np.isnan(e.low)


def test_interval_counts_positives(cohort: Cohort) -> None:
    e = average_precision(cohort.labels, cohort.scores)
    assert e.n == cohort.positives
    assert 0 < e.low < e.value < e.high < 1
