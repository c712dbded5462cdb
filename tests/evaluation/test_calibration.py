from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, strategies as st
from scipy.special import expit
from sklearn.metrics import brier_score_loss
from statsmodels.nonparametric.smoothers_lowess import lowess

from cxr_valve.evaluation.calibration import (
    Platt,
    fit_platt,
    prior_shift,
    recalibrate,
    recalibrate_intercept,
    safe_logit,
)
from cxr_valve.evaluation.reliability import calibration, calibration_bins, smooth_calibration

OPEN = st.floats(0.001, 0.999)


def logits(n: int = 800, slope: float = 0.7, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = 2 * rng.normal(size=n) - 1
    return x, rng.random(n) < expit(slope * x + 0.4)


def test_platt_equals_the_maximum_likelihood_of_statsmodels() -> None:
    x, y = logits()
    b, a = sm.Logit(y.astype(float), sm.add_constant(x)).fit(disp=0, tol=1e-14).params
    found = fit_platt(x, y)
    assert (found.a, found.b) == pytest.approx((a, b), abs=1e-8)
    assert found.apply(x).mean() == pytest.approx(y.mean(), abs=1e-9)


def test_platt_follows_a_change_of_scale_and_place() -> None:
    x, y = logits()
    one, other = fit_platt(x, y), fit_platt(1000 * x + 5000, y)
    np.testing.assert_allclose(one.apply(x), other.apply(1000 * x + 5000), atol=1e-7)


def test_platt_of_an_inverted_score_is_negative() -> None:
    x, y = logits()
    assert fit_platt(-x, y).a == pytest.approx(-fit_platt(x, y).a, abs=1e-8)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (
            [0.1, 0.2, 0.3],
            [1, 1, 1],
            "positives and negatives for a calibration, found 3 positives",
        ),
        ([1.0, 1.0, 1.0], [0, 1, 1], "logits that differ, found 1 for all 3 cases"),
        ([1.0, 2.0, 3.0], [0, 0, 1], "3 cases separated without error"),
        ([1.0, 2.0, 2.0, 3.0], [0, 0, 1, 1], "separated without error"),
        ([3.0, 2.0, 1.0], [0, 0, 1], "separated without error"),
    ],
)
def test_platt_refuses_what_has_no_maximum(x, y, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit_platt(x, y)


def test_smoothed_targets_calibrate_separated_classes() -> None:
    found = fit_platt([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1], smoothed=True)
    assert found.a > 0
    # Platt's targets for two of each class are 3/4 and 1/4, which their mean must meet.
    assert found.apply([1.0, 2.0, 3.0, 4.0]).mean() == pytest.approx(0.5, abs=1e-9)


def test_prior_shift_reproduces_the_worked_values() -> None:
    np.testing.assert_allclose(
        prior_shift([0.5, 0.9], 0.44, 0.017), [0.021537, 0.165342], atol=1e-6
    )


@given(OPEN, OPEN, OPEN)
def test_prior_shift_there_and_back_changes_nothing(p: float, a: float, b: float) -> None:
    assert prior_shift(prior_shift(p, a, b), b, a) == pytest.approx(p, abs=1e-9)
    moved = safe_logit(prior_shift(p, a, b)) - safe_logit(p)
    assert moved == pytest.approx(safe_logit(b) - safe_logit(a), abs=1e-6)


def test_prior_shift_keeps_certainty_and_shape() -> None:
    assert prior_shift([[0.0, 1.0]], 0.44, 0.0001).tolist() == [[0.0, 1.0]]
    with pytest.raises(ValueError, match="to_prevalence strictly between"):
        prior_shift(0.5, 0.4, 1.0)
    with pytest.raises(ValueError, match="probabilities from 0 to 1"):
        prior_shift(1.5, 0.4, 0.2)


def test_recalibration_of_the_intercept_equals_statsmodels_with_an_offset() -> None:
    x, y = logits()
    model = sm.GLM(y.astype(float), np.ones(len(x)), sm.families.Binomial(), offset=x).fit(
        tol=1e-14
    )
    found = recalibrate_intercept(expit(x), y)
    assert found.a == 1
    assert found.b == pytest.approx(model.params[0], abs=1e-8)


def test_recalibration_of_both_makes_slope_1_and_intercept_0() -> None:
    x, y = logits()
    p = recalibrate(expit(x), y).apply(x)
    after = calibration(y, p)
    assert after.slope.value == pytest.approx(1, abs=1e-6)
    assert after.intercept.value == pytest.approx(0, abs=1e-6)
    assert after.observed_over_expected == pytest.approx(1, abs=1e-6)


def test_slope_and_intercept_intervals_equal_statsmodels() -> None:
    x, y = logits()
    found = calibration(y, expit(x))
    full = sm.Logit(y.astype(float), sm.add_constant(x)).fit(disp=0)
    assert (found.slope.low, found.slope.high) == pytest.approx(full.conf_int()[1], abs=1e-6)
    offset = sm.GLM(y.astype(float), np.ones(len(x)), sm.families.Binomial(), offset=x).fit()
    assert (found.intercept.low, found.intercept.high) == pytest.approx(
        offset.conf_int()[0], abs=1e-6
    )


def test_brier_equals_sklearn_and_ece_its_definition() -> None:
    x, y = logits()
    p = expit(x)
    found = calibration(y, p)
    assert found.brier.value == pytest.approx(brier_score_loss(y, p))
    place = np.minimum((p * 10).astype(int), 9)
    parts = [
        abs(y[place == k].mean() - p[place == k].mean()) * (place == k).mean() for k in range(10)
    ]
    assert found.ece == pytest.approx(sum(parts))


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), max_size=40), st.integers(1, 12))
def test_bins_hold_every_case_once(rows, bins: int) -> None:
    y, p = np.array([r[0] for r in rows], bool), [r[1] for r in rows]
    for strategy in ("uniform", "quantile"):
        groups = calibration_bins(y, p, bins=bins, strategy=strategy)
        assert sum(g.n for g in groups) == len(rows)
        for g in groups:
            assert g.n == 0 or g.low - 1e-12 <= g.mean_probability <= g.high + 1e-12


