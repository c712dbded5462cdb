"""Every number a 2×2 table gives, for one table or for arrays of tables, and its interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cxr_valve.evaluation.checks import FloatArray
from cxr_valve.evaluation.intervals import (
    Estimate,
    clopper_pearson,
    critical_value,
    undefined,
    wilson,
)
from cxr_valve.evaluation.operating_point import Counts

ProportionMethod = Literal["clopper-pearson", "wilson"]
Proportion = Callable[[int, int, float], Estimate]
PROPORTIONS: dict[ProportionMethod, Proportion] = {
    "clopper-pearson": clopper_pearson,
    "wilson": wilson,
}


@dataclass(frozen=True)
class Metrics:
    """The metrics of one 2×2 table, each with its interval.

    Ratios run from 0 to infinity, ``mcc`` from −1 to 1, ``number_needed_to_evaluate`` (alerts per
    true positive, 1/PPV) from 1 to infinity, all others from 0 to 1.
    """

    sensitivity: Estimate
    specificity: Estimate
    ppv: Estimate
    npv: Estimate
    accuracy: Estimate
    balanced_accuracy: Estimate
    f1: Estimate
    mcc: Estimate
    lr_positive: Estimate
    lr_negative: Estimate
    dor: Estimate
    alert_rate: Estimate
    number_needed_to_evaluate: Estimate

    def as_dict(self) -> dict[str, Estimate]:
        """Name to estimate, in the order above."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def point_metrics(
    tp: npt.ArrayLike, fn: npt.ArrayLike, fp: npt.ArrayLike, tn: npt.ArrayLike
) -> dict[str, FloatArray]:
    """The same metrics without intervals, for count arrays of any one shape.

    Undefined entries (0/0) are NaN and x/0 is infinity. Keys are the fields of ``Metrics``.
    """
    a, b, c, d = (np.asarray(x, dtype=np.float64) for x in (tp, fn, fp, tn))
    n, positives, negatives = a + b + c + d, a + b, c + d
    with np.errstate(invalid="ignore", divide="ignore"):
        sensitivity, specificity = a / positives, d / negatives
        margins = np.sqrt(positives * negatives) * np.sqrt((a + c) * (b + d))
        values = {
            "sensitivity": sensitivity,
            "specificity": specificity,
            "ppv": a / (a + c),
            "npv": d / (b + d),
            "accuracy": (a + d) / n,
            "balanced_accuracy": (sensitivity + specificity) / 2,
            "f1": 2 * a / (2 * a + b + c),
            "mcc": (a * d - b * c) / margins,
            "lr_positive": (a * negatives) / (c * positives),
            "lr_negative": (b * negatives) / (d * positives),
            "dor": (a * d) / (b * c),
            "alert_rate": (a + c) / n,
            "number_needed_to_evaluate": (a + c) / a,
        }
    return {name: np.asarray(value) for name, value in values.items()}


def metrics(
    counts: Counts, method: ProportionMethod = "clopper-pearson", level: float = 0.95
) -> Metrics:
    """All metrics of a 2×2 table, each with an interval that treats the images as independent.

    Proportions by ``method``; F1 through the proportion TP/(TP+FP+FN), of which it is a monotone
    function; balanced accuracy by combining the two limits (Zou and Donner, 2008); MCC by its
    large-sample variance on Fisher's scale (Bishop, Fienberg and Holland, 1975); LR± and DOR by
    the log method (Simel, Samsa and Matchar, 1991; Woolf, 1955). Where patients give several
    images use ``bootstrap`` instead.
    """
    c, proportion = counts, PROPORTIONS[method]
    sensitivity = proportion(c.tp, c.positives, level)
    specificity = proportion(c.tn, c.negatives, level)
    ppv = proportion(c.tp, c.tp + c.fp, level)
    return Metrics(
        sensitivity=sensitivity,
        specificity=specificity,
        ppv=ppv,
        npv=proportion(c.tn, c.tn + c.fn, level),
        accuracy=proportion(c.tp + c.tn, c.n, level),
        balanced_accuracy=weighted_sum([(0.5, sensitivity), (0.5, specificity)]),
        f1=_f1(c, proportion, level),
        mcc=_mcc(c, level),
        lr_positive=_log_ratio(c.tp, c.positives, c.fp, c.negatives, level),
        lr_negative=_log_ratio(c.fn, c.positives, c.tn, c.negatives, level),
        dor=_dor(c, level),
        alert_rate=proportion(c.tp + c.fp, c.n, level),
        number_needed_to_evaluate=inverse(ppv),
    )


