"""A predicted value against the measured one: error, bias, limits of agreement, slope."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from cxr_valve.evaluation.checks import FloatArray, finite_scores, open_fraction
from cxr_valve.evaluation.intervals import Estimate, critical_value, undefined
from cxr_valve.evaluation.resamples import draw_patients
from cxr_valve.evaluation.roc import auc_delong

# Weights held at once, replicates times images.
_BLOCK = 200_000


@dataclass(frozen=True)
class Agreement:
    """How predicted values agree with measured ones, in their own unit.

    ``bias`` is the mean of predicted − measured; ``lower`` and ``upper`` are the 95% limits of
    agreement around it; ``slope`` and ``intercept`` are of measured on predicted (1 and 0 where
    predictions mean what they say); ``correlation`` is Pearson's.
    """

    mae: Estimate
    bias: Estimate
    lower: Estimate
    upper: Estimate
    correlation: Estimate
    slope: Estimate
    intercept: Estimate

    def as_dict(self) -> dict[str, Estimate]:
        """Name to estimate, in the order above."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def agreement(measured: npt.ArrayLike, predicted: npt.ArrayLike, level: float = 0.95) -> Agreement:
    """All of the above for n pairs, each with an interval that treats them as independent.

    Mean absolute error and bias by Student's t; limits of agreement bias ± 1.96 s with standard
    error s·√(1/n + z²/(2(n−1))) (Bland and Altman, 1999); correlation on Fisher's scale; slope and
    intercept by least squares with t. Undefined (NaN) with fewer than three pairs, and slope and
    correlation also where nothing varies.
    """
    y, x = _pairs(measured, predicted)
    n, difference = len(y), x - y
    spread = float(difference.std(ddof=1)) if n > 1 else math.nan
    z = critical_value(0.95)
    half = critical_value(level) * spread * math.sqrt(1 / n + z**2 / (2 * (n - 1))) if n > 2 else 0
    bias = _mean(difference, level)

    def limit(side: float) -> Estimate:
        at = bias.value + side * z * spread
        if n < 3:
            return undefined("Bland–Altman", n)
        return Estimate(at, at - half, at + half, n, "Bland–Altman")

    slope, intercept = _line(x, y, level)
    return Agreement(
        mae=_mean(np.abs(difference), level),
        bias=bias,
        lower=limit(-1.0),
        upper=limit(1.0),
        correlation=_correlation(x, y, level),
        slope=slope,
        intercept=intercept,
    )


def auc_below(
    measured: npt.ArrayLike, predicted: npt.ArrayLike, cut: float, level: float = 0.95
) -> Estimate:
    """AUC with which a low prediction finds values below ``cut`` (reduced); see ``auc_delong``."""
    y, x = _pairs(measured, predicted)
    return auc_delong(y < cut, -x, level)


