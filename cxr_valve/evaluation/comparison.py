"""Two thresholds or two scores on the same cases: which calls more of them rightly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr

from cxr_valve.evaluation.checks import BoolArray, binary_labels, paired
from cxr_valve.evaluation.intervals import Estimate, critical_value, undefined
from cxr_valve.evaluation.operating_point import is_positive


@dataclass(frozen=True)
class Comparison:
    """Paired difference of a proportion, first minus second.

    ``first_only`` and ``second_only`` count the cases that one of them alone calls rightly;
    ``p`` is McNemar's exact two-sided p value, 1 where they never differ, NaN of nobody.
    """

    difference: Estimate
    first_only: int
    second_only: int
    p: float


def compare_operating_points(
    labels: npt.ArrayLike,
    first: tuple[npt.ArrayLike, float],
    second: tuple[npt.ArrayLike, float],
    level: float = 0.95,
) -> dict[str, Comparison]:
    """Sensitivity and specificity of two (scores, threshold) on the same cases.

    Each gives a difference with the interval of Bonett and Price (2012) and McNemar's (1947) exact
    test. Images are treated as independent.
    """
    y = binary_labels(labels)
    a = is_positive(paired(y, first[0])[1], first[1])
    b = is_positive(paired(y, second[0])[1], second[1])
    return {
        "sensitivity": mcnemar(a[y], b[y], level),
        "specificity": mcnemar(~a[~y], ~b[~y], level),
    }


def mcnemar(first: BoolArray, second: BoolArray, level: float = 0.95) -> Comparison:
    """Paired comparison of two arrays of right (True) and wrong calls, each of shape (n,)."""
    n = len(first)
    if n == 0:
        return Comparison(undefined("Bonett–Price"), 0, 0, float("nan"))
    one, two = int((first & ~second).sum()), int((~first & second).sum())
    # One added to each count keeps the interval honest where the two never or hardly differ.
    p, q = (one + 1) / (n + 2), (two + 1) / (n + 2)
    half = critical_value(level) * float(np.sqrt((p + q - (p - q) ** 2) / (n + 2)))
    low, high = max(-1.0, p - q - half), min(1.0, p - q + half)
    estimate = Estimate((one - two) / n, low, high, n, "Bonett–Price")
    discordant = one + two
    tail = float(bdtr(min(one, two), discordant, 0.5)) if discordant else 0.5
    return Comparison(estimate, one, two, min(1.0, 2 * tail))
