"""The 2×2 table at a threshold, and the one place where a score is called positive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cxr_valve.evaluation.checks import BoolArray, FloatArray, IntArray, need_both_classes, paired


@dataclass(frozen=True)
class Counts:
    """True positives, false negatives, false positives, true negatives: whole, not negative."""

    tp: int
    fn: int
    fp: int
    tn: int

    def __post_init__(self) -> None:
        for name, value in (("tp", self.tp), ("fn", self.fn), ("fp", self.fp), ("tn", self.tn)):
            if value < 0 or int(value) != value:
                raise ValueError(f"Expected a whole number ≥ 0 for {name}, found {value}.")

    @property
    def positives(self) -> int:
        """Cases with the finding."""
        return self.tp + self.fn

    @property
    def negatives(self) -> int:
        """Cases without the finding."""
        return self.fp + self.tn

    @property
    def n(self) -> int:
        """All cases."""
        return self.positives + self.negatives

    @property
    def prevalence(self) -> float:
        """Share of positives among these cases; NaN of nobody."""
        return self.positives / self.n if self.n else float("nan")


def is_positive(scores: FloatArray, threshold: float) -> BoolArray:
    """The definition: a score is positive when score >= threshold."""
    return scores >= threshold


def positives_from(ascending: FloatArray, thresholds: npt.ArrayLike) -> IntArray:
    """How many scores of a sorted array ``is_positive`` at each threshold, in O(log n) each."""
    below = np.searchsorted(ascending, thresholds, side="left")
    return np.asarray(len(ascending) - below, dtype=np.int64)


def counts_at(labels: npt.ArrayLike, scores: npt.ArrayLike, threshold: float) -> Counts:
    """The 2×2 table at ``threshold``, for labels (0/1) and finite scores of shape (n,).

    Any real threshold is defined, and so are infinite ones (nobody, or everybody, is flagged).
    Raises ValueError for a NaN threshold. For many thresholds use ``ScoreTable``.
    """
    y, s = paired(labels, scores)
    if np.isnan(threshold):
        raise ValueError("Expected a number as threshold, found NaN.")
    flagged = is_positive(s, threshold)
    tp, fp = int((flagged & y).sum()), int((flagged & ~y).sum())
    positives = int(y.sum())
    return Counts(tp, positives - tp, fp, len(y) - positives - fp)


def youden(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """The observed score at which sensitivity + specificity − 1 is highest (Youden, 1950).

    Among equals the highest threshold, which alerts least often. Raises ValueError where a
    class is missing.
    """
    y, s = paired(labels, scores)
    need_both_classes(y, "Youden's rule")
    candidates = np.unique(s)[::-1]
    tp = positives_from(np.sort(s[y]), candidates)
    fp = positives_from(np.sort(s[~y]), candidates)
    # In whole numbers J·positives·negatives is exact, so equal points compare as equal.
    gain = tp * int((~y).sum()) - fp * int(y.sum())
    return float(candidates[np.argmax(gain)])