def test_quantile_bins_have_equal_counts() -> None:
    x, y = logits(1000)
    assert {g.n for g in calibration_bins(y, expit(x), strategy="quantile")} == {100}


def test_calibration_of_one_class_or_separated_classes_leaves_the_slope_undefined() -> None:
    one = calibration([1, 1, 1], [0.5, 0.6, 0.7])
    assert not one.slope.defined
    assert not one.intercept.defined
    assert one.brier.defined
    apart = calibration([0, 0, 1], [0.1, 0.2, 0.9])
    assert not apart.slope.defined
    assert apart.intercept.defined
    empty = calibration([], [])
    assert math.isnan(empty.ece)
    assert not empty.brier.defined


def test_smooth_curve_is_lowess_within_0_and_1() -> None:
    x, y = logits(400)
    p = expit(x)
    at, curve = smooth_calibration(y, p, points=21)
    assert len(at) == len(curve) == 21
    assert ((curve >= 0) & (curve <= 1)).all()
    exact = lowess(y.astype(float), p, frac=2 / 3, it=0, xvals=at)
    np.testing.assert_allclose(curve, np.clip(exact, 0, 1), atol=0.01)
    assert smooth_calibration([0, 1], [0.1, 0.2])[0].size == 0


def test_probabilities_outside_0_and_1_are_refused() -> None:
    with pytest.raises(ValueError, match="probabilities from 0 to 1"):
        calibration([0, 1], [0.1, 1.1])


def test_platt_of_1_and_0_is_the_logistic_function() -> None:
    assert Platt(1, 0).apply([[0.0]]).tolist() == [[0.5]]
