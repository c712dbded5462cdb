"""What the flow and the card of a cohort say in words."""

import pandas as pd

from train.cohort.card import SPLITS
from train.cohort.flow import KEPT, LISTED
from train.cohort.rules import CohortRules
from train.cohort.targets import Target


def step_words(rules: CohortRules, target: Target, *, hashed: bool) -> dict[str, str]:
    """Each step of the flow in words; ``hashed`` says whether images were looked at."""
    later = "" if hashed else " (images not looked at yet)"
    value = "grade" if target.kind == "binary" else "value"
    return {
        LISTED: "Radiographs listed",
        "unusable": "No patient id or no readable date",
        "no_exam": f"No echo exam within ±{rules.window_days} days",
        "no_grade": f"No {value} of {target.name} in the exam",
        "prosthesis": "Prosthetic or repaired valve",
        "lateral": "Lateral or other view than frontal",
        "unreadable": f"Unreadable or missing image{later}",
        "duplicate": f"Copy of an image already there{later}",
        "conflict": f"Copies of an image with different labels{later}",
        KEPT: "Radiographs kept",
    }


def nothing_left(left: "pd.Series[str]", rules: CohortRules, target: Target) -> str:
    """Why no radiograph stayed: the step at which most left, and what may be behind it."""
    words = step_words(rules, target, hashed=True)
    counts = left.value_counts()
    most = f"{counts.iloc[0]:,} of {len(left):,} left at “{words[counts.index[0]]}”"
    advice = ""
    if counts.index[0] == "no_exam":
        advice = (
            " If exams should match, compare how both tables write patient ids and dates, or widen "
            "the window."
        )
    return f"Expected at least one radiograph to stay, found none: {most}.{advice}"


def warnings(kept: pd.DataFrame, target: Target, joined: int) -> list[str]:
    """What a reader should see before training on the kept rows."""
    found = []
    if joined:
        found.append(
            f"{joined:,} patient ids share an image with another id and count as one patient each "
            "group, so that neither crosses a split."
        )
    unknown = int((kept["view"] == "").sum())
    if unknown:
        found.append(
            f"{unknown:,} radiographs kept do not say which view they show; they count as frontal."
        )
    if target.kind == "binary":
        for name in SPLITS:
            values = kept["target"][kept["split"] == name]
            if values.nunique() < 2:
                lacking = "negatives" if len(values) and values.iloc[0] == 1 else "positives"
                found.append(f"The {name} split has no {lacking}: it cannot be trained or judged.")
    return found
