from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from sklearn.metrics import roc_auc_score, roc_curve as sklearn_roc

from cxr_valve.evaluation.roc import auc_delong, delong_test, delong_variance, roc_curve

# A small example with ties, and R's pROC on its aSAH data.
Y = [0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1]
S = [0.1, 0.35, 0.24, 0.8, 0.2, 0.85, 0.13, 0.85, 0.74, 0.58, 0.71, 0.25]
CASES = st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=4, max_size=40).filter(
    lambda rows: 0 < sum(y for y, _ in rows) < len(rows)
)


def test_delong_reproduces_the_small_example() -> None:
    e = auc_delong(Y, S)
    assert e.value == pytest.approx(0.708333, abs=1e-6)
    assert math.sqrt(delong_variance(Y, S)) == pytest.approx(0.168737, abs=1e-6)
    assert (e.n, e.method) == (12, "DeLong")


@pytest.mark.parametrize(
    ("marker", "auc", "variance"),
    [
        ("wfns", 0.8236789, 0.00146991470882363),
        ("s100b", 0.7313686, 0.00266868245717244),
        ("ndka", 0.6119580, 0.0031908105493913),
    ],
)
def test_delong_reproduces_proc(
    asah: pd.DataFrame, marker: str, auc: float, variance: float
) -> None:
    assert auc_delong(asah.poor, asah[marker]).value == pytest.approx(auc, abs=1e-7)
    assert delong_variance(asah.poor, asah[marker]) == pytest.approx(variance, abs=1e-12)


def test_delong_interval_reproduces_proc(asah: pd.DataFrame) -> None:
    e = auc_delong(asah.poor, asah.ndka)
    assert (e.low, e.high) == pytest.approx((0.501244999271703, 0.722670989888189), abs=1e-9)


@pytest.mark.parametrize(
    ("a", "b", "z", "p"),
    [
        ("wfns", "s100b", 2.20898359144091, 0.0271757822291882),
        ("wfns", "ndka", 2.79777591868904, 0.00514557970691098),
        ("ndka", "s100b", -1.39077002573558, 0.164295175223054),
    ],
)
def test_paired_test_reproduces_proc(
    asah: pd.DataFrame, a: str, b: str, z: float, p: float
) -> None:
    found = delong_test(asah.poor, asah[a], asah[b])
    assert (found.z, found.p) == pytest.approx((z, p), abs=1e-9)
    assert found.difference.value == found.first.value - found.second.value
    assert (found.difference.low > 0) == (p < 0.05 and z > 0)


def test_auc_of_dcurves_marker(tables) -> None:
    frame = pd.read_csv(tables / "df_binary.csv")
    e = auc_delong(frame.cancer, frame.cancerpredmarker)
    assert e.value == pytest.approx(0.8606275, abs=1e-7)


@given(CASES)
def test_auc_equals_sklearn_and_turns_over_when_scores_are_negated(rows) -> None:
    y, s = np.array([r[0] for r in rows]), np.array([r[1] for r in rows], float)
    e = auc_delong(y, s)
    assert e.value == pytest.approx(roc_auc_score(y, s), abs=1e-12)
    assert e.value + auc_delong(y, -s).value == pytest.approx(1, abs=1e-12)
    assert 0 <= e.low <= e.value <= e.high <= 1


@given(CASES)
def test_roc_curve_equals_sklearn(rows) -> None:
    y, s = np.array([r[0] for r in rows]), np.array([r[1] for r in rows], float)
    fpr, tpr, thresholds = sklearn_roc(y, s, drop_intermediate=False)
    ours = roc_curve(y, s)
    np.testing.assert_allclose(ours.false_positive_rate, fpr)
    np.testing.assert_allclose(ours.sensitivity, tpr)
    np.testing.assert_array_equal(ours.thresholds, thresholds)


def test_separated_classes_do_not_get_an_interval_of_zero_width() -> None:
    e = auc_delong([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4])
    assert (e.value, e.high, e.method) == (1.0, 1.0, "Newcombe")
    assert 0.2 < e.low < 0.8
    mirrored = auc_delong([1, 1, 0, 0], [0.1, 0.2, 0.3, 0.4])
    assert mirrored.high == pytest.approx(1 - e.low)


def test_all_scores_tied_give_one_half() -> None:
    e = auc_delong([0, 1, 0, 1], [0.5] * 4)
    assert e.value == 0.5
    assert e.low < 0.5 < e.high


def test_three_cases_are_enough_for_an_interval() -> None:
    e = auc_delong([0, 1, 0], [0.1, 0.2, 0.3])
    assert e.value == 0.5
    assert 0 <= e.low < 0.5 < e.high <= 1


@pytest.mark.parametrize("y", [[0, 0, 0], [1, 1, 1], []])
def test_auc_of_one_class_is_undefined(y: list[int]) -> None:
    assert not auc_delong(y, [0.1, 0.2, 0.3][: len(y)]).defined


def test_identical_scores_do_not_differ() -> None:
    found = delong_test(Y, S, np.array(S) * 2)
    assert (found.z, found.p, found.difference.value) == (0.0, 1.0, 0.0)


def test_two_scores_that_both_separate_the_classes_are_not_known_to_be_equal() -> None:
    y = [0, 0, 0, 1, 1, 1]
    found = delong_test(y, [1, 2, 3, 4, 5, 6], [3, 2, 1, 6, 5, 4])
    assert (found.first.value, found.second.value, found.difference.value) == (1.0, 1.0, 0.0)
    assert np.isnan([found.difference.low, found.difference.high, found.z, found.p]).all()


def test_the_same_score_has_no_difference_of_undefined_areas() -> None:
    found = delong_test([1, 1], [0.1, 0.2], [0.1, 0.2])
    assert not found.difference.defined
    assert math.isnan(found.p)


def test_without_a_variance_the_test_is_undefined() -> None:
    found = delong_test([0, 0, 1], [1, 2, 3], [3, 2, 1])
    assert math.isnan(found.z)
    assert math.isnan(found.p)


def test_roc_of_a_missing_class_is_nan_and_of_nobody_one_point() -> None:
    assert np.isnan(roc_curve([0, 0], [1, 2]).sensitivity).all()
    assert len(roc_curve([], []).thresholds) == 1


@pytest.mark.parametrize(
    ("y", "s", "message"),
    [
        ([0, 2], [0.1, 0.2], "labels 0 and 1, found 2 at position 1"),
        (["a", "b"], [0.1, 0.2], "code them as numbers"),
        ([[0, 1]], [0.1], "labels of shape"),
        ([0, 1], [0.1, math.nan], "finite scores, found nan at position 1"),
        ([0, 1], [[0.1, 0.2]], "scores of shape"),
        ([0, 1, 1], [0.1, 0.2], "found 2 scores and 3 labels"),
    ],
)
def test_unusable_input_is_refused_by_position(y, s, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        auc_delong(y, s)
