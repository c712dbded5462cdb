"""Rules that choose a threshold, and how far the choice would move in another sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cxr_valve.evaluation.checks import BoolArray, FloatArray, IntArray, need_both_classes
from cxr_valve.evaluation.cohort import Cohort, ScoreTable
from cxr_valve.evaluation.intervals import Estimate
from cxr_valve.evaluation.resamples import draw_patients

Kind = Literal["youden", "sensitivity", "specificity", "cost"]
EXPECTED = "youden, sensitivity=X or specificity=X with X in (0, 1], or cost=R with R above 0"


@dataclass(frozen=True)
class Rule:
    """How to choose among observed thresholds; among equals always the highest.

    ``youden``: highest sensitivity + specificity − 1 (Youden, 1950). ``sensitivity``: at least
    ``value``, then the best specificity. ``specificity``: at least ``value``, then the best
    sensitivity. ``cost``: lowest expected cost where a miss costs ``value`` false alarms, at a
    target prevalence (Metz, 1978); it may choose to flag nobody.
    """

    kind: Kind
    value: float | None = None

    def __post_init__(self) -> None:
        needs = self.kind != "youden"
        if needs != (self.value is not None) or (self.value is not None and not self._fits()):
            raise ValueError(f"Expected a rule {EXPECTED}; found {self}.")

    def __str__(self) -> str:
        return self.kind if self.value is None else f"{self.kind}={self.value:g}"

    def _fits(self) -> bool:
        top = np.inf if self.kind == "cost" else 1.0
        return self.value is not None and 0 < self.value <= top and np.isfinite(self.value)

    @classmethod
    def parse(cls, text: str) -> Rule:
        """Rule written as ``youden``, ``sensitivity=.9``, ``specificity=.9`` or ``cost=10``."""
        kind, equals, number = text.strip().lower().partition("=")
        try:
            value = float(number) if equals else None
        except ValueError:
            raise ValueError(f"Expected a rule {EXPECTED}; found {text!r}.") from None
        if kind in ("youden", "sensitivity", "specificity", "cost"):
            return cls(kind, value)  # type: ignore[arg-type]
        raise ValueError(f"Expected a rule {EXPECTED}; found {text!r}.")


@dataclass(frozen=True, eq=False)
class ThresholdSpread:
    """A chosen threshold with its bootstrap interval; ``replicates`` holds the kept choices.

    ``dropped`` replicates had one class only.
    """

    rule: Rule
    threshold: Estimate
    replicates: FloatArray
    dropped: int


def choose_threshold(
    labels: npt.ArrayLike, scores: npt.ArrayLike, rule: Rule, prevalence: float | None = None
) -> float:
    """The threshold a rule chooses on these cases (labels and scores of shape (n,)).

    ``prevalence`` weighs the cost rule, by default the sample's own. Raises ValueError where a
    class is missing.
    """
    table = ScoreTable(labels, scores)
    points = table.at(table.candidates() if len(np.atleast_1d(scores)) else [])
    need_both_classes(np.repeat([True, False], [table.positives, table.negatives]), f"rule {rule}")
    best = _choose(rule, points.tp[None], points.fp[None], prevalence)
    return float(points.thresholds[best[0]])


def threshold_spread(
    cohort: Cohort,
    rule: Rule,
    prevalence: float | None = None,
    *,
    replicates: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> ThresholdSpread:
    """How the chosen threshold varies over patient-level bootstrap resamples, percentile limits.

    Each replicate draws patients, chooses anew, and is dropped if it holds one class only.
    """
    chosen = choose_threshold(cohort.labels, cohort.scores, rule, prevalence)
    candidates, place = np.unique(-cohort.scores, return_inverse=True)
    thresholds = np.r_[np.nextafter(-candidates[:1], np.inf), -candidates]
    codes, patients = cohort.clusters()
    rng = np.random.default_rng(seed)
    rows = max(1, 4_000_000 // len(cohort))
    found = []
    for start in range(0, replicates, rows):
        weights = draw_patients(patients, min(rows, replicates - start), rng)[:, codes]
        tp = _cumulate(weights, cohort.labels, place, len(candidates))
        fp = _cumulate(weights, ~cohort.labels, place, len(candidates))
        both = (tp[:, -1] > 0) & (fp[:, -1] > 0)
        found.append(thresholds[_choose(rule, tp[both], fp[both], prevalence)])
    kept = np.concatenate(found)
    alpha = (1 - level) / 2
    limits = (
        np.quantile(kept, [alpha, 1 - alpha], method="inverted_cdf") if len(kept) else (np.nan,) * 2
    )
    low, high = min(float(limits[0]), chosen), max(float(limits[1]), chosen)
    estimate = Estimate(chosen, low, high, patients, "bootstrap")
    return ThresholdSpread(rule, estimate, kept, replicates - len(kept))


def _cumulate(
    weights: IntArray, members: npt.NDArray[np.bool_], place: IntArray, k: int
) -> IntArray:
    """Weighted cases at or above each candidate, of shape (replicates, k + 1), first column 0."""
    order = np.flatnonzero(members)[np.argsort(place[members], kind="stable")]
    running = np.zeros((len(weights), len(order) + 1), dtype=np.int64)
    np.cumsum(weights[:, order], axis=1, out=running[:, 1:])
    upto = np.searchsorted(place[order], np.arange(-1, k), side="right")
    return running[:, upto]


def _choose(rule: Rule, tp: IntArray, fp: IntArray, prevalence: float | None) -> IntArray:
    """Index of the choice in each row; columns run from the highest threshold to the lowest."""
    positives, negatives = tp[:, -1:], fp[:, -1:]
    if rule.kind == "youden":
        # Whole numbers, so that equal points compare as equal; the first column flags nobody.
        gain = (tp * negatives - fp * positives)[:, 1:]
        return _first(gain == gain.max(axis=1, keepdims=True)) + 1
    value = float(rule.value or 0)
    if rule.kind == "sensitivity":
        # The highest threshold that reaches it has the best specificity. 1e-9 forgives rounding.
        return _first(tp >= value * positives - 1e-9)
    if rule.kind == "specificity":
        reached = np.where((negatives - fp) >= value * negatives - 1e-9, tp, -1)
        return _first(reached == reached.max(axis=1, keepdims=True))
    pi = positives / (positives + negatives) if prevalence is None else prevalence
    cost = value * pi * (1 - tp / positives) + (1 - pi) * fp / negatives
    return _first(cost <= cost.min(axis=1, keepdims=True) + 1e-12)


def _first(fits: BoolArray) -> IntArray:
    """The first column that fits in each row: the highest threshold."""
    return np.asarray(np.argmax(fits, axis=1), dtype=np.int64)
