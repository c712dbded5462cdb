"""Which exam labels a radiograph: by patient and days, or as the source itself has linked them."""

import numpy as np
import pandas as pd

from train.cohort.rules import CohortRules
from train.cohort.source import Source
from train.cohort.targets import Target


def pair(source: Source, rules: CohortRules, target: Target) -> pd.DataFrame:
    """For each radiograph what its exams say, indexed as ``source.radiographs``.

    Columns:
        exams: how many exams lie in the window.
        graded: how many of them have a grade or value.
        rank: place of the grade among the target's grades, NaN without one; for a continuous
            target NaN throughout.
        value: of a continuous target, NaN throughout for a binary one.
        days: exam minus radiograph, of the exam that counts (the nearest one for "all").
        prosthesis: the exam that counts or an earlier one of the patient names a prosthesis.
    """
    pairs = _linked(source) if source.linked else _near(source, rules.window_days)
    pairs = pairs.assign(
        rank=_rank(pairs, target),
        value=_column(pairs, f"value_{target.key}", np.nan).astype(float),
        prosthesis=_column(pairs, f"prosthesis_{target.key}", False).astype(bool),
        unread=_column(pairs, f"unread_{target.key}", False).astype(bool),
    )
    if rules.missing_as_negative and target.kind == "binary":
        pairs["rank"] = _missing_as_best(pairs)
    pairs["graded"] = pairs["rank"].notna() | pairs["value"].notna()
    rows = source.radiographs.index
    chosen = _chosen(pairs, rules)
    counts = pairs.groupby("radiograph")["graded"].agg(["size", "sum"]).reindex(rows, fill_value=0)
    told = chosen.reindex(rows)
    return pd.DataFrame(
        {
            "exams": counts["size"].astype(int),
            "graded": counts["sum"].astype(int),
            "rank": told["rank"].astype(float),
            "value": told["value"].astype(float),
            "days": told["days"].astype(float),
            "prosthesis": told["prosthesis"].fillna(False).astype(bool)
            | _earlier_prosthesis(source, target),
        },
        index=rows,
    )


def _column(pairs: pd.DataFrame, name: str, otherwise: object) -> "pd.Series":
    return pairs[name] if name in pairs else pd.Series(otherwise, index=pairs.index)


def _rank(pairs: pd.DataFrame, target: Target) -> "pd.Series[float]":
    words = _column(pairs, f"grade_{target.key}", "")
    return words.map({grade: float(at) for at, grade in enumerate(target.grades)}).astype(float)


def _missing_as_best(pairs: pd.DataFrame) -> "pd.Series[float]":
    """Ranks where an empty grade is the best one, but none that could not be read.

    Nor is an empty one of a radiograph that has such an exam too: reports put into words what is
    abnormal, so a word that nobody understood is no sign of health.
    """
    unread = pairs.groupby("radiograph")["unread"].transform("any")
    ranks: pd.Series[float] = pairs["rank"]
    return ranks.mask(ranks.isna() & ~unread, 0.0)


def _linked(source: Source) -> pd.DataFrame:
    return source.exams.assign(radiograph=source.radiographs.index, days=np.nan)


def _near(source: Source, window: int) -> pd.DataFrame:
    """Every pair of a radiograph and an exam of the same patient within the window."""
    shots = source.radiographs[["patient", "taken"]].assign(radiograph=source.radiographs.index)
    shots = shots[(shots["patient"] != "") & shots["taken"].notna()]
    exams = source.exams[source.exams["date"].notna() & (source.exams["patient"] != "")]
    pairs = shots.merge(exams, on="patient")
    days = (pairs["date"] - pairs["taken"]).dt.days.astype(float)
    return pd.DataFrame(pairs.assign(days=days)[days.abs() <= window])


def _chosen(pairs: pd.DataFrame, rules: CohortRules) -> pd.DataFrame:
    """The exam that counts for each radiograph; one with a grade before one without."""
    # What decides a tie must not depend on the order of the rows.
    ties = ["rank", "value"]
    first = ["days"] if rules.pairing == "first" else ["distance", "days"]
    ordered = pairs.assign(ungraded=~pairs["graded"], distance=pairs["days"].abs()).sort_values(
        ["radiograph", "ungraded", *first, *ties],
        ascending=[True, True, *(True for _ in first), False, True],
        kind="stable",
    )
    chosen = ordered.drop_duplicates("radiograph").set_index("radiograph")
    if rules.pairing == "all":
        grouped = pairs.groupby("radiograph")
        chosen["rank"] = grouped["rank"].max()
        chosen["value"] = grouped["value"].mean()
        chosen["prosthesis"] = grouped["prosthesis"].any()
    return chosen


def _earlier_prosthesis(source: Source, target: Target) -> "pd.Series[bool]":
    """Whether an exam up to the day of the radiograph named a prosthesis: none goes away again."""
    rows = source.radiographs
    name = f"prosthesis_{target.key}"
    if source.linked or name not in source.exams:
        return pd.Series(False, index=rows.index)
    named = source.exams[source.exams[name].astype(bool) & source.exams["date"].notna()]
    first = named.groupby("patient")["date"].min().astype("datetime64[s]")
    since = first.reindex(rows["patient"]).set_axis(rows.index)
    return pd.Series(since.notna() & (since <= rows["taken"]), index=rows.index)
