"""Precision against recall, at the sample's prevalence or re-weighted to another."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from cxr_valve.evaluation.checks import FloatArray, open_fraction, paired
from cxr_valve.evaluation.intervals import Estimate, critical_value, undefined
from cxr_valve.evaluation.prevalence import ppv_at
from cxr_valve.evaluation.roc import roc_curve


@dataclass(frozen=True, eq=False)
class PrecisionRecall:
    """Points from the strictest threshold to the laxest, arrays of shape (k,).

    ``baseline`` is the precision of flagging at random, the prevalence.
    """

    thresholds: FloatArray
    precision: FloatArray
    recall: FloatArray
    baseline: float


def precision_recall(
    labels: npt.ArrayLike, scores: npt.ArrayLike, prevalence: float | None = None
) -> PrecisionRecall:
    """Precision and recall at each distinct score.

    With ``prevalence``, π·se/(π·se + (1−π)·fpr) replaces the sample's precision, as if classes
    were drawn at that prevalence. Values of a missing class are NaN.
    """
    y, s = paired(labels, scores)
    curve = roc_curve(y, s)
    own = float(y.mean()) if len(y) else math.nan
    pi = own if prevalence is None else open_fraction(prevalence, "prevalence")
    recall, fpr = curve.sensitivity[1:], curve.false_positive_rate[1:]
    if prevalence is None and (own == 0 or own == 1):
        precision = np.full(len(recall), own)
    else:
        precision = ppv_at(recall, 1 - fpr, pi)
    return PrecisionRecall(curve.thresholds[1:], precision, recall, pi)


def average_precision(
    labels: npt.ArrayLike,
    scores: npt.ArrayLike,
    prevalence: float | None = None,
    level: float = 0.95,
) -> Estimate:
    """Σ (Rₖ − Rₖ₋₁)·Pₖ over the curve, with the logit interval of Boyd, Eng and Page (2013).

    Its standard error on the logit scale is 1/√(n₁·AP·(1−AP)), n₁ positives (``n`` here): that of
    the sample's own prevalence. At another the few negatives near the top weigh so much that it
    would hold the truth far too seldom, so there is none; ``bootstrap`` gives one. Undefined where
    a class is missing.
    """
    y, _ = paired(labels, scores)
    positives = int(y.sum())
    if positives in (0, len(y)):
        return undefined("logit", positives)
    curve = precision_recall(labels, scores, prevalence)
    gained = np.diff(np.r_[0.0, curve.recall])
    value = float(np.sum(gained[gained > 0] * curve.precision[gained > 0]))
    if not 1e-12 < value < 1 - 1e-12:
        return Estimate(value, math.nan, math.nan, positives, "logit, no interval at 0 or 1")
    if prevalence is not None and abs(prevalence - positives / len(y)) > 1e-9:
        return Estimate(value, math.nan, math.nan, positives, "no interval off the sample")
    half = critical_value(level) / math.sqrt(positives * value * (1 - value))
    centre = math.log(value / (1 - value))
    return Estimate(
        value, float(expit(centre - half)), float(expit(centre + half)), positives, "logit"
    )
