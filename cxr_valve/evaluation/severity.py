"""Sensitivity by grade, and what it becomes when the mix of grades changes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from cxr_valve.evaluation.checks import paired
from cxr_valve.evaluation.intervals import Estimate
from cxr_valve.evaluation.metrics import PROPORTIONS, ProportionMethod, weighted_sum
from cxr_valve.evaluation.operating_point import is_positive


def sensitivity_by_grade(
    labels: npt.ArrayLike,
    scores: npt.ArrayLike,
    grades: npt.ArrayLike,
    threshold: float,
    *,
    method: ProportionMethod = "clopper-pearson",
    level: float = 0.95,
) -> dict[str, Estimate]:
    """Sensitivity among the positives of each grade; ``n`` is their number.

    Grades of negatives are ignored. Keys in order of first appearance among positives.
    """
    y, s = paired(labels, scores)
    names = np.asarray(grades, dtype=str)
    if names.shape != y.shape:
        raise ValueError(f"Expected {len(y)} grades, one per label, found {names.size}.")
    hit, names = is_positive(s[y], threshold), names[y]
    found = dict.fromkeys(names.tolist())
    proportion = PROPORTIONS[method]
    return {
        name: proportion(int(hit[names == name].sum()), int((names == name).sum()), level)
        for name in found
    }


def observed_mix(by_grade: Mapping[str, Estimate]) -> dict[str, float]:
    """The share of each grade among these positives; sums to 1."""
    total = sum(e.n for e in by_grade.values())
    return {name: e.n / total for name, e in by_grade.items()} if total else {}


def sensitivity_at_mix(by_grade: Mapping[str, Estimate], mix: Mapping[str, float]) -> Estimate:
    """Σ share·sensitivity over grades, the shares taken as known (direct standardisation).

    ``mix`` maps grades to non-negative weights, rescaled to sum to 1. Limits combine those of
    the grades (Zou and Donner, 2008). Raises ValueError for a grade without positives here, a
    negative weight, or weights that sum to 0.
    """
    total = float(sum(mix.values()))
    if not total > 0 or min(mix.values()) < 0:
        raise ValueError(f"Expected shares ≥ 0 that do not all vanish, found {dict(mix)}.")
    unknown = [name for name, share in mix.items() if share > 0 and name not in by_grade]
    if unknown:
        raise ValueError(
            f"Expected grades among {sorted(by_grade)}, found {unknown[0]!r}: "
            "no positive of that grade was scored, so its sensitivity is unknown."
        )
    return weighted_sum([(share / total, by_grade[g]) for g, share in mix.items() if share > 0])


def effective_positives(by_grade: Mapping[str, Estimate], mix: Mapping[str, float]) -> float:
    """How many positives a plain sensitivity would need to be as certain as that of the mix.

    se·(1−se)/Σ share²·seᵢ·(1−seᵢ)/nᵢ: the n whose binomial variance is that of the weighted sum.
    Where every grade is found always or never that variance is 0, and all positives count.
    """
    total = float(sum(mix.values()))
    parts = [(share / total, by_grade[grade]) for grade, share in mix.items() if share > 0]
    value = sum(share * e.value for share, e in parts)
    variance = sum(share**2 * e.value * (1 - e.value) / e.n for share, e in parts)
    return value * (1 - value) / variance if variance > 0 else sum(e.n for e in by_grade.values())
