"""A split in full, as plain data: figures, resampled intervals, curves, grades and subgroups."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxr_valve import cards
from cxr_valve.evaluation.bootstrap import bootstrap
from cxr_valve.evaluation.calibration import Platt, safe_logit
from cxr_valve.evaluation.cohort import Cohort, ScoreTable
from cxr_valve.evaluation.intervals import Estimate
from cxr_valve.evaluation.operating_point import counts_at
from cxr_valve.evaluation.reliability import calibration, smooth_calibration
from cxr_valve.evaluation.roc import auc_delong
from cxr_valve.evaluation.severity import sensitivity_by_grade
from train.evaluate.binary import proportions

#: Ages in years: from, up to but not including, and what the group is called.
AGE_BANDS = ((0, 45, "under 45"), (45, 60, "45–59"), (60, 75, "60–74"), (75, 200, "75 and older"))
#: A group with fewer radiographs of either class (or of a value, in all) says little.
FEW = 10
FEW_VALUES = 30
CURVE_POINTS = 400
Figures = Callable[[pd.DataFrame], dict[str, Estimate]]
FIGURES = ("auc", "sensitivity", "specificity", "accuracy", "ppv", "npv")


@dataclass(frozen=True)
class Group:
    """A subgroup of a split: what makes it, its size, its figures, and whether it is small."""

    by: str
    name: str
    images: int
    patients: int
    positives: int | None
    small: bool
    figures: dict[str, Estimate]


def binary_detail(
    scores: pd.DataFrame, threshold: float, platt: cards.Calibration
) -> dict[str, Any]:
    """One split of a finding that is there or not; ``scores`` are its rows of scores.csv."""
    labels, score = scores["label"].to_numpy(int), scores["score"].to_numpy(float)
    probability = Platt(platt.a, platt.b).apply(safe_logit(score))

    def figures(rows: pd.DataFrame) -> dict[str, Estimate]:
        y, s = rows["label"].to_numpy(int), rows["score"].to_numpy(float)
        return {"auc": auc_delong(y, s)} | proportions(counts_at(y, s, threshold))

    return {
        **_size(scores),
        "positives": int(labels.sum()),
        "counts": asdict(counts_at(labels, score, threshold)),
        "figures": as_json(figures(scores)),
        "by_patient": as_json(_by_patient(scores, threshold)),
        "roc": _curve(labels, score),
        "calibration": _calibration(labels, probability),
        "by_grade": as_json(_by_grade(scores, threshold)),
        "subgroups": [
            asdict(group) for group in subgroups(scores, figures, _few_of_a_class, positives=True)
        ],
    }


def subgroups(
    scores: pd.DataFrame,
    figures: Figures,
    small: Callable[[pd.DataFrame], bool],
    *,
    positives: bool,
) -> Iterator[Group]:
    """Groups by sex, age band and view, in that order, each with its figures."""
    for by, names in (("sex", _named(scores["sex"])), ("age", age_bands(scores["age"])),
                      ("view", _named(scores["view"]))):  # fmt: skip
        bands = [band[2] for band in AGE_BANDS]
        found = sorted(
            set(names), key=lambda n: (n == "not stated", n in bands and bands.index(n), n)
        )
        for name in found:
            rows = scores[names == name]
            yield Group(
                by=by,
                name=str(name),
                images=len(rows),
                patients=int(rows["patient"].nunique()),
                positives=int(rows["label"].sum()) if positives else None,
                small=small(rows),
                figures=figures(rows),
            )


def age_bands(ages: pd.Series) -> NDArray[np.str_]:
    """The band of each age; "not stated" where there is none."""
    years = pd.to_numeric(ages, errors="coerce").to_numpy(float)
    names = np.full(len(years), "not stated", dtype="U20")
    for low, high, name in AGE_BANDS:
        names[(years >= low) & (years < high)] = name
    return names


def as_json(estimates: dict[str, Estimate]) -> dict[str, Any]:
    """Estimates as plain dictionaries."""
    return {name: asdict(estimate) for name, estimate in estimates.items()}


def _size(scores: pd.DataFrame) -> dict[str, int]:
    return {"images": len(scores), "patients": int(scores["patient"].nunique())}


def _named(column: pd.Series) -> NDArray[np.str_]:
    text = column.fillna("").astype(str).str.strip()
    return text.where(text != "", "not stated").to_numpy(dtype="U40")


def _few_of_a_class(rows: pd.DataFrame) -> bool:
    positives = int(rows["label"].sum())
    return min(positives, len(rows) - positives) < FEW


def _by_patient(scores: pd.DataFrame, threshold: float) -> dict[str, Estimate]:
    """Intervals from resampling patients, where some have several radiographs; else nothing."""
    if scores["patient"].nunique() == len(scores):
        return {}
    cohort = Cohort(
        scores["label"].to_numpy(int) == 1,
        scores["score"].to_numpy(float),
        patients=scores["patient"].astype(str).to_numpy(object),
    )
    found = bootstrap(cohort, threshold).estimates()
    return {name: found[name] for name in FIGURES}


def _by_grade(scores: pd.DataFrame, threshold: float) -> dict[str, Estimate]:
    grades = _named(scores["grade"])
    return sensitivity_by_grade(
        scores["label"].to_numpy(int), scores["score"].to_numpy(float), grades, threshold
    )


def _curve(labels: NDArray[np.int_], score: NDArray[np.float64]) -> dict[str, list[float]]:
    points = ScoreTable(labels, score).operating_points(CURVE_POINTS)
    rates = points.metrics()
    return {
        "thresholds": points.thresholds.tolist(),
        "sensitivity": rates["sensitivity"].tolist(),
        "false_positive_rate": (1 - rates["specificity"]).tolist(),
    }


def _calibration(labels: NDArray[np.int_], probability: NDArray[np.float64]) -> dict[str, Any]:
    found = asdict(calibration(labels, probability, strategy="quantile"))
    at, observed = smooth_calibration(labels, probability)
    return found | {"smooth": {"probability": at.tolist(), "observed": observed.tolist()}}
