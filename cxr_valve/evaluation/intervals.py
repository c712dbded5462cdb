"""An estimate with its interval, and the two intervals of a proportion used everywhere."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, ndtri

from cxr_valve.evaluation.checks import FloatArray, open_fraction


@dataclass(frozen=True)
class Estimate:
    """A value with its confidence interval.

    ``n`` is the number of observations in the denominator and ``method`` names the interval.
    Undefined quantities hold NaN in ``value``, ``low`` and ``high``; a ratio over zero holds
    infinity. Exporters write both as null.
    """

    value: float
    low: float
    high: float
    n: int
    method: str

    @property
    def defined(self) -> bool:
        """Whether there is a value at all."""
        return not math.isnan(self.value)

    @property
    def width(self) -> float:
        """Upper minus lower limit, NaN where undefined."""
        return self.high - self.low


def undefined(method: str, n: int = 0) -> Estimate:
    """The estimate of a quantity that these data do not define, such as a sensitivity of nobody."""
    return Estimate(math.nan, math.nan, math.nan, n, method)


def critical_value(level: float) -> float:
    """Two-sided standard normal quantile: 1.959964 for a level of .95."""
    return float(ndtri(0.5 + open_fraction(level, "level") / 2.0))


def clopper_pearson_bounds(
    successes: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Exact binomial limits for arrays of any broadcastable shape; NaN where n = 0.

    Quantiles of the beta distribution (Clopper and Pearson, 1934). Successes need not be whole
    numbers, which sample-size searches use.
    """
    k, total = np.broadcast_arrays(np.asarray(successes, float), np.asarray(n, float))
    alpha = 1.0 - open_fraction(level, "level")
    inside = (k > 0) & (total > 0), (k < total) & (total > 0)
    low = np.where(total > 0, 0.0, np.nan)
    high = np.where(total > 0, 1.0, np.nan)
    a, b = k[inside[0]], (total - k + 1)[inside[0]]
    low[inside[0]] = betaincinv(a, b, alpha / 2)
    a, b = (k + 1)[inside[1]], (total - k)[inside[1]]
    high[inside[1]] = betaincinv(a, b, 1 - alpha / 2)
    return low, high


def wilson_bounds(
    successes: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Score limits (Wilson, 1927) for arrays of any broadcastable shape; NaN where n = 0."""
    k, total = np.broadcast_arrays(np.asarray(successes, float), np.asarray(n, float))
    z2 = critical_value(level) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        p = k / total
        centre = (p + z2 / (2 * total)) / (1 + z2 / total)
        half = np.sqrt(z2 * (p * (1 - p) / total + z2 / (4 * total**2))) / (1 + z2 / total)
    # Rounding would leave 1e-17 where the limit is exactly 0 or 1.
    low = np.where(k == 0, np.where(total > 0, 0.0, np.nan), centre - half)
    high = np.where(k == total, np.where(total > 0, 1.0, np.nan), centre + half)
    return low, high


def clopper_pearson(successes: int, n: int, level: float = 0.95) -> Estimate:
    """Proportion with its exact binomial interval (Clopper and Pearson, 1934).

    Covers at least ``level`` for every true proportion. Undefined for n = 0; raises ValueError
    where successes are not within 0 and n.
    """
    _check_counts(successes, n)
    if n == 0:
        return undefined("Clopper–Pearson")
    low, high = clopper_pearson_bounds(successes, n, level)
    return Estimate(successes / n, float(low), float(high), int(n), "Clopper–Pearson")


def wilson(successes: int, n: int, level: float = 0.95) -> Estimate:
    """Proportion with its score interval (Wilson, 1927): coverage near ``level`` on average.

    Undefined for n = 0; raises ValueError where successes are not within 0 and n.
    """
    _check_counts(successes, n)
    if n == 0:
        return undefined("Wilson")
    low, high = wilson_bounds(successes, n, level)
    return Estimate(successes / n, float(low), float(high), int(n), "Wilson")


def _check_counts(successes: int, n: int) -> None:
    if not 0 <= successes <= n:
        raise ValueError(f"Expected 0 ≤ successes ≤ n, found successes {successes} and n {n}.")
