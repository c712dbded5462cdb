"""One operating point in a target population: predictive values, net benefit, people in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from cxr_valve.evaluation.intervals import Estimate
from cxr_valve.evaluation.metrics import Metrics
from cxr_valve.evaluation.net_benefit import NetBenefit, Source, net_benefit_estimate
from cxr_valve.evaluation.operating_point import Counts
from cxr_valve.evaluation.prevalence import (
    NaturalFrequencies,
    natural_frequencies,
    predictive_at_rates,
)

T_SOURCES: dict[Source, str] = {
    "threshold": "the threshold, read as a calibrated probability and moved to the prevalence",
    "given": "given by the user, as t or as a cost ratio R with t = 1/(1+R)",
    "prevalence": "set to the prevalence, for want of a harm ratio",
}


@dataclass(frozen=True)
class Target:
    """Where a test is to be used: its prevalence, in (0, 1), and the t of the net benefit.

    ``own`` where the prevalence is the sample's; ``source`` says where t comes from.
    """

    prevalence: float
    own: bool
    t: float
    source: Source


@dataclass(frozen=True)
class AtPrevalence:
    """The test in a target population; ``own`` where that is the sample's own prevalence."""

    prevalence: float
    own: bool
    ppv: Estimate
    npv: Estimate
    net_benefit: NetBenefit
    per_1000: NaturalFrequencies

    def resampled(self, drawn: Mapping[str, Estimate]) -> AtPrevalence:
        """The same with the limits of a bootstrap that was given this prevalence and this t."""
        return replace(
            self,
            ppv=drawn["ppv_at_prevalence"],
            npv=drawn["npv_at_prevalence"],
            net_benefit=self.net_benefit.resampled(drawn["net_benefit"]),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries and numbers."""
        benefit = asdict(self.net_benefit.net_benefit)
        benefit |= {
            "t": self.net_benefit.t,
            "t_source": T_SOURCES[self.net_benefit.source],
            "treat_all": self.net_benefit.treat_all,
            "treat_none": self.net_benefit.treat_none,
            "standardised": asdict(self.net_benefit.standardised),
            "interventions_avoided": asdict(self.net_benefit.interventions_avoided),
        }
        per_1000 = asdict(self.per_1000)
        per_1000.pop("population")
        return {
            "prevalence": self.prevalence,
            "ppv": asdict(self.ppv),
            "npv": asdict(self.npv),
            "net_benefit": benefit,
            "per_1000": per_1000,
        }


def target_of(
    counts: Counts, prevalence: float | None, t: float | None, source: Source
) -> Target | None:
    """The population asked for, by default the sample's own, where treating is worth t; without t
    the prevalence takes its place. None where the sample has one class and nothing is asked for."""
    pi = counts.prevalence if prevalence is None else prevalence
    if not 0 < pi < 1:
        return None
    if t is None:
        t, source = pi, "prevalence"
    return Target(pi, prevalence is None, t, source)


def at_prevalence(
    found: Metrics, sizes: tuple[float, float], target: Target, level: float = 0.95
) -> AtPrevalence:
    """A test with these metrics in a target population.

    ``sizes`` are the numbers of positives and negatives behind sensitivity and specificity, for
    the limits of the predictive values (``predictive_at_rates``).
    """
    pi, se, sp = target.prevalence, found.sensitivity.value, found.specificity.value
    ppv, npv = predictive_at_rates(se, sp, *sizes, pi, level)
    return AtPrevalence(
        prevalence=pi,
        own=target.own,
        ppv=ppv,
        npv=npv,
        net_benefit=net_benefit_estimate(found, pi, target.t, target.source),
        per_1000=natural_frequencies(se, sp, pi),
    )
