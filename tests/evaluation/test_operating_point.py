from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn.metrics import confusion_matrix

from cxr_valve.evaluation.cohort import Cohort, ScoreTable
from cxr_valve.evaluation.metrics import point_metrics
from cxr_valve.evaluation.operating_point import (
    Counts,
    counts_at,
    is_positive,
    positives_from,
    youden,
)

SCORES = st.lists(st.tuples(st.booleans(), st.sampled_from(np.linspace(0, 1, 7))), max_size=40)
THRESHOLD = st.sampled_from([-math.inf, 0.0, 1 / 6, 0.3, 0.5, 1.0, math.nextafter(1, 2), math.inf])


def test_a_score_equal_to_the_threshold_is_positive() -> None:
    assert is_positive(np.array([0.4999, 0.5, 0.5001]), 0.5).tolist() == [False, True, True]


@given(SCORES, THRESHOLD)
def test_counts_sum_to_n_and_both_ways_of_counting_agree(rows, threshold: float) -> None:
    y, s = [r[0] for r in rows], [r[1] for r in rows]
    c = counts_at(np.array(y, bool), s, threshold)
    assert c.n == len(rows)
    assert c.positives == sum(y)
    assert ScoreTable(np.array(y, bool), s).counts(threshold) == c
    assert positives_from(np.sort(s), threshold) == is_positive(np.array(s), threshold).sum()


def test_counts_equal_sklearn(cohort: Cohort) -> None:
    for threshold in (0.2, 0.41, 0.5):
        (tn, fp), (fn, tp) = confusion_matrix(cohort.labels, cohort.scores >= threshold)
        assert counts_at(cohort.labels, cohort.scores, threshold) == Counts(tp, fn, fp, tn)


def test_thresholds_0_and_1_flag_everybody_and_only_certain_scores() -> None:
    y, s = [0, 1, 1], [0.0, 0.4, 1.0]
    assert counts_at(y, s, 0) == Counts(2, 0, 1, 0)
    assert counts_at(y, s, 1) == Counts(1, 1, 0, 1)


def test_a_nan_threshold_is_refused() -> None:
    with pytest.raises(ValueError, match="found NaN"):
        counts_at([0, 1], [0, 1], math.nan)
    with pytest.raises(ValueError, match="found NaN"):
        ScoreTable([0, 1], [0, 1]).counts(math.nan)


@pytest.mark.parametrize("bad", [(-1, 0, 0, 0), (0, 0, 0.5, 0)])
def test_counts_are_whole_and_not_negative(bad) -> None:
    with pytest.raises(ValueError, match="whole number ≥ 0"):
        Counts(*bad)


@given(SCORES.filter(lambda rows: 0 < sum(y for y, _ in rows) < len(rows)))
def test_youden_is_the_highest_of_the_best_observed_scores(rows) -> None:
    y, s = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    gains = {t: round((s[y] >= t).mean() + (s[~y] < t).mean(), 12) for t in sorted(set(s.tolist()))}
    best = max(t for t, gain in gains.items() if gain == max(gains.values()))
    assert youden(y, s) == best


def test_youden_needs_both_classes() -> None:
    with pytest.raises(ValueError, match="positives and negatives for Youden's rule"):
        youden([1, 1], [0.1, 0.2])


def test_the_table_answers_many_thresholds_as_it_answers_one(cohort: Cohort) -> None:
    table = ScoreTable(cohort.labels, cohort.scores)
    points = table.at(table.candidates())
    assert (points.tp[0], points.fp[0]) == (0, 0)
    assert (points.tp[-1], points.fp[-1]) == (table.positives, table.negatives)
    for i in (0, 7, -1):
        c = table.counts(points.thresholds[i])
        assert (c.tp, c.fn, c.fp, c.tn) == tuple(
            x[i] for x in (points.tp, points.fn, points.fp, points.tn)
        )
        for name, value in table.point(points.thresholds[i]).items():
            np.testing.assert_equal(value, float(points.metrics()[name][i]))


def test_thinned_operating_points_keep_both_ends_and_the_limit() -> None:
    rng = np.random.default_rng(0)
    y = rng.random(5000) < 0.05
    table = ScoreTable(y, rng.normal(size=5000) + y)
    points = table.operating_points(limit=300)
    assert 250 <= len(points.thresholds) <= 300
    assert (points.tp[0], points.fp[0]) == (0, 0)
    assert (points.tp[-1], points.fp[-1]) == (table.positives, table.negatives)
    assert (np.diff(points.thresholds) < 0).all()
    steps = np.diff(points.tp / table.positives + points.fp / table.negatives)
    assert steps.max() < 0.02


def test_point_metrics_of_a_class_missing_are_nan_not_errors() -> None:
    found = point_metrics([0, 0], [0, 0], [1, 0], [2, 0])
    assert np.isnan(found["sensitivity"]).all()
    assert found["specificity"][0] == pytest.approx(2 / 3)


def test_a_cohort_refuses_columns_of_another_length() -> None:
    with pytest.raises(ValueError, match="Expected 2 values of patients, one per label, found 1"):
        Cohort(np.array([0, 1]), np.array([0.1, 0.2]), patients=np.array(["a"]))


def test_a_subset_keeps_every_column_in_step(cohort: Cohort) -> None:
    part = cohort.subset(cohort.scores > 0.5)
    assert len(part) == (cohort.scores > 0.5).sum()
    assert part.patients is not None
    assert len(part.patients) == len(part)
    assert cohort.clusters()[1] == 150
    assert Cohort(part.labels, part.scores).clusters()[1] == len(part)
