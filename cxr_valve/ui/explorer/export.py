"""All operating points of a source as a CSV that a spreadsheet cannot run."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxr_valve.evaluation.net_benefit import net_benefit
from cxr_valve.evaluation.prevalence import npv_at, ppv_at
from cxr_valve.evaluation.safe_export import safe_csv
from cxr_valve.ui.explorer.operating import Operating
from cxr_valve.ui.explorer.payload import bounds, operating_points
from cxr_valve.ui.explorer.source import Source

_INTERVALS = ("sensitivity", "specificity", "ppv", "npv", "accuracy")


def points_csv(source: Source, point: Operating) -> str:
    """One row an operating point: counts, rates with limits, and values at the prevalence."""
    points = operating_points(source)
    se, sp = points.sensitivity, points.specificity
    columns: dict[str, object] = {"threshold": points.thresholds}
    n1, n0 = points.positives, points.negatives
    if n1 is not None and n0 is not None:
        digits = 0 if source.kind != "model" else 3
        tp, tn = np.round(np.nan_to_num(se) * n1, digits), np.round(np.nan_to_num(sp) * n0, digits)
        whole = {"tp": tp, "fn": n1 - tp, "fp": n0 - tn, "tn": tn}
        columns |= {name: x.astype(int) if digits == 0 else x for name, x in whole.items()}
    columns |= {"sensitivity": se, "specificity": sp}
    limits = bounds(points)
    for name in _INTERVALS if limits else ():
        assert limits is not None, "checked"
        columns[f"{name}_low"], columns[f"{name}_high"] = limits[name]
    columns |= {
        "prevalence": point.prevalence,
        "ppv_at_prevalence": ppv_at(se, sp, point.prevalence),
        "npv_at_prevalence": npv_at(se, sp, point.prevalence),
        "t": point.t,
        "net_benefit": net_benefit(se, sp, point.prevalence, point.t),
        "n": n1 + n0 if n1 is not None and n0 is not None else "not published",
        "interval": "Clopper–Pearson 95%" if limits else "none",
        "source": source.title,
        "nature": nature(source),
    }
    return safe_csv(pd.DataFrame(columns))


def nature(source: Source) -> str:
    """What kind of evidence the numbers are."""
    if source.simulated:
        return "simulated radiographs, evidence about nobody"
    return "binormal model of published figures, not data" if source.model else "data as given"
