"""Two thresholds or two scores on the same cases: which calls more of them rightly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr

from cxr_valve.evaluation.checks import BoolArray, FloatArray, binary_labels, open_fraction, paired
from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.intervals import Estimate, critical_value, undefined
from cxr_valve.evaluation.operating_point import is_positive
from cxr_valve.evaluation.resamples import (
    Layout,
    both_classes,
    percentile_interval,
    resampled,
)


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


def resampled_difference(
    first: tuple[Cohort, float],
    second: tuple[Cohort, float],
    *,
    replicates: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Estimate]:
    """First minus second in sensitivity, specificity and AUC, patients resampled as a whole.

    Both cohorts hold the same cases in the same order; each replicate draws the same patients for
    both (cluster bootstrap, percentile limits), so images of one patient may be alike and so may
    the two scores. ``n`` is the number of patients. Raises ValueError for other cases.
    """
    (a, cut_a), (b, cut_b) = first, second
    same = len(a) == len(b) and np.array_equal(a.labels, b.labels)
    if not same or not np.array_equal(a.clusters()[0], b.clusters()[0]):
        raise ValueError("Expected the same cases of the same patients in the same order.")
    open_fraction(level, "level")
    layouts = [Layout.of(a, cut_a), Layout.of(b, cut_b)]
    clusters = a.clusters()[1]
    once = np.ones((1, clusters), dtype=np.int64)
    own = _rates(*(layout.counts(once) for layout in layouts))
    drawn = _rates(*(both_classes(t) for t in resampled(a, layouts, replicates, seed)))
    method = "bootstrap of patients"
    return {
        name: percentile_interval(float(value[0]), drawn[name], clusters, method, level)
        for name, value in own.items()
    }


def _rates(first: FloatArray, second: FloatArray) -> dict[str, FloatArray]:
    """Differences of the rates of two tables of shape (5, k)."""

    def rates(table: FloatArray) -> dict[str, FloatArray]:
        auc, tp, fn, fp, tn = table
        with np.errstate(invalid="ignore"):
            return {"sensitivity": tp / (tp + fn), "specificity": tn / (fp + tn), "auc": auc}

    one, two = rates(first), rates(second)
    return {name: one[name] - two[name] for name in one}
