from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import binomtest
from statsmodels.stats.proportion import proportion_confint

from cxr_valve.evaluation.intervals import (
    Estimate,
    clopper_pearson,
    clopper_pearson_bounds,
    critical_value,
    wilson,
    wilson_bounds,
)

PROPORTION = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_clopper_pearson_reproduces_the_published_interval() -> None:
    e = clopper_pearson(7, 50)
    assert (e.low, e.high) == pytest.approx((0.0581917, 0.2673960), abs=1e-7)
    assert e == Estimate(0.14, e.low, e.high, 50, "Clopper–Pearson")


@pytest.mark.parametrize(
    ("k", "n", "low", "high"), [(81, 263, 0.25529, 0.36621), (15, 148, 0.06239, 0.16049)]
)
def test_wilson_reproduces_published_intervals(k: int, n: int, low: float, high: float) -> None:
    e = wilson(k, n)
    assert (e.low, e.high) == pytest.approx((low, high), abs=1e-5)


@given(PROPORTION, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_clopper_pearson_agrees_with_scipy(case: tuple[int, int], level: float) -> None:
    k, n = case
    theirs = binomtest(k, n).proportion_ci(level, method="exact")
    ours = clopper_pearson(k, n, level)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@given(PROPORTION, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_wilson_agrees_with_statsmodels(case: tuple[int, int], level: float) -> None:
    k, n = case
    theirs = proportion_confint(k, n, alpha=1 - level, method="wilson")
    ours = wilson(k, n, level)
    assert (ours.low, ours.high) == pytest.approx(theirs, abs=1e-12)


@given(PROPORTION)
def test_both_intervals_hold_their_estimate_and_stay_within_0_and_1(case: tuple[int, int]) -> None:
    for e in (clopper_pearson(*case), wilson(*case)):
        assert 0 <= e.low <= e.value <= e.high <= 1
        assert e.width == e.high - e.low


def test_bounds_of_arrays_equal_bounds_one_by_one() -> None:
    k, n = np.array([[0, 3, 9]]), np.array([[9], [20]])
    for many, one in ((clopper_pearson_bounds, clopper_pearson), (wilson_bounds, wilson)):
        low, high = many(k, n)
        assert low.shape == (2, 3)
        assert (low[1, 1], high[1, 1]) == (one(3, 20).low, one(3, 20).high)


@pytest.mark.parametrize("interval", [clopper_pearson, wilson])
def test_a_proportion_of_nobody_is_undefined(interval) -> None:
    e = interval(0, 0)
    assert not e.defined
    assert math.isnan(e.low)
    assert math.isnan(e.high)
    assert e.n == 0


def test_bounds_of_nobody_are_nan_among_others() -> None:
    for bounds in (clopper_pearson_bounds, wilson_bounds):
        low, high = bounds([0, 1], [0, 2])
        assert np.isnan([low[0], high[0]]).all()
        assert np.isfinite([low[1], high[1]]).all()


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3)])
def test_impossible_counts_are_refused(k: int, n: int) -> None:
    with pytest.raises(ValueError, match="Expected 0 ≤ successes ≤ n"):
        clopper_pearson(k, n)


def test_a_level_outside_0_and_1_is_refused() -> None:
    with pytest.raises(ValueError, match="level strictly between 0 and 1"):
        wilson(1, 2, level=95)
    assert critical_value(0.95) == pytest.approx(1.959964, abs=1e-6)
