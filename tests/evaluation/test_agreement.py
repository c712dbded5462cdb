"""Values against values: numbers checked by hand and by other libraries, coverage by simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from cxr_valve.evaluation.agreement import (
    agreement,
    auc_below,
    conformal_interval,
    resampled_agreement,
)

MEASURED = [60.0, 55.0, 40.0, 35.0, 62.0, 58.0, 30.0, 50.0]
PREDICTED = [58.0, 50.0, 45.0, 41.0, 60.0, 55.0, 38.0, 49.0]


def test_error_bias_and_limits_are_what_a_hand_computes() -> None:
    found = agreement(MEASURED, PREDICTED)
    # Differences: -2 -5 5 6 -2 -3 8 -1; their sum 6, absolute sum 32, squares 168.
    assert found.mae.value == pytest.approx(4.0)
    assert found.bias.value == pytest.approx(0.75)
    spread = math.sqrt((168 - 8 * 0.75**2) / 7)
    assert found.upper.value == pytest.approx(0.75 + 1.959964 * spread)
    assert found.lower.value == pytest.approx(0.75 - 1.959964 * spread)
    assert found.bias.high - 0.75 == pytest.approx(2.364624 * spread / math.sqrt(8), rel=1e-6)
    half = 1.959964 * spread * math.sqrt(1 / 8 + 1.959964**2 / 14)
    assert found.upper.high - found.upper.value == pytest.approx(half, rel=1e-6)
    assert {estimate.n for estimate in found.as_dict().values()} == {8}


def test_slope_and_correlation_are_those_of_scipy() -> None:
    found = agreement(MEASURED, PREDICTED)
    line = stats.linregress(PREDICTED, MEASURED)
    t = stats.t.ppf(0.975, 6)
    assert found.slope.value == pytest.approx(line.slope)
    assert found.slope.high == pytest.approx(line.slope + t * line.stderr)
    assert found.intercept.value == pytest.approx(line.intercept)
    assert found.intercept.low == pytest.approx(line.intercept - t * line.intercept_stderr)
    r = stats.pearsonr(PREDICTED, MEASURED)
    assert found.correlation.value == pytest.approx(r.statistic)
    assert found.correlation.low == pytest.approx(r.confidence_interval(0.95).low)


def test_a_low_prediction_finds_a_low_value() -> None:
    # Below 40: 35 (predicted 41) and 30 (38); one of the six others, 45, is never lower.
    assert auc_below(MEASURED, PREDICTED, 40).value == 1.0
    # Below 50: 40, 35, 30 with 45, 41, 38, against 58 50 60 55 49.
    assert auc_below(MEASURED, PREDICTED, 50).value == 1.0
    assert auc_below(MEASURED, [-p for p in PREDICTED], 50).value == 0.0
    assert not auc_below(MEASURED, PREDICTED, 10).defined


def test_what_does_not_vary_has_no_slope_and_few_pairs_have_nothing() -> None:
    flat = agreement([50.0, 60.0, 40.0, 55.0], [50.0] * 4)
    assert not flat.slope.defined
    assert not flat.correlation.defined
    assert flat.bias.value == pytest.approx(-1.25)
    assert not any(e.defined for e in agreement([50.0, 60.0], [51.0, 59.0]).as_dict().values())


def test_resampling_patients_widens_intervals_where_images_repeat() -> None:
    rng = np.random.default_rng(1)
    measured = rng.normal(55, 8, 60)
    predicted = measured + rng.normal(1, 5, 60)
    alone = resampled_agreement(measured, predicted, np.arange(60))
    point = agreement(measured, predicted)
    for name, estimate in alone.items():
        assert estimate.value == pytest.approx(getattr(point, name).value), name
    assert alone["mae"].width == pytest.approx(point.mae.width, rel=0.2)
    assert alone["slope"].width == pytest.approx(point.slope.width, rel=0.35)
    # The same images four times each: no more patients, so no narrower.
    four = resampled_agreement(np.tile(measured, 4), np.tile(predicted, 4), np.tile(range(60), 4))
    assert four["mae"].n == 60
    assert four["mae"].width == pytest.approx(alone["mae"].width, rel=0.1)
    assert (
        agreement(np.tile(measured, 4), np.tile(predicted, 4)).mae.width < 0.6 * four["mae"].width
    )


def test_the_interval_takes_the_ranks_that_conformal_prediction_names() -> None:
    residuals = np.arange(1.0, 100.0)
    found = conformal_interval(50 + residuals, np.full(99, 50.0), level=0.9)
    # α/2·(n+1) = 5: the 5th and the 95th of 99.
    assert (found.low, found.high, found.level, found.n) == (5.0, 95.0, 0.9, 99)
    few = conformal_interval([1.0, 2.0, 4.0], [0.0, 0.0, 0.0])
    assert (few.low, few.high, few.n) == (1.0, 4.0, 3)
    assert few.level == pytest.approx(0.5)
    with pytest.raises(ValueError, match="at least two held-out values for an interval, found 1"):
        conformal_interval([1.0], [1.0])


def test_the_interval_covers_what_it_promises() -> None:
    rng = np.random.default_rng(2)
    covered = []
    for _ in range(400):
        residuals = rng.exponential(5, 60) - 3
        found = conformal_interval(residuals[:59], np.zeros(59), level=0.9)
        covered.append(found.low <= residuals[59] <= found.high)
    assert 0.9 - 0.045 < np.mean(covered) < 0.97


@pytest.mark.parametrize("wrong", [([1.0, 2.0], [1.0]), ([1.0, math.nan, 2.0], [1.0, 2.0, 3.0])])
def test_pairs_that_are_none_are_refused(wrong: tuple[list[float], list[float]]) -> None:
    with pytest.raises(ValueError, match="Expected"):
        agreement(*wrong)
