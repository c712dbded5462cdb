"""Each split in figures: what a Table 1 shows."""

import pandas as pd

from train.cohort.card import SPLITS, SplitSummary
from train.cohort.targets import Target


def summarise(table: pd.DataFrame, target: Target) -> dict[str, SplitSummary]:
    """Counts, prevalence or value, age, sex, view and severity of each split of a cohort table."""
    return {name: _one(table[table["split"] == name], target) for name in SPLITS}


def _one(rows: pd.DataFrame, target: Target) -> SplitSummary:
    binary = target.kind == "binary"
    values = rows["target"].astype(float)
    sex = rows["sex"][rows["sex"] != ""]
    grades = rows["grade"].value_counts()
    return SplitSummary(
        images=len(rows),
        patients=int(rows["patient"].nunique()),
        positives=int(values.sum()) if binary else None,
        prevalence=_number(values.mean()) if binary else None,
        target_mean=None if binary else _number(values.mean()),
        target_sd=None if binary else _number(values.std()),
        age_mean=_number(rows["age"].mean()),
        age_sd=_number(rows["age"].std()),
        female_share=_number((sex == "F").mean()) if len(sex) else None,
        views={str(name or "unknown"): int(n) for name, n in rows["view"].value_counts().items()},
        grades={grade: int(grades.get(grade, 0)) for grade in target.grades},
    )


def _number(value: float) -> float | None:
    return None if pd.isna(value) else float(value)
