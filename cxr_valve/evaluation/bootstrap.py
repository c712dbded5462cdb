"""Bootstrap of patients, vectorised: AUC and every metric of a threshold in one pass."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cxr_valve.evaluation.checks import FloatArray, IntArray, open_fraction
from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.intervals import Estimate, undefined
from cxr_valve.evaluation.metrics import point_metrics
from cxr_valve.evaluation.net_benefit import net_benefit
from cxr_valve.evaluation.operating_point import counts_at, positives_from
from cxr_valve.evaluation.prevalence import npv_at, ppv_at
from cxr_valve.evaluation.roc import auc_delong

# Weights held at once (replicates times images): more spills out of the processor's cache.
_BLOCK = 100_000


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Bootstrap replicates of named metrics, and the values of the cohort itself.

    ``replicates`` maps a name to an array of shape (requested − dropped,), NaN where a replicate
    does not define it. ``dropped`` replicates held one class only. ``clusters`` is what was
    resampled: patients, or images where no patient is known.
    """

    values: dict[str, float]
    replicates: dict[str, FloatArray] = field(repr=False)
    requested: int
    dropped: int
    clusters: int
    level: float

    def estimate(self, name: str) -> Estimate:
        """Value of the cohort with percentile limits (Efron, 1979); n is the number of clusters.

        Replicates that do not define the metric are left out of its limits.
        """
        value, drawn = self.values[name], self.replicates[name]
        drawn = drawn[~np.isnan(drawn)]
        if math.isnan(value) or not len(drawn):
            return undefined("bootstrap", self.clusters)
        tail = (1 - self.level) / 2
        # An observed replicate, not a mean of two: ratios may be infinite.
        low, high = np.quantile(drawn, [tail, 1 - tail], method="inverted_cdf")
        return Estimate(value, float(low), float(high), self.clusters, "bootstrap")

    def estimates(self) -> dict[str, Estimate]:
        """Every metric with its interval."""
        return {name: self.estimate(name) for name in self.values}


def draw_patients(clusters: int, replicates: int, rng: np.random.Generator) -> IntArray:
    """How often each cluster is drawn in each replicate, of shape (replicates, clusters).

    Each row draws ``clusters`` times with replacement, so each row sums to ``clusters``.
    """
    drawn = rng.integers(0, clusters, size=(replicates, clusters), dtype=np.int64)
    drawn += clusters * np.arange(replicates, dtype=np.int64)[:, None]
    flat = np.bincount(drawn.ravel(), minlength=replicates * clusters)
    return flat.reshape(replicates, clusters)


def bootstrap(
    cohort: Cohort,
    threshold: float,
    *,
    prevalence: float | None = None,
    t: float | None = None,
    replicates: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Bootstrap:
    """Resample patients with replacement and recompute AUC and all metrics at ``threshold``.

    With ``prevalence`` also ``ppv_at_prevalence`` and ``npv_at_prevalence``, and with ``t``
    ``net_benefit`` there. Patients, not images, are drawn (Field and Welsh, 2007: cluster
    bootstrap), since images of one patient are not independent. The same seed gives the same
    numbers. Raises ValueError for an empty cohort or fewer than one replicate.
    """
    open_fraction(level, "level")
    if len(cohort) == 0 or replicates < 1:
        raise ValueError(
            f"Expected at least one image and one replicate, found {len(cohort)} and {replicates}."
        )
    _, clusters = cohort.clusters()
    layout = _Layout.of(cohort, threshold)
    rng = np.random.default_rng(seed)
    rows = max(1, _BLOCK // len(cohort))
    blocks, remaining = [], replicates
    while remaining > 0:
        weights = draw_patients(clusters, min(rows, remaining), rng)
        blocks.append(layout.counts(weights))
        remaining -= rows
    table = np.concatenate(blocks, axis=1)
    drawn = _derived(table, prevalence, t)
    c = counts_at(cohort.labels, cohort.scores, threshold)
    auc = auc_delong(cohort.labels, cohort.scores).value
    own = _derived(np.array([[auc], [c.tp], [c.fn], [c.fp], [c.tn]], float), prevalence, t)
    values = {name: float(value[0]) for name, value in own.items()}
    return Bootstrap(values, drawn, replicates, replicates - table.shape[1], clusters, level)


def replicate_counts(cohort: Cohort, weights: npt.ArrayLike, threshold: float) -> FloatArray:
    """AUC, TP, FN, FP, TN of given resamples, of shape (5, kept replicates).

    ``weights`` of shape (replicates, clusters) say how often each cluster counts, as
    ``draw_patients`` gives them. Replicates with one class only are left out.
    """
    return _Layout.of(cohort, threshold).counts(np.asarray(weights, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class _Layout:
    """What every replicate shares, found once: clusters of each class in order of score."""

    positive: IntArray
    negative: IntArray
    lower: IntArray
    upto: IntArray
    cut_positive: int
    cut_negative: int

    @classmethod
    def of(cls, cohort: Cohort, threshold: float) -> _Layout:
        codes, _ = cohort.clusters()
        order = np.argsort(cohort.scores, kind="stable")
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
        w1 = np.take(drawn, self.positive, axis=1)
        flagged = _running(w1)
        below = _running(np.take(drawn, self.negative, axis=1))
        n1, n0 = flagged[:, -1], below[:, -1]
        both = (n1 > 0) & (n0 > 0)
        # A positive beats the negatives below it and draws with those at its own score.
        beaten = np.take(below, self.lower, axis=1) + np.take(below, self.upto, axis=1)
        wins = np.einsum("ij,ij->i", w1, beaten)
        tp, fp = n1 - flagged[:, self.cut_positive], n0 - below[:, self.cut_negative]
        with np.errstate(invalid="ignore"):
            auc = wins / (2.0 * n1 * n0)
        return np.stack([auc, tp, n1 - tp, fp, n0 - fp])[:, both]


def _running(weights: IntArray) -> IntArray:
    """Cumulative weights along each row with a leading zero, of shape (rows, k + 1)."""
    total = np.zeros((weights.shape[0], weights.shape[1] + 1), dtype=np.int64)
    np.cumsum(weights, axis=1, out=total[:, 1:])
    return total


def _derived(table: FloatArray, prevalence: float | None, t: float | None) -> dict[str, FloatArray]:
    auc, tp, fn, fp, tn = table
    found = {"auc": auc, **point_metrics(tp, fn, fp, tn)}
    if prevalence is not None:
        se, sp = found["sensitivity"], found["specificity"]
        found["ppv_at_prevalence"] = ppv_at(se, sp, prevalence)
        found["npv_at_prevalence"] = npv_at(se, sp, prevalence)
        if t is not None:
            found["net_benefit"] = net_benefit(se, sp, prevalence, t)
    return found
