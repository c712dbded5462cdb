"""Do probabilities mean what they say: bins, a smooth curve, slope, intercept, Brier, ECE."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from cxr_valve.evaluation.calibration import Platt, fit_platt, recalibrate_intercept, safe_logit
from cxr_valve.evaluation.checks import BoolArray, FloatArray, paired
from cxr_valve.evaluation.intervals import Estimate, clopper_pearson, critical_value, undefined

Strategy = Literal["uniform", "quantile"]


@dataclass(frozen=True)
class CalibrationBin:
    """Cases whose probability lies in [low, high) (the last bin includes 1)."""

    low: float
    high: float
    n: int
    mean_probability: float
    observed: Estimate


@dataclass(frozen=True)
class Calibration:
    """Calibration in numbers. A perfect model has slope 1, intercept 0 and observed/expected 1.

    ``slope`` and ``intercept`` (calibration in the large, at slope 1) are on the logit scale;
    ``brier`` is in [0, 1]; ``ece`` is the expected calibration error over the bins, in [0, 1],
    biased upwards in small samples and therefore without an interval.
    """

    brier: Estimate
    ece: float
    slope: Estimate
    intercept: Estimate
    observed_over_expected: float
    bins: tuple[CalibrationBin, ...]


def calibration(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    bins: int = 10,
    strategy: Strategy = "uniform",
    level: float = 0.95,
) -> Calibration:
    """All of the above for labels (n,) and probabilities (n,) in [0, 1].

    Slope by logistic recalibration (Cox, 1958), intercept with the logit as offset (Van Calster
    et al., 2016), both with Wald intervals; Brier (1950) with a normal one; ECE after Naeini et
    al. (2015). What a missing class or separated classes leave undefined is NaN.
    """
    y, p = _probabilities(labels, probabilities)
    groups = calibration_bins(y, p, bins=bins, strategy=strategy, level=level)
    error = sum(g.n * abs(g.mean_probability - g.observed.value) for g in groups if g.n)
    expected = float(p.sum())
    slope, intercept = _slope(y, p, level), _intercept(y, p, level)
    return Calibration(
        brier=_brier(y, p, level),
        ece=error / len(y) if len(y) else math.nan,
        slope=slope,
        intercept=intercept,
        observed_over_expected=float(y.sum()) / expected if expected > 0 else math.nan,
        bins=groups,
    )


def calibration_bins(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    bins: int = 10,
    strategy: Strategy = "uniform",
    level: float = 0.95,
) -> tuple[CalibrationBin, ...]:
    """Observed frequency by bin of probability, each with its count and Clopper–Pearson interval.

    ``uniform`` bins have equal widths and may be empty; ``quantile`` bins have about equal counts
    and merge where scores are tied.
    """
    y, p = _probabilities(labels, probabilities)
    if bins < 1:
        raise ValueError(f"Expected at least one bin, found {bins}.")
    edges = np.linspace(0, 1, bins + 1)
    if strategy == "quantile" and len(p):
        inner = np.unique(np.quantile(p, edges[1:-1]))
        edges = np.unique(np.r_[0.0, inner, 1.0])
    place = np.clip(np.searchsorted(edges, p, side="right") - 1, 0, len(edges) - 2)
    n = np.bincount(place, minlength=len(edges) - 1)
    hits = np.bincount(place, weights=y, minlength=len(edges) - 1)
    total = np.bincount(place, weights=p, minlength=len(edges) - 1)
    return tuple(
        CalibrationBin(
            float(edges[i]),
            float(edges[i + 1]),
            int(n[i]),
            float(total[i] / n[i]) if n[i] else math.nan,
            clopper_pearson(int(hits[i]), int(n[i]), level),
        )
        for i in range(len(n))
    )


def smooth_calibration(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    points: int = 101,
    share: float = 2 / 3,
) -> tuple[FloatArray, FloatArray]:
    """Smooth observed frequency: lowess of the label on the probability (Austin and Steyerberg).

    Local lines over ``share`` of the cases (Cleveland, 1979), evaluated at ``points``
    probabilities between the lowest and the highest observed, cut at 0 and 1. Arrays of shape
    (points,), or empty where fewer than ten cases or no two probabilities differ.
    """
    # Imported here: statsmodels takes a second, and the explorer must start at once.
    from statsmodels.nonparametric.smoothers_lowess import lowess

    y, p = _probabilities(labels, probabilities)
    if len(p) < 10 or np.ptp(p) == 0:
        return np.array([]), np.array([])
    at = np.linspace(p.min(), p.max(), points)
    # Robust iterations would treat the rarer class as outliers; delta keeps large cohorts quick.
    fitted = lowess(y.astype(np.float64), p, frac=share, it=0, delta=0.005 * np.ptp(p))
    x, first = np.unique(fitted[:, 0], return_index=True)
    return at, np.clip(np.interp(at, x, fitted[first, 1]), 0.0, 1.0)


def _probabilities(
    labels: npt.ArrayLike, probabilities: npt.ArrayLike
) -> tuple[BoolArray, FloatArray]:
    y, p = paired(labels, probabilities)
    if np.any((p < 0) | (p > 1)):
        raise ValueError("Expected probabilities from 0 to 1, found values outside.")
    return y, p


def _brier(y: BoolArray, p: FloatArray, level: float) -> Estimate:
    if not len(y):
        return undefined("normal")
    squares = (p - y) ** 2
    value = float(squares.mean())
    if len(y) < 2:
        return Estimate(value, math.nan, math.nan, len(y), "normal")
    half = critical_value(level) * float(squares.std(ddof=1)) / math.sqrt(len(y))
    return Estimate(value, max(0.0, value - half), min(1.0, value + half), len(y), "normal")


def _slope(y: BoolArray, p: FloatArray, level: float) -> Estimate:
    try:
        fit: Platt = fit_platt(safe_logit(p), y)
    except ValueError:
        # One class, one probability or separated classes: there is no slope to report.
        return undefined("Wald", len(y))
    x = safe_logit(p)
    fitted = expit(fit.a * x + fit.b)
    weight = fitted * (1 - fitted)
    centre = float(np.sum(weight * x) / weight.sum())
    half = critical_value(level) / math.sqrt(float(np.sum(weight * (x - centre) ** 2)))
    return Estimate(fit.a, fit.a - half, fit.a + half, len(y), "Wald")


def _intercept(y: BoolArray, p: FloatArray, level: float) -> Estimate:
    if not y.any() or y.all():
        return undefined("Wald", len(y))
    shift = recalibrate_intercept(p, y).b
    fitted = expit(safe_logit(p) + shift)
    half = critical_value(level) / math.sqrt(float(np.sum(fitted * (1 - fitted))))
    return Estimate(shift, shift - half, shift + half, len(y), "Wald")
