"""From logits to probabilities, from one prevalence to another, and to a hospital's own data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit as logit_exact

from cxr_valve.evaluation.checks import (
    BoolArray,
    FloatArray,
    need_both_classes,
    open_fraction,
    paired,
)

# A probability nearer than this to 0 or 1 is taken as this, to keep its logit finite.
SMALLEST_PROBABILITY = 1e-9


@dataclass(frozen=True)
class Platt:
    """Logistic calibration p = σ(a·logit + b) (Platt, 1999); a = 1, b = 0 changes nothing."""

    a: float
    b: float

    def apply(self, logits: npt.ArrayLike) -> FloatArray:
        """Probabilities in [0, 1], of the shape of ``logits``."""
        return np.asarray(expit(self.a * np.asarray(logits, dtype=np.float64) + self.b))


def safe_logit(probabilities: npt.ArrayLike) -> FloatArray:
    """Natural log odds, kept finite by pulling 0 and 1 in by ``SMALLEST_PROBABILITY``."""
    p = np.asarray(probabilities, dtype=np.float64)
    return np.asarray(logit_exact(np.clip(p, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)))


def fit_platt(logits: npt.ArrayLike, labels: npt.ArrayLike, *, smoothed: bool = False) -> Platt:
    """Calibration of ``logits`` (n,) on ``labels`` (n,) by unpenalised maximum likelihood.

    ``smoothed`` replaces the targets 1 and 0 by (N₊+1)/(N₊+2) and 1/(N₋+2) (Platt, 1999), which
    have a finite optimum even where the classes are separated.

    Raises ValueError for one class only, logits all equal, or (unless ``smoothed``) classes
    separated by the logit, whose likelihood has no maximum.
    """
    y, x = paired(labels, logits)
    need_both_classes(y, "a calibration")
    spread = float(np.ptp(x))
    if spread == 0.0:
        raise ValueError(
            f"Expected logits that differ, found {x[0]:g} for all {len(x)} cases: "
            "a constant output cannot be calibrated."
        )
    if not smoothed and _separated(y, x):
        raise ValueError(
            f"Expected classes whose logits overlap, found {len(x)} cases separated without "
            "error: maximum likelihood has no finite answer. Add cases, or use smoothed=True."
        )
    return _logistic(x, _targets(y, smoothed))


def prior_shift(p: npt.ArrayLike, from_prevalence: float, to_prevalence: float) -> FloatArray:
    """A calibrated probability moved from one prevalence to another, of the shape of ``p``.

    p·r₁/(p·r₁ + (1−p)·r₀) with r₁ = π′/π and r₀ = (1−π′)/(1−π) (Saerens, Latinne and
    Decaestecker, 2002; Elkan, 2001). It assumes that scores are distributed within each class as
    before. 0 and 1 stay. Raises ValueError unless both prevalences lie strictly between 0 and 1
    and p within 0 and 1.
    """
    before = open_fraction(from_prevalence, "from_prevalence")
    after = open_fraction(to_prevalence, "to_prevalence")
    values = np.asarray(p, dtype=np.float64)
    if np.any((values < 0) | (values > 1)):
        raise ValueError("Expected probabilities from 0 to 1, found values outside.")
    with_finding = values * (after / before)
    without = (1 - values) * ((1 - after) / (1 - before))
    return np.asarray(with_finding / (with_finding + without))


def recalibrate_intercept(probabilities: npt.ArrayLike, labels: npt.ArrayLike) -> Platt:
    """The shift b that makes the mean probability equal the observed frequency, with a = 1.

    Maximum likelihood with the logit as offset (Cox, 1958; Steyerberg et al., 2004: update of the
    intercept). Apply the result to ``safe_logit(probabilities)``. Raises ValueError for one class.
    """
    y, p = paired(labels, probabilities)
    need_both_classes(y, "a recalibration")
    logits, target = safe_logit(p), float(y.mean())
    reach = float(np.abs(logits).max()) + abs(float(logit_exact(target))) + 1.0
    # Imported here: it takes a quarter of a second that no reading needs to wait for.
    from scipy.optimize import brentq

    shift = brentq(lambda b: float(expit(logits + b).mean()) - target, -reach, reach, xtol=1e-12)
    return Platt(1.0, float(shift))


def recalibrate(probabilities: npt.ArrayLike, labels: npt.ArrayLike) -> Platt:
    """Slope and intercept refitted on a user's data (Cox, 1958); errors as ``fit_platt``.

    Apply the result to ``safe_logit(probabilities)``.
    """
    y, p = paired(labels, probabilities)
    return fit_platt(safe_logit(p), y)


def _separated(y: BoolArray, x: FloatArray) -> bool:
    """Whether one cut of ``x`` divides the classes, ties at the cut allowed (Albert, 1984)."""
    return bool(x[y].min() >= x[~y].max() or x[y].max() <= x[~y].min())


def _targets(y: BoolArray, smoothed: bool) -> FloatArray:
    if not smoothed:
        return y.astype(np.float64)
    positives, negatives = int(y.sum()), int((~y).sum())
    return np.where(y, (positives + 1) / (positives + 2), 1 / (negatives + 2))


def _logistic(x: FloatArray, targets: FloatArray) -> Platt:
    """Unpenalised logistic regression of fractional targets: each case counts for both classes."""
    # Imported here: scikit-learn takes most of a second, and the explorer must start at once.
    from sklearn.linear_model import LogisticRegression

    centre, scale = float(x.mean()), float(x.std())
    column = ((x - centre) / scale)[:, None]
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=200)
    model.fit(
        np.concatenate([column, column]),
        np.r_[np.ones(len(x)), np.zeros(len(x))],
        sample_weight=np.r_[targets, 1 - targets],
    )
    a = float(model.coef_[0, 0]) / scale
    return Platt(a, float(model.intercept_[0]) - a * centre)
