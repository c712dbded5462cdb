"""One operating point in full: its metrics, and what they mean at a target prevalence."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from cxr_valve.evaluation.against import Against
from cxr_valve.evaluation.bootstrap import bootstrap
from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.intervals import Estimate
from cxr_valve.evaluation.metrics import ProportionMethod, metrics
from cxr_valve.evaluation.net_benefit import (
    NetBenefit,
    Source,
    net_benefit_estimate,
    threshold_probability,
)
from cxr_valve.evaluation.operating_point import Counts, counts_at
from cxr_valve.evaluation.precision_recall import average_precision
from cxr_valve.evaluation.prevalence import (
    NaturalFrequencies,
    natural_frequencies,
    npv_estimate,
    ppv_estimate,
)
from cxr_valve.evaluation.roc import auc_delong

Interval = Literal["clopper-pearson", "wilson", "bootstrap"]
T_SOURCES: dict[Source, str] = {
    "threshold": "the threshold, read as a calibrated probability and moved to the prevalence",
    "given": "given by the user, as t or as a cost ratio R with t = 1/(1+R)",
    "prevalence": "set to the prevalence, for want of a harm ratio",
}


@dataclass(frozen=True)
class AtPrevalence:
    """The test in a target population; ``own`` where that is the sample's own prevalence."""

    prevalence: float
    own: bool
    ppv: Estimate
    npv: Estimate
    net_benefit: NetBenefit
    per_1000: NaturalFrequencies


@dataclass(frozen=True)
class Resampling:
    """The bootstrap behind the limits: replicates asked for, those dropped, what was drawn."""

    replicates: int
    dropped: int
    clusters: int


@dataclass(frozen=True)
class Report:
    """Metrics of one operating point. ``threshold`` is None for a bare 2×2 table.

    ``at_prevalence`` is None where no prevalence was given and the sample has one class only;
    ``against`` where the score was not compared with another measure.
    """

    n: int
    positives: int
    threshold: float | None
    counts: Counts
    metrics: dict[str, Estimate]
    at_prevalence: AtPrevalence | None
    resampling: Resampling | None = None
    against: Against | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries and numbers; NaN and infinity become None."""
        found: dict[str, Any] = {
            "n": self.n,
            "positives": self.positives,
            "threshold": self.threshold,
            "counts": asdict(self.counts),
            "metrics": {name: asdict(e) for name, e in self.metrics.items()},
            "at_prevalence": None,
        }
        if self.at_prevalence is not None:
            at = self.at_prevalence
            benefit = asdict(at.net_benefit.net_benefit)
            benefit |= {
                "t": at.net_benefit.t,
                "t_source": T_SOURCES[at.net_benefit.source],
                "treat_all": at.net_benefit.treat_all,
                "treat_none": at.net_benefit.treat_none,
                "standardised": asdict(at.net_benefit.standardised),
                "interventions_avoided": asdict(at.net_benefit.interventions_avoided),
            }
            per_1000 = asdict(at.per_1000)
            per_1000.pop("population")
            found["at_prevalence"] = {
                "prevalence": at.prevalence,
                "ppv": asdict(at.ppv),
                "npv": asdict(at.npv),
                "net_benefit": benefit,
                "per_1000": per_1000,
            }
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
    every = metrics(counts, method, level).as_dict()
    at = _at_prevalence(counts, prevalence, t, "given", method, level)
    return Report(counts.n, counts.positives, None, counts, every, at)


def report_cohort(
    cohort: Cohort,
    threshold: float,
    *,
    prevalence: float | None = None,
    t: float | None = None,
    interval: Interval = "clopper-pearson",
    replicates: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Report:
    """The report of a threshold on scored cases.

    Without ``t`` the threshold is read as a calibrated probability and moved to the target
    prevalence. With ``interval="bootstrap"`` patients are resampled, and every metric the
    replicates hold takes its limits from them.
    """
    counts = counts_at(cohort.labels, cohort.scores, threshold)
    method: ProportionMethod = "clopper-pearson" if interval == "bootstrap" else interval
    source: Source = "given"
    target = counts.prevalence if prevalence is None else prevalence
    if t is None and 0 <= threshold < 1 and 0 < counts.prevalence < 1:
        t, source = threshold_probability(threshold, counts.prevalence, target), "threshold"
    every = {
        "auc": auc_delong(cohort.labels, cohort.scores, level),
        "average_precision": average_precision(cohort.labels, cohort.scores, level=level),
        **metrics(counts, method, level).as_dict(),
    }
    at = _at_prevalence(counts, prevalence, t, source, method, level)
    report = Report(counts.n, counts.positives, float(threshold), counts, every, at)
    if interval != "bootstrap":
        return report
    return _bootstrapped(report, cohort, replicates, seed, level)


def _at_prevalence(
    counts: Counts,
    prevalence: float | None,
    t: float | None,
    source: Source,
    method: ProportionMethod,
    level: float,
) -> AtPrevalence | None:
    pi = counts.prevalence if prevalence is None else prevalence
    if not 0 < pi < 1:
        return None
    if t is None:
        t, source = pi, "prevalence"
    found = metrics(counts, method, level)
    return AtPrevalence(
        prevalence=pi,
        own=prevalence is None,
        ppv=ppv_estimate(counts, pi, level),
        npv=npv_estimate(counts, pi, level),
        net_benefit=net_benefit_estimate(found, pi, t, source),
        per_1000=natural_frequencies(found.sensitivity.value, found.specificity.value, pi),
    )


def _bootstrapped(
    report: Report, cohort: Cohort, replicates: int, seed: int, level: float
) -> Report:
    """The report with the limits of a patient-level bootstrap wherever replicates have them."""
    at, threshold = report.at_prevalence, report.threshold
    resampled = bootstrap(
        cohort,
        threshold if threshold is not None else math.nan,
        prevalence=at.prevalence if at else None,
        t=at.net_benefit.t if at else None,
        replicates=replicates,
        seed=seed,
        level=level,
    )
    source = Resampling(resampled.requested, resampled.dropped, resampled.clusters)
    drawn = resampled.estimates()
    every = {name: drawn.get(name, estimate) for name, estimate in report.metrics.items()}
    if at is not None:
        benefit = at.net_benefit.resampled(drawn["net_benefit"])
        ppv, npv = drawn["ppv_at_prevalence"], drawn["npv_at_prevalence"]
        at = replace(at, ppv=ppv, npv=npv, net_benefit=benefit)
    return replace(report, metrics=every, at_prevalence=at, resampling=source)
