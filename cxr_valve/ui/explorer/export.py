"""All operating points of a source as a CSV that a spreadsheet cannot run."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxr_valve.evaluation.checks import FloatArray
from cxr_valve.evaluation.metrics import point_metrics
from cxr_valve.evaluation.net_benefit import net_benefit
from cxr_valve.evaluation.prevalence import npv_at, ppv_at, predictive_at_rates
from cxr_valve.evaluation.safe_export import safe_csv
from cxr_valve.evaluation.severity import mix_in_words
from cxr_valve.ui.explorer.mixture import mixed_sensitivity
from cxr_valve.ui.explorer.operating import Operating, followed_t
from cxr_valve.ui.explorer.payload import Json, Points, bounds, operating_points
from cxr_valve.ui.explorer.source import Source


def points_csv(source: Source, point: Operating, mix: dict[str, float] | None = None) -> str:
    """One row an operating point: counts, rates with limits, and values at the prevalence.

    With a severity ``mix``, what depends on sensitivity is at that mix, and says so.
    """
    points = operating_points(source)
    se, sp, size = points.sensitivity, points.specificity, points.positives
    columns: dict[str, object] = {"threshold": points.thresholds, **_counts(points, source)}
    columns |= {"sensitivity": se, "specificity": sp}
    limits = bounds(points)
    if limits is not None:
        columns |= _with_limits(columns, limits)
    sizes = np.full(len(se), math.nan if size is None else size)
    if mix:
        found = [mixed_sensitivity(source, t, mix) for t in points.thresholds.tolist()]
        se, sizes = np.array([[f.estimate.value, f.positives] for f in found]).T
        columns["sensitivity_at_mix"] = se
        columns["sensitivity_at_mix_low"] = [f.estimate.low for f in found]
        columns["sensitivity_at_mix_high"] = [f.estimate.high for f in found]
        columns["mix"] = mix_in_words(mix)
    columns["prevalence"] = point.prevalence
    columns |= _predictive(se, sp, sizes, points.negatives, point.prevalence)
    t = _ts(source, point, points)
    columns |= {"t": t, "net_benefit": net_benefit(se, sp, point.prevalence, t)}
    columns |= {
        "n": size + points.negatives if size is not None and points.negatives is not None
        else "not published",
        "interval": "Clopper–Pearson 95%; at the prevalence Mercaldo" if limits else "none",
        "source": source.title,
        "nature": nature(source),
    }  # fmt: skip
    return safe_csv(pd.DataFrame(columns))


def _counts(points: Points, source: Source) -> dict[str, object]:
    """The 2×2 tables: whole numbers of cases, expectations of a model."""
    n1, n0 = points.positives, points.negatives
    if n1 is None or n0 is None:
        return {}
    digits = 0 if source.kind != "model" else 3
    tp = np.round(np.nan_to_num(points.sensitivity) * n1, digits)
    tn = np.round(np.nan_to_num(points.specificity) * n0, digits)
    whole = {"tp": tp, "fn": n1 - tp, "fp": n0 - tn, "tn": tn}
    return {name: x.astype(int) if digits == 0 else x for name, x in whole.items()}


def _with_limits(columns: dict[str, object], limits: Json) -> dict[str, object]:
    """Rates and their limits, and what else these cases give at their own prevalence."""
    tp, fn, fp, tn = (np.asarray(columns[name]) for name in ("tp", "fn", "fp", "tn"))
    found = point_metrics(tp, fn, fp, tn)
    columns = {}
    for name in ("sensitivity", "specificity"):
        columns[f"{name}_low"], columns[f"{name}_high"] = limits[name]
    for name in ("ppv", "npv", "accuracy"):
        columns[f"{name}_in_sample"] = found[name]
        columns[f"{name}_in_sample_low"], columns[f"{name}_in_sample_high"] = limits[name]
    return columns


def _predictive(
    se: FloatArray, sp: FloatArray, sizes: FloatArray, negatives: int | None, prevalence: float
) -> dict[str, object]:
    """PPV and NPV at the prevalence, with limits where it is known how many cases there are."""
    if negatives is None or not negatives or not np.all(sizes > 0):
        return {
            "ppv_at_prevalence": ppv_at(se, sp, prevalence),
            "npv_at_prevalence": npv_at(se, sp, prevalence),
        }
    pairs = [
        predictive_at_rates(float(a), float(b), float(n), negatives, prevalence)
        for a, b, n in zip(se, sp, sizes, strict=True)
    ]
    columns: dict[str, object] = {}
    for place, name in enumerate(("ppv", "npv")):
        found = [pair[place] for pair in pairs]
        columns[f"{name}_at_prevalence"] = [e.value for e in found]
        columns[f"{name}_at_prevalence_low"] = [e.low for e in found]
        columns[f"{name}_at_prevalence_high"] = [e.high for e in found]
    return columns


def _ts(source: Source, point: Operating, points: Points) -> npt.ArrayLike:
    """t of each row: that of its own threshold where t follows, else the one that was set."""
    if not point.follows or source.calibrated is None:
        return point.t
    return followed_t(source.calibrated, points.thresholds, point.prevalence)


def nature(source: Source) -> str:
    """What kind of evidence the numbers are."""
    if source.simulated:
        return "simulated radiographs, evidence about nobody"
    return "binormal model of published figures, not data" if source.model else "data as given"
