"""What happened to held-out cases whose score was close to this one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cxr_valve.evaluation.checks import BoolArray, paired
from cxr_valve.evaluation.intervals import Estimate, clopper_pearson


@dataclass(frozen=True)
class Neighbours:
    """The cases that scored nearest: the share with the finding, and from where to where they
    scored (NaN of nobody). Far out, where few scored, the nearest are not near."""

    frequency: Estimate
    lowest: float
    highest: float


def observed_frequency(
    labels: npt.ArrayLike, scores: npt.ArrayLike, at: float, *, k: int = 50, level: float = 0.95
) -> Neighbours:
    """The ``k`` held-out scores nearest to ``at``; the share of positives by Clopper–Pearson.

    Scores as far away as the k-th are all taken, so that the answer does not depend on the order
    of tied rows; ``n`` says how many that made. With fewer than ``k`` cases, all are taken.
    Undefined without cases; raises ValueError for k < 1 or a NaN ``at``.
    """
    y, s = paired(labels, scores)
    _check(at, k > 0, f"Expected k ≥ 1, found {k}.")
    distance = np.abs(s - at)
    reach = np.partition(distance, k - 1)[k - 1] if k < len(s) else np.inf
    near = distance <= reach
    if not near.any():
        return Neighbours(_frequency(y, level), np.nan, np.nan)
    return Neighbours(_frequency(y[near], level), float(s[near].min()), float(s[near].max()))


def frequency_within(
    labels: npt.ArrayLike, scores: npt.ArrayLike, at: float, *, window: float, level: float = 0.95
) -> Estimate:
    """Share of positives among scores within ``window`` of ``at``, ends included.

    Undefined where no score is that near; raises ValueError for a window that is not positive.
    """
    y, s = paired(labels, scores)
    _check(at, window > 0, f"Expected a window above 0, found {window}.")
    return _frequency(y[np.abs(s - at) <= window], level)


def _frequency(labels: BoolArray, level: float) -> Estimate:
    return clopper_pearson(int(labels.sum()), len(labels), level)


def _check(at: float, fine: bool, message: str) -> None:
    if not fine:
        raise ValueError(message)
    if np.isnan(at):
        raise ValueError("Expected a number as score, found NaN.")
