"""Sensitivity and AUC by grade, and what they become when the mix of grades changes."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cxr_valve.evaluation.checks import FloatArray, paired
from cxr_valve.evaluation.intervals import Estimate, critical_value
from cxr_valve.evaluation.metrics import PROPORTIONS, ProportionMethod, weighted_sum
from cxr_valve.evaluation.operating_point import is_positive
from cxr_valve.evaluation.roc import newcombe, placements


@dataclass(frozen=True, eq=False)
class GradeAucs:
    """AUC of the positives of each grade against all negatives.

    ``names`` of the k grades, ``values`` and ``positives`` of shape (k,), ``covariance`` of the
    values, shape (k, k): NaN on the diagonal of a grade with one positive, and everywhere with
    fewer than two negatives.
    """

    names: tuple[str, ...]
    values: FloatArray
    covariance: FloatArray
    positives: FloatArray
    negatives: int


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
    names = _of_positives(grades, y)
    hit = is_positive(s[y], threshold)
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
    shares = shares_of(mix, by_grade.keys())
    return weighted_sum([(share, by_grade[grade]) for grade, share in shares.items()])


def effective_positives(by_grade: Mapping[str, Estimate], mix: Mapping[str, float]) -> float:
    """How many positives count at a mix, were all its grades found alike: 1/Σ(share²/n).

    Kish's (1965) effective size: all of them at the mix they came in, fewer at any other. A grade
    of few cases that were all found, or all missed, then claims no certainty of its own; where
    grades differ, as they do, intervals are a little wider than they need be.
    """
    shares = shares_of(mix, by_grade.keys())
    return float(1 / sum(share**2 / by_grade[grade].n for grade, share in shares.items()))


def auc_by_grade(labels: npt.ArrayLike, scores: npt.ArrayLike, grades: npt.ArrayLike) -> GradeAucs:
    """The AUC of each grade and how they vary together.

    By the components of DeLong et al. (1988): positives of two grades are different people and so
    independent; the negatives are the same for every grade. Grades of negatives are ignored.
    Values are NaN without negatives. Raises ValueError where no positive is scored.
    """
    y, s = paired(labels, scores)
    own = _of_positives(grades, y)
    names = tuple(dict.fromkeys(own.tolist()))
    if not names:
        raise ValueError(f"Expected positives with a grade, found none among {len(y)} cases.")
    negatives = int((~y).sum())
    if not negatives:
        unknown = np.full(len(names), np.nan)
        counts = np.array([(own == name).sum() for name in names], dtype=np.float64)
        return GradeAucs(names, unknown, np.diag(unknown), counts, 0)
    groups = [s[y][own == name] for name in names]
    counts = np.array([len(group) for group in groups], dtype=np.float64)
    below, above = zip(*(_placed(group, s[~y]) for group in groups), strict=True)
    values = np.array([part.mean() for part in below])
    with np.errstate(invalid="ignore"):
        of_grades = [part.var(ddof=1) / len(part) if len(part) > 1 else np.nan for part in below]
        shared = np.cov(np.stack(above)) / negatives if negatives > 1 else np.nan
    covariance = np.diag(of_grades) + np.broadcast_to(shared, (len(names),) * 2)
    return GradeAucs(names, values, covariance, counts, negatives)


def auc_at_mix(by_grade: GradeAucs, mix: Mapping[str, float], level: float = 0.95) -> Estimate:
    """Σ share·AUC over grades, the shares taken as known (direct standardisation).

    With DeLong's normal interval; where its variance is zero or undefined, as in ``auc_delong``
    Newcombe's, with 1/Σ(share²/n) positives: as many as would vary so little were all grades
    alike. ``n`` counts the cases of the grades with a share and the negatives. Raises ValueError
    as ``sensitivity_at_mix``.
    """
    shares = shares_of(mix, by_grade.names)
    used = [by_grade.names.index(name) for name in shares]
    weights, counts = np.array(list(shares.values())), by_grade.positives[used]
    value = float(weights @ by_grade.values[used])
    variance = float(weights @ by_grade.covariance[np.ix_(used, used)] @ weights)
    n = int(counts.sum()) + by_grade.negatives
    if math.isnan(value):
        return Estimate(value, math.nan, math.nan, n, "DeLong")
    if not variance > 1e-15:
        alike = float(1 / (weights**2 / counts).sum())
        return replace(newcombe(value, alike, by_grade.negatives, level), n=n)
    half = critical_value(level) * math.sqrt(variance)
    return Estimate(value, max(0.0, value - half), min(1.0, value + half), n, "DeLong")


def shares_of(mix: Mapping[str, float], known: Collection[str]) -> dict[str, float]:
    """The grades of ``mix`` with a share, and their shares, rescaled to sum to 1.

    Raises ValueError for a negative weight, for weights that sum to 0, and for a grade that is
    not ``known``.
    """
    total = float(sum(mix.values()))
    if not total > 0 or min(mix.values()) < 0:
        raise ValueError(f"Expected shares ≥ 0 that do not all vanish, found {dict(mix)}.")
    unknown = [name for name, share in mix.items() if share > 0 and name not in known]
    if unknown:
        raise ValueError(
            f"Expected grades among {sorted(known)}, found {unknown[0]!r}: "
            "no positive of that grade was scored."
        )
    return {name: share / total for name, share in mix.items() if share > 0}


def mix_in_words(mix: Mapping[str, float]) -> str:
    """The shares as people read them: mild 50%, severe 50%."""
    total = sum(mix.values())
    return ", ".join(f"{grade} {share / total:.0%}" for grade, share in mix.items())


def _of_positives(grades: npt.ArrayLike, positive: npt.NDArray[np.bool_]) -> npt.NDArray[np.str_]:
    names = np.asarray(grades, dtype=str)
    if names.shape != positive.shape:
        raise ValueError(f"Expected {len(positive)} grades, one per label, found {names.size}.")
    return names[positive]


def _placed(positives: FloatArray, negatives: FloatArray) -> tuple[FloatArray, FloatArray]:
    labels = np.r_[np.ones(len(positives), bool), np.zeros(len(negatives), bool)]
    return placements(labels, np.r_[positives, negatives])
