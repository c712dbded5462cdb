"""Decision curves: what acting on the test gains over acting on everybody or on nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cxr_valve.evaluation.calibration import prior_shift
from cxr_valve.evaluation.checks import FloatArray, open_fraction
from cxr_valve.evaluation.intervals import Estimate
from cxr_valve.evaluation.metrics import Metrics, weighted_sum

# Where t comes from is always said beside a net benefit.
Source = Literal["threshold", "given", "prevalence"]


@dataclass(frozen=True)
class NetBenefit:
    """Net benefit per person at one threshold probability t and one target prevalence.

    ``net_benefit`` counts true positives per person after paying for false ones; ``standardised``
    divides by the prevalence (1 is a perfect test); ``interventions_avoided`` is per person,
    against treating all; ``treat_all`` is its rival and treating nobody scores 0. ``source``
    says where t comes from: the score's threshold moved to the target prevalence, a harm ratio
    given by the user, or for want of either the prevalence itself.
    """

    t: float
    prevalence: float
    source: Source
    net_benefit: Estimate
    standardised: Estimate
    interventions_avoided: Estimate
    treat_all: float
    treat_none: float = 0.0

    def resampled(self, value: Estimate) -> NetBenefit:
        """The same point with another interval of the net benefit, carried to what follows."""
        return _net_benefit(value, self.prevalence, self.t, self.source)


def odds(t: npt.ArrayLike) -> FloatArray:
    """t/(1−t), the harm of a false alarm over the benefit of a true one; infinite at t = 1."""
    values = np.asarray(t, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(values / (1 - values))


def net_benefit(
    sensitivity: npt.ArrayLike,
    specificity: npt.ArrayLike,
    prevalence: npt.ArrayLike,
    t: npt.ArrayLike,
) -> FloatArray:
    """π·sens − (1−π)(1−spec)·t/(1−t), arrays broadcast (Vickers and Elkin, 2006).

    At the sample's own prevalence this is TP/n − FP/n·t/(1−t). All in [0, 1], t below 1; at
    t = 1 a test that flags nobody without the finding keeps π·sens, any other loses infinitely.
    """
    se, sp, pi = (np.asarray(x, dtype=np.float64) for x in (sensitivity, specificity, prevalence))
    alarms = (1 - pi) * (1 - sp)
    with np.errstate(invalid="ignore"):
        cost = np.where(alarms == 0, 0.0, alarms * odds(t))
    return np.asarray(pi * se - cost)


def treat_all(prevalence: npt.ArrayLike, t: npt.ArrayLike) -> FloatArray:
    """Net benefit of acting on everybody: sensitivity 1, specificity 0."""
    return net_benefit(1.0, 0.0, prevalence, t)


def standardised(value: npt.ArrayLike, prevalence: npt.ArrayLike) -> FloatArray:
    """Net benefit over its maximum, the prevalence (Kerr et al., 2016)."""
    return np.asarray(np.asarray(value, np.float64) / np.asarray(prevalence, np.float64))


def interventions_avoided(
    value: npt.ArrayLike, prevalence: npt.ArrayLike, t: npt.ArrayLike
) -> FloatArray:
    """Interventions spared per person against treating all, no case missed (Vickers, 2006).

    (NB − NB of treating all)/(t/(1−t)). At t = 0 an intervention costs nothing: −infinity where
    a case is missed, NaN where none is.
    """
    gain = np.asarray(value, dtype=np.float64) - treat_all(prevalence, t)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(gain / odds(t))


def threshold_probability(threshold: float, trained_at: float, prevalence: float) -> float:
    """The t that a threshold on a calibrated probability stands for at a target prevalence."""
    return float(prior_shift(threshold, trained_at, prevalence))


def harm_ratio_probability(cost_ratio: float) -> float:
    """t for a cost ratio R = cost of a miss / cost of a false alarm: 1/(1 + R)."""
    if not cost_ratio > 0:
        raise ValueError(f"Expected a cost ratio above 0, found {cost_ratio}.")
    return 1.0 / (1.0 + cost_ratio)


def net_benefit_estimate(
    metrics: Metrics, prevalence: float, t: float, source: Source = "given"
) -> NetBenefit:
    """Net benefit with its interval, prevalence and t taken as known.

    Limits combine those of sensitivity and specificity (Zou and Donner, 2008). Raises ValueError
    unless the prevalence is strictly between 0 and 1 and 0 ≤ t < 1.
    """
    pi = open_fraction(prevalence, "prevalence")
    if not 0 <= t < 1:
        raise ValueError(f"Expected a threshold probability t with 0 ≤ t < 1, found {t}.")
    alarm = (1 - pi) * t / (1 - t)
    value = weighted_sum([(pi, metrics.sensitivity), (alarm, metrics.specificity)], -alarm)
    return _net_benefit(value, pi, t, source)


def _net_benefit(value: Estimate, pi: float, t: float, source: Source) -> NetBenefit:
    every = float(treat_all(pi, t))
    return NetBenefit(
        t=t,
        prevalence=pi,
        source=source,
        net_benefit=value,
        standardised=_scaled(value, 1 / pi, 0.0),
        interventions_avoided=_scaled(value, (1 - t) / t if t > 0 else np.inf, every),
        treat_all=every,
    )


def _scaled(e: Estimate, factor: float, less: float) -> Estimate:
    value, low, high = ((x - less) * factor for x in (e.value, e.low, e.high))
    return Estimate(value, low, high, e.n, e.method)
