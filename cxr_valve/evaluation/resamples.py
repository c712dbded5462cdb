"""Resamples of patients, counted all at once: one sort, then sums of weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxr_valve.evaluation.checks import FloatArray, IntArray
from cxr_valve.evaluation.cohort import Cohort
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


def resampled(
    cohort: Cohort, layouts: Sequence[Layout], replicates: int, seed: int
) -> list[FloatArray]:
    """AUC and 2×2 tables of each layout in the same resamples, each of shape (5, replicates)."""
    rng = np.random.default_rng(seed)
    _, clusters = cohort.clusters()
    rows = max(1, _BLOCK // len(cohort))
    blocks, remaining = [], replicates
    while remaining > 0:
        weights = draw_patients(clusters, min(rows, remaining), rng)
        blocks.append([layout.counts(weights) for layout in layouts])
        remaining -= rows
    return [np.concatenate(parts, axis=1) for parts in zip(*blocks, strict=True)]


def both_classes(table: FloatArray) -> FloatArray:
    """The replicates that hold both classes."""
    _, tp, fn, fp, tn = table
    return np.asarray(table[:, (tp + fn > 0) & (fp + tn > 0)])


def _running(weights: IntArray) -> IntArray:
    """Cumulative weights along each row with a leading zero, of shape (rows, k + 1)."""
    total = np.zeros((weights.shape[0], weights.shape[1] + 1), dtype=np.int64)
    np.cumsum(weights, axis=1, out=total[:, 1:])
    return total
