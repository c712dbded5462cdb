"""Each listed radiograph with its label, its person and the step at which it leaves, if any."""

import pandas as pd

from cxr_valve.imaging.facts import normalise_view
from train.cohort.card import CohortError
from train.cohort.flow import FRONTAL, KEPT, copies, first_reason
from train.cohort.grades import grade_of_percent
from train.cohort.identity import persons, placeholders
from train.cohort.pairing import pair
from train.cohort.rules import CohortRules
from train.cohort.source import Source
from train.cohort.targets import Target

PLACEHOLDER = "a picture that stands for many patients"


def need_target(source: Source, target: Target) -> None:
    """Raise CohortError, naming what there is, where no exam holds the target."""
    if not source.has_target(target.key):
        known = sorted(
            name.split("_", 1)[1]
            for name in source.exams.columns
            if name.startswith(("grade_", "value_"))
        )
        raise CohortError(
            f"finding: expected one that the exams hold ({', '.join(known)}); found "
            f"{target.key!r}. Choose another, or name its column with --column."
        )


def label(
    source: Source, rules: CohortRules, target: Target, index: pd.DataFrame | None
) -> pd.DataFrame:
    """Every listed radiograph, with the columns of ``pair`` and besides:

    pixels, unread (what ``index`` knows; "" without it), view, person, target (0/1 or a value),
    grade, and left: a step of ``STEPS``, or "kept".
    """
    rows = source.radiographs.copy()
    seen = None if index is None else index.loc[rows["path"]].set_axis(rows.index)
    rows["pixels"] = "" if seen is None else seen["pixels"]
    rows["unread"] = "" if seen is None else seen["reason"]
    stand_in = placeholders(rows["patient"], rows["pixels"])
    rows.loc[stand_in, ["pixels", "unread"]] = ["", PLACEHOLDER]
    rows["view"], sideways = _views(rows["view"], None if seen is None else seen["view"])
    rows["person"] = persons(rows["patient"], rows["pixels"])
    paired = pair(source, rules, target)
    rows = rows.join(paired)
    if target.kind == "binary":
        start = target.grades.index(target.positive_from)
        rows["target"] = (rows["rank"] >= start).astype(float).where(rows["rank"].notna())
        names = dict(enumerate(target.grades))
        rows["grade"] = rows["rank"].map(names).fillna("")
    else:
        rows["target"] = rows["value"]
        rows["grade"] = grade_of_percent(rows["value"])
    undated = rows["taken"].isna() & (not source.linked)
    reasons = {
        "unusable": (rows["patient"] == "") | undated,
        "no_exam": rows["exams"] == 0,
        "no_grade": rows["graded"] == 0,
        "prosthesis": rows["prosthesis"] & rules.exclude_prosthesis,
        "lateral": sideways,
        "unreadable": rows["unread"] != "",
    }
    candidates = first_reason(reasons) == KEPT
    reasons["duplicate"], reasons["conflict"] = copies(candidates, rows["pixels"], rows["target"])
    rows["left"] = first_reason(reasons)
    return rows


def _views(
    listed: "pd.Series[str]", seen: "pd.Series[str] | None"
) -> tuple["pd.Series[str]", "pd.Series[bool]"]:
    """The view of each radiograph, and whether table or header says that it is not frontal."""
    words = {text: normalise_view(text) or "" for text in listed.unique()}
    told = listed.map(words)
    header = pd.Series("", index=listed.index) if seen is None else seen.fillna("")
    sideways = ((told != "") & ~told.isin(FRONTAL)) | ((header != "") & ~header.isin(FRONTAL))
    return told.where(told != "", header), sideways
