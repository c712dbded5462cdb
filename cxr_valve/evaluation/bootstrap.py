"""Bootstrap of patients, vectorised: AUC and every metric of a threshold in one pass."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cxr_valve.evaluation.checks import FloatArray, open_fraction
from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.intervals import Estimate
from cxr_valve.evaluation.metrics import point_metrics
from cxr_valve.evaluation.net_benefit import net_benefit
from cxr_valve.evaluation.operating_point import counts_at
from cxr_valve.evaluation.precision_recall import average_precision
from cxr_valve.evaluation.prevalence import npv_at, ppv_at
from cxr_valve.evaluation.resamples import (
    Layout,
    both_classes,
    draws,
    percentile_interval,
    resampled,
)
from cxr_valve.evaluation.roc import auc_delong
from cxr_valve.evaluation.severity import shares_of

# What a mix of grades leaves undefined: it says nothing of the sample's prevalence.
_OF_THE_SAMPLE = frozenset(
    ("ppv", "npv", "accuracy", "f1", "mcc", "alert_rate", "number_needed_to_evaluate")
)


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
        """Value of the cohort with percentile limits; n is the number of clusters."""
        value, drawn = self.values[name], self.replicates[name]
        return percentile_interval(value, drawn, self.clusters, "bootstrap", self.level)

    def estimates(self) -> dict[str, Estimate]:
        """Every metric with its interval."""
        return {name: self.estimate(name) for name in self.values}


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

    With ``prevalence`` also ``ppv_at_prevalence``, ``npv_at_prevalence`` and
    ``average_precision_at_prevalence``, and with ``t`` ``net_benefit`` there. Patients, not
    images, are drawn (Field and Welsh, 2007: cluster bootstrap), since images of one patient are
    not independent. The same seed gives the same numbers. Raises ValueError for an empty cohort
    or fewer than one replicate.
    """
    open_fraction(level, "level")
    if len(cohort) == 0 or replicates < 1:
        raise ValueError(
            f"Expected at least one image and one replicate, found {len(cohort)} and {replicates}."
        )
    [table] = resampled(cohort, [Layout.of(cohort, threshold)], replicates, seed)
    table = both_classes(table)
    drawn = _derived(table, prevalence, t)
    c = counts_at(cohort.labels, cohort.scores, threshold)
    auc = auc_delong(cohort.labels, cohort.scores).value
    own = _derived(np.array([[auc], [c.tp], [c.fn], [c.fp], [c.tn]], float), prevalence, t)
    if prevalence is not None:
        name = "average_precision_at_prevalence"
        value = average_precision(cohort.labels, cohort.scores, prevalence).value
        own[name] = np.array([value])
        drawn[name] = _precision(cohort, prevalence, replicates, seed)
    return _bootstrap(own, drawn, replicates, cohort, level)


def bootstrap_at_mix(
    cohort: Cohort,
    threshold: float,
    mix: Mapping[str, float],
    *,
    prevalence: float | None = None,
    t: float | None = None,
    replicates: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Bootstrap:
    """As ``bootstrap``, for positives whose grades come in another mix (direct standardisation).

    ``mix`` maps grades to weights, rescaled to sum to 1. Sensitivity is Σ share·sensitivity of
    the grade and AUC Σ share·AUC of the grade against all negatives, so neither depends on how
    the cohort was sampled. Only metrics that do not need the sample's own prevalence are given.
    Replicates that hold no positive of a grade with a share, or no negative, are dropped. Raises
    ValueError as ``bootstrap``, for weights that are negative or all 0, or for a grade that no
    positive has.
    """
    open_fraction(level, "level")
    known = set() if cohort.grade is None else set(cohort.grade[cohort.labels].tolist())
    shares = shares_of(mix, known)
    layouts = [Layout.of(cohort, threshold, grade) for grade in shares]
    weights = np.array(list(shares.values()))
    _, clusters = cohort.clusters()
    once = np.ones((1, clusters), dtype=np.int64)
    own = _mixed(np.stack([layout.counts(once) for layout in layouts]), weights, prevalence, t)
    tables = np.stack(resampled(cohort, layouts, replicates, seed))
    return _bootstrap(own, _mixed(tables, weights, prevalence, t), replicates, cohort, level)


def _bootstrap(
    own: dict[str, FloatArray],
    drawn: dict[str, FloatArray],
    requested: int,
    cohort: Cohort,
    level: float,
) -> Bootstrap:
    values = {name: float(value[0]) for name, value in own.items()}
    dropped = requested - len(drawn["auc"])
    return Bootstrap(values, drawn, requested, dropped, cohort.clusters()[1], level)


def _precision(cohort: Cohort, prevalence: float, replicates: int, seed: int) -> FloatArray:
    """Average precision of the same resamples; those that lack a class are left out."""
    layout = Layout.of(cohort, math.nan)
    found = np.concatenate(
        [layout.average_precision(drawn, prevalence) for drawn in draws(cohort, replicates, seed)]
    )
    return np.asarray(found[~np.isnan(found)])


def replicate_counts(cohort: Cohort, weights: npt.ArrayLike, threshold: float) -> FloatArray:
    """AUC, TP, FN, FP, TN of given resamples, of shape (5, kept replicates).

    ``weights`` of shape (replicates, clusters) say how often each cluster counts, as
    ``draw_patients`` gives them. Replicates with one class only are left out.
    """
    return both_classes(Layout.of(cohort, threshold).counts(np.asarray(weights, dtype=np.int64)))


def _mixed(
    tables: FloatArray, shares: FloatArray, prevalence: float | None, t: float | None
) -> dict[str, FloatArray]:
    """Metrics of a mix from tables by grade, of shape (grades, 5, replicates)."""
    auc, tp, fn, fp, tn = np.moveaxis(tables, 1, 0)
    kept = np.all((tp + fn > 0) & (fp + tn > 0), axis=0)
    with np.errstate(invalid="ignore"):
        se, sp = shares @ (tp / (tp + fn)), tn[0] / (fp[0] + tn[0])
    # One of each class: what does not depend on how many there are comes out right.
    rates = np.stack([shares @ auc, se, 1 - se, 1 - sp, sp])[:, kept]
    found = _derived(rates, prevalence, t)
    return {name: value for name, value in found.items() if name not in _OF_THE_SAMPLE}


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
