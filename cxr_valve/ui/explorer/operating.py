"""The operating point a state stands for, computed as the browser does."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cxr_valve.evaluation.calibration import prior_shift, safe_logit
from cxr_valve.evaluation.checks import FloatArray
from cxr_valve.evaluation.net_benefit import harm_ratio_probability
from cxr_valve.evaluation.operating_point import Counts, counts_at
from cxr_valve.evaluation.rules import Rule, choose_threshold
from cxr_valve.ui.explorer.payload import LIMIT
from cxr_valve.ui.explorer.source import Calibrated, Source
from cxr_valve.ui.explorer.state import State


@dataclass(frozen=True)
class Operating:
    """Threshold, rule and prevalence in force; NaN threshold for a bare table.

    ``follows`` where t is the threshold's own, moved to the prevalence; otherwise the cost of a
    miss set it.
    """

    threshold: float
    rule: str
    prevalence: float
    t: float
    follows: bool = False


def operating(source: Source, state: State, presets: tuple[float, ...] = ()) -> Operating:
    """What the state means on this source, gaps filled as the browser fills them."""
    own = source.prevalence if 0 < source.prevalence < 1 else None
    prevalence = state.prevalence or own or (presets[0] if presets else 0.1)
    rule = state.rule
    if not rule or (rule == "own" and source.own is None):
        preferred = "own" if source.own else "youden"
        rule = preferred if state.threshold is None else "manual"
    chosen = _chosen(source, rule, prevalence, state.ratio)
    if rule != "own" and state.threshold is not None and _thinned(source):
        # The browser chose among fewer points, and what it shows is what counts.
        chosen = state.threshold
    threshold = state.threshold if chosen is None else chosen
    if threshold is None:
        threshold = 0.5 if source.cohort is not None else math.nan
    if state.follow and source.calibrated is not None:
        t = float(followed_t(source.calibrated, threshold, prevalence))
        return Operating(threshold, rule, prevalence, t, follows=True)
    return Operating(threshold, rule, prevalence, harm_ratio_probability(state.ratio))


def followed_t(calibrated: Calibrated, threshold: npt.ArrayLike, prevalence: float) -> FloatArray:
    """The threshold probability that thresholds on a calibrated score stand for."""
    probability = calibrated.platt.apply(safe_logit(np.asarray(threshold, dtype=np.float64)))
    return np.asarray(prior_shift(probability, calibrated.prevalence, prevalence))


def library_rule(rule: str, ratio: float) -> Rule | None:
    """The evaluation library's rule, or None for one that only this page knows."""
    if rule in ("", "own", "manual"):
        return None
    return Rule("cost", ratio) if rule == "cost" else Rule.parse(rule)


def _chosen(source: Source, rule: str, prevalence: float, ratio: float) -> float | None:
    if rule == "own":
        return source.own.threshold if source.own else None
    found = library_rule(rule, ratio)
    if (
        found is None
        or source.cohort is None
        or not 0 < source.cohort.positives < len(source.cohort)
    ):
        return None
    return choose_threshold(source.cohort.labels, source.cohort.scores, found, prevalence)


def _thinned(source: Source) -> bool:
    return source.cohort is not None and len(np.unique(source.cohort.scores)) > LIMIT


def counts_of(source: Source, threshold: float) -> Counts | None:
    """The whole-number 2×2 table at a threshold; None for a model, which has none."""
    if source.cohort is not None:
        return counts_at(source.cohort.labels, source.cohort.scores, threshold)
    if source.model is not None:
        published = source.own is not None and threshold == source.own.threshold
        return source.counts if published else None
    return source.counts
