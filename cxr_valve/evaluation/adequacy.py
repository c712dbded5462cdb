"""Is an interval narrow enough to act on, and how many cases would make it so."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from cxr_valve.evaluation.checks import open_fraction
from cxr_valve.evaluation.intervals import (
    Estimate,
    clopper_pearson_bounds,
    critical_value,
    wilson_bounds,
)
from cxr_valve.evaluation.metrics import Metrics, ProportionMethod

# A sensitivity known to ±10 points can still be acted on; wider intervals are warned about.
WIDEST_USEFUL = 0.20
_MOST = 10_000_000
_BOUNDS = {"clopper-pearson": clopper_pearson_bounds, "wilson": wilson_bounds}


@dataclass(frozen=True)
class Adequacy:
    """Whether the interval of one metric is narrow enough.

    ``n`` and ``needed`` count what stands in the metric's own denominator (for a sensitivity,
    positives). ``needed`` is None where the metric is undefined.
    """

    metric: str
    estimate: Estimate
    widest: float
    needed: int | None

    @property
    def enough(self) -> bool:
        """Whether the interval is at most ``widest`` wide."""
        return self.estimate.width <= self.widest

    def sentence(self) -> str:
        """The finding in words."""
        e, name = self.estimate, self.metric
        if not e.defined:
            return f"{name}: undefined, none of these cases enters it."
        width = f"{e.low:.2f}–{e.high:.2f} is {e.width:.2f} wide on n = {e.n}"
        if self.enough:
            return f"{name}: {width}, narrow enough to act on."
        return f"{name}: {width}, too wide to act on; n = {self.needed} would be enough."


def cases_needed(
    proportion: float,
    width: float = WIDEST_USEFUL,
    *,
    method: ProportionMethod = "clopper-pearson",
    level: float = 0.95,
) -> int:
    """Smallest n whose interval at this observed proportion (0 to 1) is at most ``width`` wide.

    Found by bisection on the interval itself, fractional successes allowed. Raises ValueError
    for a proportion outside 0–1 or a width not strictly between 0 and 1.
    """
    if not 0 <= proportion <= 1:
        raise ValueError(f"Expected a proportion from 0 to 1, found {proportion}.")
    open_fraction(width, "width")

    def wide(n: int) -> float:
        low, high = _BOUNDS[method](proportion * n, n, level)
        return float(high - low)

    return _smallest(wide, width, least=1)


def auc_interval_width(
    auc: float, positives: float, negatives: float, level: float = 0.95
) -> float:
    """Expected width of the interval of an AUC, by the variance of Hanley and McNeil (1982).

    Raises ValueError for an AUC not strictly between 0 and 1, or fewer than one of a class.
    """
    theta = open_fraction(auc, "auc")
    if min(positives, negatives) < 1:
        raise ValueError(
            f"Expected at least one of each class, found {positives:g} positives and "
            f"{negatives:g} negatives."
        )
    q1, q2 = theta / (2 - theta), 2 * theta**2 / (1 + theta)
    spread = theta * (1 - theta)
    spread += (positives - 1) * (q1 - theta**2) + (negatives - 1) * (q2 - theta**2)
    return 2 * critical_value(level) * math.sqrt(spread / (positives * negatives))


def auc_cases_needed(
    auc: float, prevalence: float, width: float = 0.10, level: float = 0.95
) -> int:
    """Images, at this prevalence, whose AUC interval would be at most ``width`` wide.

    By ``auc_interval_width``, always with at least two of each class.
    """
    theta, pi = open_fraction(auc, "auc"), open_fraction(prevalence, "prevalence")

    def wide(n: int) -> float:
        return auc_interval_width(theta, max(2.0, pi * n), max(2.0, (1 - pi) * n), level)

    return _smallest(wide, width, least=4)


def _smallest(wide: Callable[[int], float], width: float, least: int) -> int:
    """The first n from ``least`` on whose interval is at most ``width`` wide, by bisection."""
    too_few, enough = least - 1, least
    while wide(enough) > width and enough < _MOST:
        too_few, enough = enough, enough * 2
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        too_few, enough = (middle, enough) if wide(middle) > width else (too_few, middle)
    return enough


def adequacy(
    metrics: Metrics,
    widest: float = WIDEST_USEFUL,
    *,
    method: ProportionMethod = "clopper-pearson",
    level: float = 0.95,
) -> tuple[Adequacy, ...]:
    """Sensitivity, specificity, PPV and NPV, each judged by the width of its interval."""
    return tuple(
        Adequacy(
            name,
            estimate,
            widest,
            cases_needed(estimate.value, widest, method=method, level=level)
            if estimate.defined
            else None,
        )
        for name, estimate in metrics.as_dict().items()
        if name in ("sensitivity", "specificity", "ppv", "npv")
    )
