"""ROC curve, area under it with DeLong's interval, and DeLong's test of two scores."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtr

from cxr_valve.evaluation.checks import BoolArray, FloatArray, IntArray, paired
from cxr_valve.evaluation.intervals import Estimate, critical_value, undefined


@dataclass(frozen=True, eq=False)
class RocCurve:
    """Operating points from the strictest to the laxest, each array of shape (k + 1,).

    The first point, at threshold +inf, flags nobody; the others stand at each distinct score.
    Rates of a missing class are NaN.
    """

    thresholds: FloatArray
    sensitivity: FloatArray
    false_positive_rate: FloatArray


@dataclass(frozen=True)
class AucTest:
    """DeLong's test that two scores have the same area under the ROC curve, two-sided."""

    first: Estimate
    second: Estimate
    difference: Estimate
    z: float
    p: float


def roc_curve(labels: npt.ArrayLike, scores: npt.ArrayLike) -> RocCurve:
    """The empirical ROC curve, one point per distinct score (labels and scores of shape (n,))."""
    y, s = paired(labels, scores)
    order = np.argsort(-s, kind="stable")
    y, s = y[order], s[order]
    last_of_tie = np.r_[np.flatnonzero(np.diff(s)), len(s) - 1] if len(s) else np.array([], int)
    tp, fp = np.cumsum(y)[last_of_tie], np.cumsum(~y)[last_of_tie]
    with np.errstate(invalid="ignore"):
        return RocCurve(
            np.r_[np.inf, s[last_of_tie]],
            np.r_[0, tp] / np.float64(y.sum()),
            np.r_[0, fp] / np.float64((~y).sum()),
        )


def auc_delong(labels: npt.ArrayLike, scores: npt.ArrayLike, level: float = 0.95) -> Estimate:
    """Area under the ROC curve (ties count one half) with DeLong's normal interval.

    The interval is AUC ± z·se, cut at 0 and 1 (DeLong, DeLong and Clarke-Pearson, 1988).
    Where that variance is zero or undefined (separated classes, one case of a class) a normal
    interval would claim certainty, so Newcombe's (2006, method 5) takes its place, and
    ``method`` says so. Undefined where a class is missing. ``n`` counts all cases.
    """
    y, s = paired(labels, scores)
    positives, negatives = int(y.sum()), int((~y).sum())
    if not positives or not negatives:
        return undefined("DeLong", len(y))
    value = float(placements(y, s)[0].mean())
    variance = delong_variance(y, s)
    if not variance > 1e-15:
        return newcombe(value, positives, negatives, level)
    half = critical_value(level) * math.sqrt(variance)
    return Estimate(value, max(0.0, value - half), min(1.0, value + half), len(y), "DeLong")


def delong_variance(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Variance of the AUC by DeLong et al. (1988); NaN with fewer than two cases of a class."""
    y, s = paired(labels, scores)
    return float(_covariance(y, [s])[0, 0])


def delong_test(
    labels: npt.ArrayLike, first: npt.ArrayLike, second: npt.ArrayLike, level: float = 0.95
) -> AucTest:
    """Paired, two-sided test of AUC(first) − AUC(second) on the same cases (DeLong et al., 1988).

    ``z`` is the difference over its standard error. Identical rankings give z = 0 and p = 1;
    without a variance (one case of a class, or both separated) limits, z and p are NaN.
    """
    y, a = paired(labels, first)
    _, b = paired(labels, second)
    one, two = auc_delong(y, a, level), auc_delong(y, b, level)
    covariance = _covariance(y, [a, b])
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    if one.defined and np.array_equal(_places(a), _places(b)):
        return AucTest(one, two, Estimate(0.0, 0.0, 0.0, len(y), "DeLong"), 0.0, 1.0)
    return _test(one, two, variance, len(y), level)


def _places(scores: FloatArray) -> IntArray:
    """The place of each score among the distinct ones, from the lowest."""
    return np.asarray(np.unique(scores, return_inverse=True)[1], dtype=np.int64)


def delong_unpaired(
    first: tuple[npt.ArrayLike, npt.ArrayLike],
    second: tuple[npt.ArrayLike, npt.ArrayLike],
    level: float = 0.95,
) -> AucTest:
    """Two-sided test of AUC(first) − AUC(second) on different cases, each (labels, scores).

    The variances of DeLong et al. (1988) add up, since the cases are independent. Undefined (NaN)
    where either has no variance.
    """
    variance = delong_variance(*first) + delong_variance(*second)
    n = len(np.asarray(first[0])) + len(np.asarray(second[0]))
    return _test(auc_delong(*first, level), auc_delong(*second, level), variance, n, level)


def _test(one: Estimate, two: Estimate, variance: float, n: int, level: float) -> AucTest:
    difference = one.value - two.value
    if not variance > 1e-15:
        gap = Estimate(difference, math.nan, math.nan, n, "DeLong")
        return AucTest(one, two, gap, math.nan, math.nan)
    half = critical_value(level) * math.sqrt(variance)
    gap = Estimate(difference, difference - half, difference + half, n, "DeLong")
    z = difference / math.sqrt(variance)
    return AucTest(one, two, gap, z, float(2 * ndtr(-abs(z))))


def placements(y: BoolArray, s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """For each positive the share of negatives below it, for each negative of positives above.

    Ties count one half. By searching sorted scores, in O(n log n) (after Sun and Xu, 2014).
    """
    positive, negative = np.sort(s[y]), np.sort(s[~y])
    below = _midrank(negative, s[y]) / len(negative)
    return below, 1.0 - _midrank(positive, s[~y]) / len(positive)


def _midrank(ascending: FloatArray, values: FloatArray) -> FloatArray:
    """How many of ``ascending`` lie below each value, equal ones counting one half."""
    lower = np.searchsorted(ascending, values, "left")
    return np.asarray((lower + np.searchsorted(ascending, values, "right")) / 2.0)


def _covariance(y: BoolArray, scores: list[FloatArray]) -> FloatArray:
    """Covariance of the AUCs of several scores, of shape (k, k); NaN where a class has < 2."""
    if min(int(y.sum()), int((~y).sum())) < 2:
        return np.full((len(scores), len(scores)), np.nan)
    of_positives, of_negatives = zip(*(placements(y, s) for s in scores), strict=True)
    spread = np.cov(np.stack(of_positives)) / y.sum() + np.cov(np.stack(of_negatives)) / (~y).sum()
    return np.atleast_2d(np.asarray(spread, dtype=np.float64))


def newcombe(value: float, positives: float, negatives: int, level: float = 0.95) -> Estimate:
    """Newcombe (2006), method 5: limits θ where |AUC − θ| = z·se(θ), se by Hanley and McNeil.

    Needs no variance. ``positives`` may be an effective number, as of a weighted mean of grades.
    """
    z = critical_value(level)
    weight = (positives + negatives) / 2 - 1

    def gap(theta: float) -> float:
        shape = (1 - theta) / (2 - theta) + theta / (1 + theta)
        variance = theta * (1 - theta) * (1 + weight * shape) / (positives * negatives)
        return (value - theta) ** 2 - z**2 * variance

    low = brentq(gap, 0.0, value - 1e-9) if value > 1e-6 else 0.0
    high = brentq(gap, value + 1e-9, 1.0) if value < 1 - 1e-6 else 1.0
    return Estimate(value, float(low), float(high), round(positives + negatives), "Newcombe")
