"""One operating point where the positives come in another mix of grades than the sample's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from cxr_valve.evaluation.bootstrap import bootstrap_at_mix
from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.intervals import Estimate
from cxr_valve.evaluation.metrics import ProportionMethod, metrics
from cxr_valve.evaluation.operating_point import counts_at
from cxr_valve.evaluation.severity import (
    auc_at_mix,
    auc_by_grade,
    effective_positives,
    sensitivity_at_mix,
    sensitivity_by_grade,
    shares_of,
)
from cxr_valve.evaluation.target import AtPrevalence, Target, at_prevalence


@dataclass(frozen=True)
class AtMix:
    """What depends on how ill the positives are, by direct standardisation.

    ``shares`` of the grades sum to 1. ``at`` is None where the sample has one class and no
    prevalence was given.
    """

    shares: dict[str, float]
    auc: Estimate
    sensitivity: Estimate
    at: AtPrevalence | None

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries and numbers."""
        return {
            "shares": self.shares,
            "auc": asdict(self.auc),
            "sensitivity": asdict(self.sensitivity),
            "at_prevalence": self.at.to_json() if self.at else None,
        }


def parse_mix(text: str) -> dict[str, float]:
    """``mild=60,severe=40`` as grade to weight.

    Raises ValueError naming the part that is no grade with a number from 0 up.
    """
    found: dict[str, float] = {}
    for part in text.split(","):
        grade, _, weight = (piece.strip() for piece in part.rpartition("="))
        try:
            share = float(weight)
        except ValueError:
            share = -1.0
        if not grade or grade in found or not 0 <= share < float("inf"):
            raise ValueError(
                f"Expected each grade once with its share, such as mild=60,severe=40; found "
                f"{part!r}."
            )
        found[grade] = share
    shares_of(found, found.keys())
    return found


def at_severity_mix(
    cohort: Cohort,
    threshold: float,
    mix: Mapping[str, float],
    target: Target | None,
    method: ProportionMethod = "clopper-pearson",
    level: float = 0.95,
) -> AtMix:
    """A threshold at a mix of the positives' grades, in ``target`` where there is one.

    Raises ValueError where no positive has a grade of the mix.
    """
    labels, scores = cohort.labels, cohort.scores
    grades = cohort.grade if cohort.grade is not None else np.full(len(cohort), "")
    by_grade = sensitivity_by_grade(labels, scores, grades, threshold, method=method, level=level)
    sensitivity = sensitivity_at_mix(by_grade, mix)
    counts = counts_at(labels, scores, threshold)
    at = None
    if target is not None:
        found = replace(metrics(counts, method, level), sensitivity=sensitivity)
        sizes = (effective_positives(by_grade, mix), float(counts.negatives))
        at = at_prevalence(found, sizes, target, level)
    auc = auc_at_mix(auc_by_grade(labels, scores, grades), mix, level)
    return AtMix(shares_of(mix, by_grade.keys()), auc, sensitivity, at)


def resampled_at_mix(
    found: AtMix, cohort: Cohort, threshold: float, replicates: int, seed: int, level: float
) -> AtMix:
    """The same with the limits of a bootstrap of patients."""
    drawn = bootstrap_at_mix(
        cohort,
        threshold,
        found.shares,
        prevalence=found.at.prevalence if found.at else None,
        t=found.at.net_benefit.t if found.at else None,
        replicates=replicates,
        seed=seed,
        level=level,
    ).estimates()
    at = found.at.resampled(drawn) if found.at else None
    return replace(found, auc=drawn["auc"], sensitivity=drawn["sensitivity"], at=at)
