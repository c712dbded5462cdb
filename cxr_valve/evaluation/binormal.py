"""A ROC curve through a published AUC and one operating point: a model, never data."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize_scalar
from scipy.special import ndtr, ndtri

from cxr_valve.evaluation.checks import FloatArray, open_fraction

SLOPES = (0.3, 3.0)
LABEL = "binormal model of published figures, not data"


@dataclass(frozen=True)
class Binormal:
    """sens = Φ(a + b·Φ⁻¹(FPR)) (Dorfman and Alf, 1969).

    ``auc`` is the curve's own Φ(a/√(1+b²)), ``published_auc`` the one asked for; they differ
    where ``exact`` is False. As scores: negatives N(0, 1), positives N(a/b, 1/b).
    """

    a: float
    b: float
    auc: float
    published_auc: float
    exact: bool
    label: str = LABEL

    def sensitivity(self, false_positive_rate: npt.ArrayLike) -> FloatArray:
        """Sensitivity in [0, 1] at false positive rates in [0, 1], of the same shape."""
        return np.asarray(ndtr(self.a + self.b * ndtri(np.asarray(false_positive_rate, float))))

    def at(self, threshold: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Sensitivity and specificity at thresholds on the scale of the negatives' N(0, 1)."""
        t = np.asarray(threshold, dtype=np.float64)
        return np.asarray(ndtr(self.a - self.b * t)), np.asarray(ndtr(t))

    def threshold(self, specificity: float) -> float:
        """The threshold on that scale which leaves ``specificity`` of the negatives below it."""
        return float(ndtri(specificity))


def binormal_auc(a: float, b: float) -> float:
    """Area under the binormal curve, Φ(a/√(1+b²))."""
    return float(ndtr(a / math.sqrt(1 + b * b)))


def binormal_roots(auc: float, sensitivity: float, specificity: float) -> list[tuple[float, float]]:
    """Every (a, b) with b in ``SLOPES`` whose curve has this AUC and passes the point, b rising.

    Raises ValueError unless all three lie strictly between 0 and 1.
    """
    target = open_fraction(auc, "auc")
    through = _line_through(sensitivity, specificity)

    def gap(b: float) -> float:
        return binormal_auc(through(b), b) - target

    grid = np.linspace(*SLOPES, 541)
    values = np.array([gap(b) for b in grid])
    turns = np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0)
    found = {float(b) for b in grid[values == 0]}
    found |= {float(brentq(gap, grid[i], grid[i + 1], xtol=1e-12)) for i in turns}
    return [(through(b), b) for b in sorted(found)]


def fit_binormal(auc: float, sensitivity: float, specificity: float) -> Binormal:
    """The curve through a published operating point with the published AUC.

    Of several roots the one nearest b = 1; where there is none, the b whose AUC comes closest,
    and ``exact`` is False. Raises ValueError unless all three lie strictly between 0 and 1.
    """
    roots = binormal_roots(auc, sensitivity, specificity)
    if roots:
        a, b = min(roots, key=lambda root: abs(root[1] - 1.0))
        return Binormal(a, b, binormal_auc(a, b), auc, True)
    through = _line_through(sensitivity, specificity)

    def miss(b: float) -> float:
        return (binormal_auc(through(b), b) - auc) ** 2

    # The miss may have two valleys, so the search starts around the best of a grid.
    grid = np.linspace(*SLOPES, 541)
    best = int(np.argmin([miss(b) for b in grid]))
    bounds = (float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)]))
    b = float(minimize_scalar(miss, bounds=bounds, method="bounded", options={"xatol": 1e-10}).x)
    return Binormal(through(b), b, binormal_auc(through(b), b), auc, False)


def _line_through(sensitivity: float, specificity: float) -> Callable[[float], float]:
    """a as a function of b for the curves through one operating point."""
    top = float(ndtri(open_fraction(sensitivity, "sensitivity")))
    side = float(ndtri(1 - open_fraction(specificity, "specificity")))
    return lambda b: top - b * side
