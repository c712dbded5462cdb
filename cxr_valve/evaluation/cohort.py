"""Scored cases: the table of them, and the sorted form that answers any threshold at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from cxr_valve.evaluation.checks import BoolArray, FloatArray, IntArray, paired
from cxr_valve.evaluation.intervals import Estimate
from cxr_valve.evaluation.metrics import Metrics, ProportionMethod, metrics, point_metrics
from cxr_valve.evaluation.operating_point import Counts, positives_from
from cxr_valve.evaluation.roc import auc_delong

ObjectArray = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class OperatingPoints:
    """2×2 tables from the strictest threshold to the laxest, each array of shape (k,).

    The first threshold lies just above the highest score and flags nobody.
    """

    thresholds: FloatArray
    tp: IntArray
    fn: IntArray
    fp: IntArray
    tn: IntArray

    def metrics(self) -> dict[str, FloatArray]:
        """Point metrics of each table, arrays of shape (k,); see ``point_metrics``."""
        return point_metrics(self.tp, self.fn, self.fp, self.tn)


@dataclass(frozen=True, eq=False)
class Cohort:
    """One row per image: label and score, and what else is known, each of shape (n,).

    ``patients`` groups images of one patient; ``grade``, ``sex`` and ``view`` are text, ``age``
    is in years. ``warnings`` are what a reader noticed and a user should see. Raises ValueError
    for labels that are not binary, scores that are not finite, or columns of another length.
    """

    labels: BoolArray
    scores: FloatArray
    patients: ObjectArray | None = None
    grade: ObjectArray | None = None
    sex: ObjectArray | None = None
    age: FloatArray | None = None
    view: ObjectArray | None = None
    warnings: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        labels, scores = paired(self.labels, self.scores)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "scores", scores)
        for name in ("patients", "grade", "sex", "age", "view"):
            column = getattr(self, name)
            if column is None:
                continue
            object.__setattr__(self, name, np.asarray(column))
            if len(column) != len(labels):
                raise ValueError(
                    f"Expected {len(labels)} values of {name}, one per label, found {len(column)}."
                )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def positives(self) -> int:
        """Images with the finding."""
        return int(self.labels.sum())

    @property
    def prevalence(self) -> float:
        """Share of images with the finding; NaN of nobody."""
        return self.positives / len(self) if len(self) else float("nan")

    def clusters(self) -> tuple[IntArray, int]:
        """For each image the number of its patient, of shape (n,), and how many patients.

        Without patients each image stands for itself.
        """
        if self.patients is None:
            return np.arange(len(self)), len(self)
        names, codes = np.unique(self.patients, return_inverse=True)
        return np.asarray(codes, dtype=np.int64), len(names)

    def subset(self, keep: npt.ArrayLike) -> Cohort:
        """The rows a boolean mask or an index array selects."""
        at = np.asarray(keep)

        def taken(column: ObjectArray | None) -> ObjectArray | None:
            return None if column is None else column[at]

        return Cohort(
            self.labels[at],
            self.scores[at],
            patients=taken(self.patients),
            grade=taken(self.grade),
            sex=taken(self.sex),
            age=taken(self.age),
            view=taken(self.view),
            warnings=self.warnings,
        )


class ScoreTable:
    """Scores sorted once per class; any threshold is then two binary searches, O(log n)."""

    def __init__(self, labels: npt.ArrayLike, scores: npt.ArrayLike) -> None:
        y, s = paired(labels, scores)
        self._labels, self._scores = y, s
        self._positive, self._negative = np.sort(s[y]), np.sort(s[~y])

    @property
    def positives(self) -> int:
        """Cases with the finding."""
        return len(self._positive)

    @property
    def negatives(self) -> int:
        """Cases without the finding."""
        return len(self._negative)

    def counts(self, threshold: float) -> Counts:
        """The 2×2 table at a threshold, equal to ``counts_at``."""
        if np.isnan(threshold):
            raise ValueError("Expected a number as threshold, found NaN.")
        tp = int(positives_from(self._positive, threshold))
        fp = int(positives_from(self._negative, threshold))
        return Counts(tp, self.positives - tp, fp, self.negatives - fp)

    def at(self, thresholds: npt.ArrayLike) -> OperatingPoints:
        """The 2×2 tables at thresholds of shape (k,)."""
        cuts = np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
        tp, fp = positives_from(self._positive, cuts), positives_from(self._negative, cuts)
        return OperatingPoints(cuts, tp, self.positives - tp, fp, self.negatives - fp)

    def point(self, threshold: float) -> dict[str, float]:
        """All point metrics at a threshold, without intervals: for dragging."""
        c = self.counts(threshold)
        values = point_metrics(c.tp, c.fn, c.fp, c.tn)
        return {name: float(value) for name, value in values.items()}

    def metrics(
        self, threshold: float, method: ProportionMethod = "clopper-pearson", level: float = 0.95
    ) -> Metrics:
        """All metrics at a threshold with their intervals; see ``metrics.metrics``."""
        return metrics(self.counts(threshold), method, level)

    def auc(self, level: float = 0.95) -> Estimate:
        """Area under the ROC curve; see ``auc_delong``."""
        return auc_delong(self._labels, self._scores, level)

    def candidates(self) -> FloatArray:
        """Every threshold that gives another table: just above the highest score, then each."""
        distinct = np.unique(self._scores)[::-1]
        return np.concatenate([np.nextafter(distinct[:1], np.inf), distinct])

    def operating_points(self, limit: int = 2000) -> OperatingPoints:
        """At most ``limit`` operating points, both ends kept, spread evenly along the ROC curve.

        All of them where there are no more than ``limit``.
        """
        every = self.at(self.candidates())
        if len(every.thresholds) <= limit:
            return every
        travelled = every.tp / max(self.positives, 1) + every.fp / max(self.negatives, 1)
        stops = np.linspace(0, travelled[-1], limit)
        keep = np.unique(np.searchsorted(travelled, stops).clip(max=len(travelled) - 1))
        keep = np.union1d(keep[: limit - 1], [len(travelled) - 1])
        columns: Sequence[Any] = (every.thresholds, every.tp, every.fn, every.fp, every.tn)
        return OperatingPoints(*(column[keep] for column in columns))
