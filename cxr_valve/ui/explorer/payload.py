"""What travels to the browser once per source: operating points, their intervals, the curves."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cxr_valve.evaluation.checks import FloatArray
from cxr_valve.evaluation.cohort import ScoreTable
from cxr_valve.evaluation.intervals import Estimate, clopper_pearson_bounds
from cxr_valve.evaluation.report import finite
from cxr_valve.evaluation.rules import Rule, choose_threshold
from cxr_valve.findings import FINDINGS
from cxr_valve.ui.explorer.calibration_data import calibration_data
from cxr_valve.ui.explorer.grade_data import grade_aucs, grade_data, histogram
from cxr_valve.ui.explorer.source import Source
from cxr_valve.ui.frame import FINDING_COLOURS

Json = dict[str, Any]
#: Operating points sent at most. Of more, the browser's rules choose among those that are sent.
LIMIT = 2000
OTHER_COLOUR = "#e69f00"


@dataclass(frozen=True, eq=False)
class Points:
    """Operating points from the strictest to the laxest; counts may be fractions for a model.

    ``positives`` and ``negatives`` are None where they are unknown: rates then have no interval.
    ``thinned`` where there are more points than are sent: thresholds then snap to those there are.
    """

    thresholds: FloatArray
    sensitivity: FloatArray
    specificity: FloatArray
    positives: int | None
    negatives: int | None
    published: int | None = None
    thinned: bool = False


def build_payload(source: Source) -> Json:
    """The JSON document of one source; numbers that are undefined are null."""
    points = operating_points(source)
    axis = _axis(source, points)
    document: Json = {
        "key": source.descriptor,
        "kind": source.kind,
        "title": source.title,
        "notes": list(source.notes),
        "simulated": source.simulated,
        "finding": finding_data(source.finding),
        "prevalence": source.prevalence,
        "positives": points.positives,
        "negatives": points.negatives,
        "axis": axis,
        "points": {
            "threshold": points.thresholds.tolist(),
            "sensitivity": _short(points.sensitivity, 12),
            "specificity": _short(points.specificity, 12),
        },
        "published": points.published,
        "thinned": points.thinned,
        "bounds": bounds(points),
        "auc": _auc(source),
        "own": asdict(source.own) if source.own else None,
        "calibrated": _calibrated(source),
        "scale": source.scale,
        "histogram": histogram(source, points),
        "grades": grade_data(source, points.thresholds),
        "gradeAucs": grade_aucs(source),
        "calibration": calibration_data(source),
    }
    return dict(finite(document))


def operating_points(source: Source) -> Points:
    """At most ``LIMIT`` operating points, Youden's and the card's among them."""
    if source.cohort is not None:
        return _score_points(source)
    if source.model is not None:
        return _model_points(source)
    counts = source.counts
    assert counts is not None, "a source without scores or model has counts"
    se = counts.tp / counts.positives if counts.positives else math.nan
    sp = counts.tn / counts.negatives if counts.negatives else math.nan
    one = np.array([math.nan]), np.array([se]), np.array([sp])
    return Points(*one, counts.positives, counts.negatives)


def _score_points(source: Source) -> Points:
    cohort = source.cohort
    assert cohort is not None, "scored cases"
    table = ScoreTable(cohort.labels, cohort.scores)
    every = table.candidates()
    distinct = len(every)
    if len(every) > LIMIT:
        wanted = [0.0, *([source.own.threshold] if source.own else [])]
        if 0 < cohort.positives < len(cohort):
            wanted.append(choose_threshold(cohort.labels, cohort.scores, Rule("youden")))
        kept = table.operating_points(LIMIT - len(wanted)).thresholds
        # A threshold stands at an observed score, so that the table it gives is its own.
        place = [float(every[max(int((every >= t).sum()) - 1, 0)]) for t in wanted]
        every = np.unique(np.r_[kept, place])[::-1]
    found = table.at(every)
    with np.errstate(invalid="ignore"):
        return Points(
            found.thresholds,
            found.tp / np.float64(table.positives),
            found.tn / np.float64(table.negatives),
            table.positives,
            table.negatives,
            thinned=len(found.thresholds) < distinct,
        )


def _model_points(source: Source) -> Points:
    model, own = source.model, source.own
    assert model is not None, "a model"
    assert own is not None, "its published point"
    low, high = _model_range(model.a, model.b)
    # Whole steps, so that a threshold reads as a short number.
    grid = np.arange(round(low / 0.01), round(high / 0.01) + 1) * 0.01
    thresholds = np.unique(np.r_[np.round(grid, 2), own.threshold])[::-1]
    sensitivity, specificity = (x.copy() for x in model.at(thresholds))
    place = int(np.flatnonzero(thresholds == own.threshold)[0])
    counts = source.counts
    if counts is None:
        return Points(thresholds, sensitivity, specificity, None, None, place)
    # At the published point the published table itself, not the model's rounding of it.
    sensitivity[place] = counts.tp / counts.positives
    specificity[place] = counts.tn / counts.negatives
    return Points(thresholds, sensitivity, specificity, counts.positives, counts.negatives, place)


def _model_range(a: float, b: float) -> tuple[float, float]:
    """Where both normal densities have all but nothing outside."""
    return min(-3.5, (a - 3.2) / b), max(3.5, (a + 3.2) / b)


def bounds(points: Points) -> Json | None:
    """Clopper–Pearson limits of every proportion at every point; null where n is unknown.

    ``f1`` holds those of TP/(TP+FP+FN), of which F1 is a monotone function.
    """
    if points.positives is None or points.negatives is None:
        return None
    n1, n0 = points.positives, points.negatives
    tp, tn = np.nan_to_num(points.sensitivity) * n1, np.nan_to_num(points.specificity) * n0
    if points.published is None:
        tp, tn = np.rint(tp), np.rint(tn)
    fn, fp = n1 - tp, n0 - tn
    proportions = {
        "sensitivity": (tp, tp + fn),
        "specificity": (tn, tn + fp),
        "ppv": (tp, tp + fp),
        "npv": (tn, tn + fn),
        "accuracy": (tp + tn, np.full_like(tp, n1 + n0)),
        "alert": (tp + fp, np.full_like(tp, n1 + n0)),
        "f1": (tp, tp + fp + fn),
    }
    found = {}
    for name, (k, n) in proportions.items():
        low, high = clopper_pearson_bounds(np.minimum(k, n), n)
        found[name] = [_short(low), _short(high)]
    return found


def finding_data(key: str) -> Json:
    """Name, colour and prevalence presets of a finding, or of a finding of the user's own."""
    finding = FINDINGS.get(key)
    if finding is None:
        return {
            "key": "",
            "short": "the finding",
            "name": "the finding",
            "colour": OTHER_COLOUR,
            "presets": [],
        }
    return {
        "key": key,
        "short": finding.short,
        "name": finding.name,
        "colour": FINDING_COLOURS[key],
        "presets": [asdict(preset) for preset in finding.presets],
    }


def _auc(source: Source) -> Json | None:
    if source.cohort is not None:
        found = ScoreTable(source.cohort.labels, source.cohort.scores).auc()
        return asdict(found)
    if source.model is None:
        return None
    model = source.model
    said = "model" if model.exact else f"model; published {model.published_auc:.2f}"
    return asdict(Estimate(model.auc, math.nan, math.nan, 0, said))


def _calibrated(source: Source) -> Json | None:
    if source.calibrated is None:
        return None
    return {**asdict(source.calibrated.platt), "prevalence": source.calibrated.prevalence}


def _axis(source: Source, points: Points) -> Json | None:
    if source.kind == "table":
        return None
    if source.kind == "model":
        low, high = float(points.thresholds[-1]), float(points.thresholds[0])
        label = "Threshold on the model’s scale (people without the finding: N(0, 1))"
        return {"low": low, "high": high, "step": 0.01, "label": label}
    return {"low": 0.0, "high": 1.0, "step": 0.001, "label": "Threshold on the score"}


def _short(values: FloatArray, digits: int = 7) -> list[float]:
    """Rounded to so many significant digits, which keeps the document small."""
    return [float(f"{value:.{digits}g}") for value in values.tolist()]