def resampled_agreement(
    measured: npt.ArrayLike,
    predicted: npt.ArrayLike,
    patients: npt.ArrayLike,
    *,
    replicates: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Estimate]:
    """``mae``, ``bias``, ``lower``, ``upper``, ``correlation`` and ``slope`` with percentile
    limits from resampling patients, since images of one patient are not independent."""
    y, x = _pairs(measured, predicted)
    names, codes = np.unique(np.asarray(patients).astype(str), return_inverse=True)
    own = _moments(x, y, np.ones((1, len(y))))
    rng, rows, drawn = np.random.default_rng(seed), max(1, _BLOCK // max(len(y), 1)), []
    for begin in range(0, replicates, rows):
        weights = draw_patients(len(names), min(rows, replicates - begin), rng)[:, codes]
        drawn.append(_moments(x, y, weights.astype(np.float64)))
    tail = (1 - open_fraction(level, "level")) / 2
    found = {}
    for name, value in own.items():
        values = np.concatenate([block[name] for block in drawn])
        values = values[~np.isnan(values)]
        if math.isnan(value[0]) or not len(values):
            found[name] = undefined("bootstrap", len(names))
            continue
        low, high = np.quantile(values, [tail, 1 - tail], method="inverted_cdf")
        found[name] = Estimate(float(value[0]), float(low), float(high), len(names), "bootstrap")
    return found


@dataclass(frozen=True)
class ResidualInterval:
    """What to add to a prediction for an interval that holds the measured value.

    ``low`` ≤ ``high`` in the unit of the value; ``level`` is the coverage promised, lower than
    what was asked for where ``n`` residuals cannot promise that.
    """

    low: float
    high: float
    level: float
    n: int


def conformal_interval(
    measured: npt.ArrayLike, predicted: npt.ArrayLike, level: float = 0.95
) -> ResidualInterval:
    """Interval of a new value from held-out residuals (split conformal; Vovk et al., 2005).

    The ⌊α/2·(n+1)⌋th and the ⌈(1−α/2)·(n+1)⌉th of n ordered residuals measured − predicted hold
    a new one, exchangeable with them, with a probability of at least 1 − α, whatever their
    distribution. With fewer than 2/α − 1 residuals their range is taken, with the level it holds.

    Raises:
        ValueError: fewer than two residuals.
    """
    y, x = _pairs(measured, predicted)
    n = len(y)
    if n < 2:
        raise ValueError(f"Expected at least two held-out values for an interval, found {n}.")
    residuals = np.sort(y - x)
    alpha = 1 - open_fraction(level, "level")
    # Rounded, since α/2·(n+1) may miss a whole number by 1e-16.
    rank = math.floor(round(alpha / 2 * (n + 1), 9))
    if rank < 1:
        return ResidualInterval(float(residuals[0]), float(residuals[-1]), (n - 1) / (n + 1), n)
    return ResidualInterval(float(residuals[rank - 1]), float(residuals[n - rank]), level, n)


def _pairs(measured: npt.ArrayLike, predicted: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    y, x = finite_scores(measured), finite_scores(predicted)
    if len(y) != len(x):
        raise ValueError(
            f"Expected as many predicted as measured values, found {len(x)} and {len(y)}."
        )
    return y, x


def _t(degrees: int, level: float) -> float:
    return float(stdtrit(degrees, 0.5 + open_fraction(level, "level") / 2))


def _mean(values: FloatArray, level: float) -> Estimate:
    n = len(values)
    if n < 3:
        return undefined("t", n)
    value, half = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(n)
    half *= _t(n - 1, level)
    return Estimate(value, value - half, value + half, n, "t")


def _correlation(x: FloatArray, y: FloatArray, level: float) -> Estimate:
    n = len(x)
    if n < 4 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return undefined("Fisher z", n)
    r = float(np.clip(np.corrcoef(x, y)[0, 1], -1, 1))
    if abs(r) > 1 - 1e-12:
        return Estimate(r, math.nan, math.nan, n, "Fisher z, no interval at ±1")
    centre, half = math.atanh(r), critical_value(level) / math.sqrt(n - 3)
    return Estimate(r, math.tanh(centre - half), math.tanh(centre + half), n, "Fisher z")


def _line(x: FloatArray, y: FloatArray, level: float) -> tuple[Estimate, Estimate]:
    n = len(x)
    if n < 3 or np.ptp(x) == 0:
        return undefined("least squares", n), undefined("least squares", n)
    centred = x - x.mean()
    square = float(centred @ centred)
    slope = float(centred @ y) / square
    intercept = float(y.mean()) - slope * float(x.mean())
    rest = y - intercept - slope * x
    error = math.sqrt(float(rest @ rest) / (n - 2))
    t = _t(n - 2, level)
    half = t * error / math.sqrt(square)
    up = t * error * math.sqrt(1 / n + float(x.mean()) ** 2 / square)
    return (
        Estimate(slope, slope - half, slope + half, n, "least squares"),
        Estimate(intercept, intercept - up, intercept + up, n, "least squares"),
    )


def _moments(x: FloatArray, y: FloatArray, weights: FloatArray) -> dict[str, FloatArray]:
    """Metrics of weighted pairs; ``weights`` of shape (replicates, n)."""
    total = weights.sum(axis=1)
    difference = x - y
    with np.errstate(invalid="ignore", divide="ignore"):
        mae, bias = weights @ np.abs(difference) / total, weights @ difference / total
        squares = weights @ difference**2 / total - bias**2
        spread = np.sqrt(np.maximum(squares, 0) * total / (total - 1))
        mean_x, mean_y = weights @ x / total, weights @ y / total
        xx = weights @ (x - x.mean()) ** 2 / total - (mean_x - x.mean()) ** 2
        yy = weights @ (y - y.mean()) ** 2 / total - (mean_y - y.mean()) ** 2
        xy = weights @ ((x - x.mean()) * (y - y.mean())) / total
        xy = xy - (mean_x - x.mean()) * (mean_y - y.mean())
        z = critical_value(0.95)
        return {
            "mae": mae,
            "bias": bias,
            "lower": bias - z * spread,
            "upper": bias + z * spread,
            "correlation": xy / np.sqrt(xx * yy),
            "slope": xy / xx,
        }