def weighted_sum(parts: list[tuple[float, Estimate]], constant: float = 0.0) -> Estimate:
    """Σ wᵢ·θᵢ + constant for independent estimates, limits by MOVER (Zou and Donner, 2008).

    Keeps the skewness of each part's own interval. Undefined where a part with weight is.
    """
    used = [(w, e) for w, e in parts if w != 0.0]
    n = sum(e.n for _, e in used)
    if not all(e.defined for _, e in used):
        return undefined("MOVER", n)
    value = sum(w * e.value for w, e in used) + constant
    down = sum((w * (e.value - (e.low if w > 0 else e.high))) ** 2 for w, e in used)
    up = sum((w * (e.value - (e.high if w > 0 else e.low))) ** 2 for w, e in used)
    base = used[0][1].method if used else ""
    method = f"MOVER ({base})" if base else "MOVER"
    return Estimate(value, value - math.sqrt(down), value + math.sqrt(up), n, method)


def inverse(estimate: Estimate) -> Estimate:
    """1/θ with the limits of θ turned over; infinite over zero."""
    if not estimate.defined:
        return estimate

    def over(x: float) -> float:
        return 1.0 / x if x > 0 else math.inf

    low, high = over(estimate.high), over(estimate.low)
    return Estimate(over(estimate.value), low, high, estimate.n, estimate.method)


def _f1(c: Counts, proportion: Proportion, level: float) -> Estimate:
    # F1 = 2J/(1+J) with J = TP/(TP+FP+FN) rises with J, so the limits of J carry over.
    j = proportion(c.tp, c.tp + c.fp + c.fn, level)
    value, low, high = (2 * x / (1 + x) for x in (j.value, j.low, j.high))
    return Estimate(value, low, high, j.n, j.method)


def _mcc(c: Counts, level: float) -> Estimate:
    phi = float(point_metrics(c.tp, c.fn, c.fp, c.tn)["mcc"])
    if math.isnan(phi):
        return undefined("Fisher z", c.n)
    if abs(phi) > 1 - 1e-12:
        # The variance vanishes at ±1, where Fisher's scale has no end either.
        return Estimate(phi, math.nan, math.nan, c.n, "Fisher z, no interval at ±1")
    row, column = c.positives / c.n, (c.tp + c.fp) / c.n
    lean_row, lean_column = 1 - 2 * row, 1 - 2 * column
    var_row, var_column = row * (1 - row), column * (1 - column)
    spread = (
        1
        - phi**2
        + phi * (1 + phi**2 / 2) * lean_row * lean_column / math.sqrt(var_row * var_column)
        - 0.75 * phi**2 * (lean_row**2 / var_row + lean_column**2 / var_column)
    )
    se = math.sqrt(max(spread, 0.0) / c.n) / (1 - phi**2)
    centre, half = math.atanh(phi), critical_value(level) * se
    return Estimate(phi, math.tanh(centre - half), math.tanh(centre + half), c.n, "Fisher z")


def _log_ratio(k1: int, n1: int, k2: int, n2: int, level: float) -> Estimate:
    """(k1/n1)/(k2/n2) on the log scale; ½ joins each cell where one is zero (limits only).

    A proportion of 1 would otherwise count as known for certain.
    """
    if not n1 or not n2 or (k1 == 0 and k2 == 0):
        return undefined("log", n1 + n2)
    value = (k1 * n2) / (k2 * n1) if k2 else math.inf
    add = 0.0 if min(k1, n1 - k1, k2, n2 - k2) else 0.5
    p, q = (k1 + add) / (n1 + 2 * add), (k2 + add) / (n2 + 2 * add)
    se = math.sqrt(max(0.0, (1 - p) / (k1 + add) + (1 - q) / (k2 + add)))
    low, high = _exp_limits(math.log(p / q), se, level)
    return Estimate(value, *_including(value, low, high), n1 + n2, _named("log", add))


def _dor(c: Counts, level: float) -> Estimate:
    """TP·TN/(FN·FP) on the log scale (Woolf, 1955); ½ joins each cell where one is zero."""
    above, below = c.tp * c.tn, c.fn * c.fp
    if not above and not below:
        return undefined("log", c.n)
    add = 0.0 if above and below else 0.5
    a, b, x, d = (count + add for count in (c.tp, c.fn, c.fp, c.tn))
    se = math.sqrt(1 / a + 1 / b + 1 / x + 1 / d)
    low, high = _exp_limits(math.log(a * d / (b * x)), se, level)
    value = above / below if below else math.inf
    return Estimate(value, *_including(value, low, high), c.n, _named("log", add))


def _exp_limits(centre: float, se: float, level: float) -> tuple[float, float]:
    half = critical_value(level) * se
    return math.exp(centre - half), math.exp(centre + half)


def _including(value: float, low: float, high: float) -> tuple[float, float]:
    # A ratio of 0 or infinity lies outside limits computed with ½ added; they must hold it.
    return min(low, value), max(high, value)


def _named(method: str, added: float) -> str:
    return f"{method}, ½ added" if added else method
