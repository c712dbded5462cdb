"""Scores by class and, where grades are known, by grade: rates, AUC, counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr

from cxr_valve.evaluation.checks import FloatArray
from cxr_valve.evaluation.intervals import clopper_pearson_bounds
from cxr_valve.evaluation.operating_point import positives_from
from cxr_valve.evaluation.severity import auc_by_grade
from cxr_valve.findings import FINDINGS
from cxr_valve.ui.explorer.source import Source

if TYPE_CHECKING:
    from cxr_valve.ui.explorer.payload import Points

BINS = 40
MOST_GRADES = 6


def grade_names(source: Source) -> list[str]:
    """Grades that positives of this source have, from best to worst; empty where not known."""
    cohort = source.cohort
    if cohort is None or cohort.grade is None:
        return []
    found = set(cohort.grade[cohort.labels].tolist())
    if "" in found or not 2 <= len(found) <= MOST_GRADES:
        return []
    order = FINDINGS[source.finding].grades if source.finding in FINDINGS else ()
    return sorted(found, key=lambda g: (order.index(g) if g in order else len(order), g))


def grade_data(source: Source, thresholds: FloatArray) -> list[dict[str, Any]]:
    """For each grade its positives, and their sensitivity with limits at every threshold."""
    cohort = source.cohort
    found = []
    for name in grade_names(source):
        assert cohort is not None, "grades belong to cases"
        assert cohort.grade is not None, "and are known here"
        scores = np.sort(cohort.scores[cohort.labels & (cohort.grade == name)])
        hits = positives_from(scores, thresholds)
        low, high = clopper_pearson_bounds(hits, len(scores))
        found.append(
            {
                "name": name,
                "n": len(scores),
                "tp": hits.tolist(),
                "low": np.round(low, 6).tolist(),
                "high": np.round(high, 6).tolist(),
            }
        )
    return found


def grade_aucs(source: Source) -> dict[str, Any] | None:
    """AUC of each grade against all negatives, with their covariance; None where not known."""
    cohort, names = source.cohort, grade_names(source)
    if cohort is None or cohort.grade is None or not names or cohort.positives == len(cohort):
        return None
    found = auc_by_grade(cohort.labels, cohort.scores, cohort.grade)
    order = [found.names.index(name) for name in names]
    return {
        "values": found.values[order].tolist(),
        "covariance": found.covariance[np.ix_(order, order)].tolist(),
    }


def histogram(source: Source, points: Points) -> dict[str, Any] | None:
    """Counts by bin of score and class (by grade where known); densities for a model."""
    cohort, model = source.cohort, source.model
    if model is not None:
        edges = np.linspace(points.thresholds[-1], points.thresholds[0], 97)
        without, having = np.diff(ndtr(edges)), np.diff(ndtr(model.b * edges - model.a))
        return {
            "edges": edges.tolist(),
            "model": True,
            "groups": [
                {"name": "without", "positive": False, "share": without.tolist()},
                {"name": "with", "positive": True, "share": having.tolist()},
            ],
        }
    if cohort is None:
        return None
    edges = np.linspace(0, 1, BINS + 1)
    groups = [_group("without", False, cohort.scores[~cohort.labels], edges)]
    names = grade_names(source)
    for name in names:
        assert cohort.grade is not None, "grades are known here"
        chosen = cohort.labels & (cohort.grade == name)
        groups.append(_group(name, True, cohort.scores[chosen], edges))
    if not names:
        groups.append(_group("with", True, cohort.scores[cohort.labels], edges))
    return {"edges": edges.tolist(), "model": False, "groups": groups}


def _group(name: str, positive: bool, scores: FloatArray, edges: FloatArray) -> dict[str, Any]:
    counts = np.histogram(scores, edges)[0]
    return {"name": name, "positive": positive, "count": counts.tolist()}
