"""One operating point in full: its metrics, and what they mean at a target prevalence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from cxr_valve.evaluation.against import Against
from cxr_valve.evaluation.at_mix import AtMix, at_severity_mix, resampled_at_mix
from cxr_valve.evaluation.bootstrap import bootstrap
from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.intervals import Estimate
from cxr_valve.evaluation.metrics import Metrics, ProportionMethod, metrics
from cxr_valve.evaluation.net_benefit import Source, threshold_probability
from cxr_valve.evaluation.operating_point import Counts, counts_at
from cxr_valve.evaluation.precision_recall import average_precision
from cxr_valve.evaluation.roc import auc_delong
from cxr_valve.evaluation.target import AtPrevalence, Target, at_prevalence, target_of

Interval = Literal["clopper-pearson", "wilson", "bootstrap"]


@dataclass(frozen=True)
class Resampling:
    """The bootstrap behind the limits: replicates asked for, those dropped, what was drawn.

    ``of`` are patients, or images where no patient is named.
    """

    replicates: int
    dropped: int
    clusters: int
    of: Literal["patients", "images"]


@dataclass(frozen=True)
class Report:
    """Metrics of one operating point. ``threshold`` is None for a bare 2×2 table.

    ``at_prevalence`` is None where no prevalence was given and the sample has one class only;
    ``at_mix`` where no mix of grades was, ``against`` where the score was not compared with
    another measure.
    """

    n: int
    positives: int
    threshold: float | None
    counts: Counts
    metrics: dict[str, Estimate]
    at_prevalence: AtPrevalence | None
    resampling: Resampling | None = None
    against: Against | None = None
    at_mix: AtMix | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries and numbers; NaN and infinity become None."""
        found: dict[str, Any] = {
            "n": self.n,
            "positives": self.positives,
            "threshold": self.threshold,
            "counts": asdict(self.counts),
            "metrics": {name: asdict(e) for name, e in self.metrics.items()},
            "at_prevalence": self.at_prevalence.to_json() if self.at_prevalence else None,
        }
        if self.at_mix is not None:
            found["at_mix"] = self.at_mix.to_json()
        if self.resampling is not None:
            found["bootstrap"] = asdict(self.resampling)
        if self.against is not None:
            found["against"] = self.against.to_json()
        return dict(finite(found))


def finite(value: Any) -> Any:
    """The same nest of dictionaries and lists with NaN and infinity as None: strict JSON."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def report_counts(
    counts: Counts,
    *,
    prevalence: float | None = None,
    t: float | None = None,
    method: ProportionMethod = "clopper-pearson",
    level: float = 0.95,
) -> Report:
    """The report of a bare 2×2 table; it has no threshold and no AUC.

    ``t`` is the threshold probability of the net benefit, by default the prevalence, where
    treating all gains nothing over treating nobody.
    """
    found = metrics(counts, method, level)
    at = _at_prevalence(found, counts, target_of(counts, prevalence, t, "given"), level)
    return Report(counts.n, counts.positives, None, counts, found.as_dict(), at)


def report_cohort(
    cohort: Cohort,
    threshold: float,
    *,
    prevalence: float | None = None,
    t: float | None = None,
    mix: Mapping[str, float] | None = None,
    interval: Interval = "clopper-pearson",
    replicates: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Report:
    """The report of a threshold on scored cases.

    Without ``t`` the threshold is read as a calibrated probability and moved to the target
    prevalence. ``mix`` maps grades of the positives to weights: what depends on how ill they are
    is then also given for that mix. With ``interval="bootstrap"`` patients are resampled, and
    every metric the replicates hold takes its limits from them.
    """
    counts = counts_at(cohort.labels, cohort.scores, threshold)
    method: ProportionMethod = "clopper-pearson" if interval == "bootstrap" else interval
    source: Source = "given"
    pi = counts.prevalence if prevalence is None else prevalence
    if t is None and 0 <= threshold < 1 and 0 < counts.prevalence < 1:
        t, source = threshold_probability(threshold, counts.prevalence, pi), "threshold"
    found = metrics(counts, method, level)
    every = {
        "auc": auc_delong(cohort.labels, cohort.scores, level),
        "average_precision": average_precision(cohort.labels, cohort.scores, level=level),
        **found.as_dict(),
    }
    target = target_of(counts, prevalence, t, source)
    at = _at_prevalence(found, counts, target, level)
    at_mix = at_severity_mix(cohort, threshold, mix, target, method, level) if mix else None
    report = Report(counts.n, counts.positives, float(threshold), counts, every, at, at_mix=at_mix)
    if interval != "bootstrap":
        return report
    return _bootstrapped(report, cohort, replicates, seed, level)


def _at_prevalence(
    found: Metrics, counts: Counts, target: Target | None, level: float
) -> AtPrevalence | None:
    if target is None:
        return None
    return at_prevalence(found, (counts.positives, counts.negatives), target, level)


def _bootstrapped(
    report: Report, cohort: Cohort, replicates: int, seed: int, level: float
) -> Report:
    """The report with the limits of a patient-level bootstrap wherever replicates have them."""
    at = report.at_prevalence
    threshold = report.threshold if report.threshold is not None else math.nan
    resampled = bootstrap(
        cohort,
        threshold,
        prevalence=at.prevalence if at else None,
        t=at.net_benefit.t if at else None,
        replicates=replicates,
        seed=seed,
        level=level,
    )
    of: Literal["patients", "images"] = "images" if cohort.patients is None else "patients"
    source = Resampling(resampled.requested, resampled.dropped, resampled.clusters, of)
    drawn = resampled.estimates()
    every = {name: drawn.get(name, estimate) for name, estimate in report.metrics.items()}
    mixed = report.at_mix
    if mixed is not None:
        mixed = resampled_at_mix(mixed, cohort, threshold, replicates, seed, level)
    at = at.resampled(drawn) if at else None
    return replace(report, metrics=every, at_prevalence=at, at_mix=mixed, resampling=source)
