"""What a test means in a population: predictive values, Fagan's nomogram, natural frequencies."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from cxr_valve.evaluation.checks import FloatArray, open_fraction
from cxr_valve.evaluation.intervals import Estimate, critical_value, undefined
from cxr_valve.evaluation.operating_point import Counts

# Said wherever a number is moved to another prevalence.
TRANSPORT_ASSUMPTION = (
    "Sensitivity and specificity are assumed to carry over to the target population. They do not "
    "where its patients are less or more severely ill, are imaged otherwise (bedside, other "
    "devices), carry other diseases, or were referred because of the radiograph itself."
)


@dataclass(frozen=True)
class NaturalFrequencies:
    """Expected people per ``population``, not rounded; the four add up to it."""

    tp: float
    fn: float
    fp: float
    tn: float
    population: int

    def whole(self) -> Counts:
        """Whole people by largest remainders, so that the four still add up to the population."""
        exact = np.array([self.tp, self.fn, self.fp, self.tn])
        down = np.floor(exact + 1e-9).astype(np.int64)
        missing = self.population - int(down.sum())
        down[np.argsort(down - exact, kind="stable")[:missing]] += 1
        return Counts(*(int(x) for x in down))


@dataclass(frozen=True)
class Fagan:
    """One line of Fagan's nomogram (1975): probabilities and their places on its log-odds axes."""

    pre_test: float
    likelihood_ratio: float
    post_test: float
    log_odds_before: float
    log_likelihood_ratio: float
    log_odds_after: float


def ppv_at(
    sensitivity: npt.ArrayLike, specificity: npt.ArrayLike, prevalence: npt.ArrayLike
) -> FloatArray:
    """Positive predictive value by Bayes' theorem, arrays broadcast; NaN where nobody is flagged.

    All three in [0, 1] (Altman and Bland, 1994).
    """
    se, sp, pi = (np.asarray(x, dtype=np.float64) for x in (sensitivity, specificity, prevalence))
    with np.errstate(invalid="ignore"):
        return np.asarray(se * pi / (se * pi + (1 - sp) * (1 - pi)))


def npv_at(
    sensitivity: npt.ArrayLike, specificity: npt.ArrayLike, prevalence: npt.ArrayLike
) -> FloatArray:
    """Negative predictive value by Bayes' theorem; NaN where everybody is flagged."""
    se, sp, pi = (np.asarray(x, dtype=np.float64) for x in (sensitivity, specificity, prevalence))
    with np.errstate(invalid="ignore"):
        return np.asarray(sp * (1 - pi) / (sp * (1 - pi) + (1 - se) * pi))


def predictive_at_rates(
    sensitivity: float,
    specificity: float,
    n1: float,
    n0: float,
    prevalence: float,
    level: float = 0.95,
) -> tuple[Estimate, Estimate]:
    """PPV and NPV at a target prevalence from rates and the numbers of cases they rest on.

    With the logit intervals of Mercaldo, Lau and Zhou (2007), the prevalence taken as known:
    var(logit PPV) = (1−se)/(se·n₁) + sp/((1−sp)·n₀) and var(logit NPV) = se/((1−se)·n₁) +
    (1−sp)/(sp·n₀). Where a rate is 0 or 1 the limits come from their adjusted estimates (z²/2
    added to each count). Undefined where a rate is NaN, PPV where nobody is flagged and NPV where
    everybody is. ``n1`` may be the effective number of positives behind a standardised sensitivity
    (``severity.effective_positives``). Raises ValueError unless 0 < prevalence < 1.
    """
    pi, rates, sizes = open_fraction(prevalence, "prevalence"), (sensitivity, specificity), (n1, n0)
    ppv = float(ppv_at(sensitivity, specificity, pi))
    npv = float(npv_at(sensitivity, specificity, pi))
    return (
        _mercaldo(ppv, sizes, rates, logit(pi), True, level),
        _mercaldo(npv, sizes, rates, -logit(pi), False, level),
    )


def natural_frequencies(
    sensitivity: float, specificity: float, prevalence: float, population: int = 1000
) -> NaturalFrequencies:
    """How many of ``population`` people fall in each cell (Gigerenzer and Hoffrage, 1995)."""
    with_finding = population * prevalence
    without = population - with_finding
    return NaturalFrequencies(
        with_finding * sensitivity,
        with_finding * (1 - sensitivity),
        without * (1 - specificity),
        without * specificity,
        population,
    )


def fagan(pre_test: float, likelihood_ratio: float) -> Fagan:
    """Post-test probability: log odds before plus log likelihood ratio (Fagan, 1975).

    A ratio of 0 or infinity rules out or in. Raises ValueError for a negative ratio or a
    pre-test probability that is not strictly between 0 and 1.
    """
    before = open_fraction(pre_test, "pre_test")
    if not likelihood_ratio >= 0:
        raise ValueError(f"Expected a likelihood ratio ≥ 0, found {likelihood_ratio}.")
    log_before = math.log(before / (1 - before))
    log_ratio = math.log(likelihood_ratio) if likelihood_ratio > 0 else -math.inf
    after = log_before + log_ratio
    return Fagan(before, likelihood_ratio, float(expit(after)), log_before, log_ratio, after)


def _mercaldo(
    value: float,
    sizes: tuple[float, float],
    rates: tuple[float, float],
    log_odds: float,
    positive: bool,
    level: float,
) -> Estimate:
    """Logit limits; ``log_odds`` are those of being right before the test result is known."""
    (n1, n0), (se, sp) = sizes, rates
    n = round(n1 + n0)
    if math.isnan(value):
        return undefined("Mercaldo logit", n)
    z = critical_value(level)
    degenerate = any(rate <= 1e-12 or rate >= 1 - 1e-12 for rate in rates)
    add = z * z / 2 if degenerate else 0.0
    m1, m0 = n1 + 2 * add, n0 + 2 * add
    se, sp = (se * n1 + add) / m1, (sp * n0 + add) / m0
    # PPV weighs sensitivity against 1−specificity, NPV specificity against 1−sensitivity.
    right, wrong = (se, 1 - sp) if positive else (sp, 1 - se)
    n_right, n_wrong = (m1, m0) if positive else (m0, m1)
    variance = (1 - right) / (right * n_right) + (1 - wrong) / (wrong * n_wrong)
    centre, half = math.log(right / wrong) + log_odds, z * math.sqrt(variance)
    low, high = float(expit(centre - half)), float(expit(centre + half))
    method = "Mercaldo logit, adjusted" if degenerate else "Mercaldo logit"
    return Estimate(value, min(low, value), max(high, value), n, method)
