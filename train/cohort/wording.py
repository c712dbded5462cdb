"""What the flow and the card of a cohort say in words."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from train.cohort.card import SPLITS, CohortCard, CohortError
from train.cohort.flow import KEPT, LISTED
from train.cohort.images import MISSING, OUTSIDE
from train.cohort.rules import CohortRules
from train.cohort.tables import Problem
from train.cohort.targets import Target

#: Of the reasons why images cannot be used, the commonest that are told.
MOST_REASONS = 3


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


#: What may be behind a step, or a reason why an image cannot be used, at which most left.
ADVICE = {
    "no_exam": "If exams should match, compare how both tables write patient ids and dates, or "
    "widen the window.",
    MISSING: "Compare the paths of the table with the files: --images names the folder that the "
    "paths of the table start from.",
    OUTSIDE: "A link that leads out of the export is followed only where --images names it: link "
    "the folder that the paths of the table start from, and name that link with --images.",
}


def nothing_left(
    rows: pd.DataFrame, problems: Sequence[Problem], rules: CohortRules, target: Target
) -> CohortError:
    """Why no radiograph stayed: the step at which most left, and all that may be behind it.

    ``rows`` as ``train.cohort.label.label`` gives them.
    """
    words = step_words(rules, target, hashed=True)
    counts = rows["left"].value_counts()
    step = str(counts.index[0])
    said = [f"{counts.iloc[0]:,} of {len(rows):,} left at “{words[step]}”."]
    said.append(ADVICE.get(step, ""))
    unread = rows.loc[rows["left"] == "unreadable", "unread"].value_counts()
    if len(unread):
        reasons = (f"{reason} ({count:,})" for reason, count in unread.head(MOST_REASONS).items())
        said += [f"What makes images unusable: {', '.join(reasons)}."]
        said.append(ADVICE.get(str(unread.index[0]), ""))
    told = " ".join(sentence for sentence in said if sentence)
    return explained(f"Expected at least one radiograph to stay, found none: {told}", problems)


def explained(message: str, problems: Sequence[Problem]) -> CohortError:
    """An error with what was passed over in the tables beneath it, a line each."""
    kept, spelled = (
        "\n".join((message, *(problem.sentence(spelled=cells) for problem in problems)))
        for cells in (False, True)
    )
    return CohortError(kept, spelled)


def spelled_out(card: CohortCard, problems: Sequence[Problem]) -> CohortCard:
    """The card with the cells' own text in its warnings: for the terminal, never to be kept."""
    spelled = {problem.sentence(): problem.sentence(spelled=True) for problem in problems}
    return replace(card, warnings=tuple(spelled.get(said, said) for said in card.warnings))


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
