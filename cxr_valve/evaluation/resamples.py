"""Resamples of patients, counted all at once: one sort, then sums of weights."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cxr_valve.evaluation.checks import FloatArray, IntArray
from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.intervals import Estimate, undefined
from cxr_valve.evaluation.operating_point import positives_from

# Weights held at once (replicates times images): more spills out of the processor's cache.
_BLOCK = 100_000


def draw_patients(clusters: int, replicates: int, rng: np.random.Generator) -> IntArray:
    """How often each cluster is drawn in each replicate, of shape (replicates, clusters).

    Each row draws ``clusters`` times with replacement, so each row sums to ``clusters``.
    """
    drawn = rng.integers(0, clusters, size=(replicates, clusters), dtype=np.int64)
    drawn += clusters * np.arange(replicates, dtype=np.int64)[:, None]
    flat = np.bincount(drawn.ravel(), minlength=replicates * clusters)
    return flat.reshape(replicates, clusters)


@dataclass(frozen=True, eq=False)
class Layout:
    """What every replicate shares, found once: clusters of each class in order of score."""

    positive: IntArray
    negative: IntArray
    lower: IntArray
    upto: IntArray
    own: IntArray
    cut_positive: int
    cut_negative: int

    @classmethod
    def of(cls, cohort: Cohort, threshold: float, grade: str | None = None) -> Layout:
        """The whole cohort, or its positives of one grade against all its negatives."""
        codes, _ = cohort.clusters()
        order = np.argsort(cohort.scores, kind="stable")
        if grade is not None and cohort.grade is not None:
            order = order[(~cohort.labels | (cohort.grade == grade))[order]]
        positive, negative = order[cohort.labels[order]], order[~cohort.labels[order]]
        s1, s0 = cohort.scores[positive], cohort.scores[negative]
        return cls(
            codes[positive],
            codes[negative],
            np.searchsorted(s0, s1, "left"),
            np.searchsorted(s0, s1, "right"),
            np.searchsorted(s1, s1, "left"),
            len(s1) - int(positives_from(s1, threshold)),
            len(s0) - int(positives_from(s0, threshold)),
        )

    def counts(self, drawn: IntArray) -> FloatArray:
        """AUC (NaN where a class is missing), TP, FN, FP, TN, of shape (5, replicates)."""
        w1 = np.take(drawn, self.positive, axis=1)
        flagged = _running(w1)
        below = _running(np.take(drawn, self.negative, axis=1))
        n1, n0 = flagged[:, -1], below[:, -1]
        # A positive beats the negatives below it and draws with those at its own score.
        beaten = np.take(below, self.lower, axis=1) + np.take(below, self.upto, axis=1)
        wins = np.einsum("ij,ij->i", w1, beaten)
        tp, fp = n1 - flagged[:, self.cut_positive], n0 - below[:, self.cut_negative]
        with np.errstate(invalid="ignore"):
            auc = wins / (2.0 * n1 * n0)
        return np.stack([auc, tp, n1 - tp, fp, n0 - fp])

    def average_precision(self, drawn: IntArray, prevalence: float) -> FloatArray:
        """Average precision were classes drawn at a prevalence; NaN where one is missing."""
        w1 = np.take(drawn, self.positive, axis=1)
        missed = _running(w1)
        below = _running(np.take(drawn, self.negative, axis=1))
        n1, n0 = missed[:, -1:], below[:, -1:]
        # Of everybody at or above each positive's score: it is there itself, so none is empty.
        with np.errstate(invalid="ignore"):
            found = prevalence * (n1 - np.take(missed, self.own, axis=1)) / n1
            alarms = (1 - prevalence) * (n0 - np.take(below, self.lower, axis=1)) / n0
            precision = np.where(w1 > 0, found / (found + alarms), 0.0)
            return np.asarray(np.einsum("ij,ij->i", w1, precision) / n1[:, 0])


def resampled(
    cohort: Cohort, layouts: Sequence[Layout], replicates: int, seed: int
) -> list[FloatArray]:
    """AUC and 2×2 tables of each layout in the same resamples, each of shape (5, replicates)."""
    blocks = [
        [layout.counts(weights) for layout in layouts]
        for weights in draws(cohort, replicates, seed)
    ]
    return [np.concatenate(parts, axis=1) for parts in zip(*blocks, strict=True)]


def draws(cohort: Cohort, replicates: int, seed: int) -> Iterator[IntArray]:
    """The resamples of a seed, block by block, each of shape (rows, clusters)."""
    rng = np.random.default_rng(seed)
    _, clusters = cohort.clusters()
    rows = max(1, _BLOCK // len(cohort))
    while replicates > 0:
        yield draw_patients(clusters, min(rows, replicates), rng)
        replicates -= rows


def percentile_interval(
    value: float, drawn: FloatArray, n: int, method: str, level: float
) -> Estimate:
    """The cohort's value with percentile limits of its replicates (Efron, 1979).

    Replicates that do not define it (NaN) are left out. Where all of them agree, as where classes
    are separated or a proportion is 0 or 1, limits would claim certainty: there are none, and
    ``method`` says so.
    """
    drawn = drawn[~np.isnan(drawn)]
    if math.isnan(value) or not len(drawn):
        return undefined(method, n)
    if len(drawn) > 1 and drawn.min() == drawn.max():
        return Estimate(value, math.nan, math.nan, n, f"{method}, no interval: all agree")
    tail = (1 - level) / 2
    # An observed replicate, not a mean of two: ratios may be infinite.
    low, high = np.quantile(drawn, [tail, 1 - tail], method="inverted_cdf")
    return Estimate(value, float(low), float(high), n, method)


def both_classes(table: FloatArray) -> FloatArray:
    """The replicates that hold both classes."""
    _, tp, fn, fp, tn = table
    return np.asarray(table[:, (tp + fn > 0) & (fp + tn > 0)])


def _running(weights: IntArray) -> IntArray:
    """Cumulative weights along each row with a leading zero, of shape (rows, k + 1)."""
    total = np.zeros((weights.shape[0], weights.shape[1] + 1), dtype=np.int64)
    np.cumsum(weights, axis=1, out=total[:, 1:])
    return total
