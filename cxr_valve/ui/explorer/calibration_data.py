"""The calibration of a source's probabilities, as the browser draws it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from cxr_valve.evaluation.calibration import prior_shift, safe_logit
from cxr_valve.evaluation.checks import FloatArray
from cxr_valve.evaluation.reliability import calibration, smooth_calibration
from cxr_valve.ui.explorer.source import Source

BINS = 10


def probabilities(source: Source) -> FloatArray:
    """The probability of each case: calibrated where the source says how, else the bare score.

    A calibrated one is that at the cases' own prevalence, from which they were observed.
    """
    cohort = source.cohort
    assert cohort is not None, "only scored cases have probabilities"
    if source.calibrated is None:
        return cohort.scores
    p = source.calibrated.platt.apply(safe_logit(cohort.scores))
    if not 0 < cohort.prevalence < 1:
        return p
    return np.asarray(prior_shift(p, source.calibrated.prevalence, cohort.prevalence))


def calibration_data(source: Source) -> dict[str, Any] | None:
    """Bins with intervals and counts, the smooth curve, and calibration in numbers.

    None where there are no probabilities: without scores, or where those are on another scale.
    """
    if source.cohort is None or not len(source.cohort) or source.scale:
        return None
    p = probabilities(source)
    found = calibration(source.cohort.labels, p, bins=BINS, strategy="quantile")
    x, y = smooth_calibration(source.cohort.labels, p)
    return {
        "bins": [
            {"x": b.mean_probability, "n": b.n, **_limits(asdict(b.observed))}
            for b in found.bins
            if b.n
        ],
        "smooth": [np.round(x, 5).tolist(), np.round(y, 5).tolist()],
        "slope": asdict(found.slope),
        "intercept": asdict(found.intercept),
        "brier": asdict(found.brier),
        "ece": found.ece,
        "calibrated": source.calibrated is not None,
    }


def _limits(observed: dict[str, Any]) -> dict[str, Any]:
    return {name: observed[name] for name in ("value", "low", "high")}
