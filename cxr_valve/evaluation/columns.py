"""Which column of a user's table is the label, the score, the patient, and so on: a guess."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace

import pandas as pd

# Names as people write them, the likeliest first; compared without case, spaces and punctuation.
NAMES: dict[str, tuple[str, ...]] = {
    "label": (
        *("label", "labels", "y", "ytrue", "truth", "groundtruth", "gt", "target", "outcome"),
        *("class", "finding", "diagnosis", "reference", "disease", "positive", "event"),
    ),
    "score": (
        *("score", "scores", "probability", "prob", "proba", "ypred", "yscore", "yprob", "p"),
        *("prediction", "predicted", "pred", "output", "risk", "confidence"),
    ),
    "patient": (
        *("patient", "patientid", "patientnumber", "subject", "subjectid", "mrn", "pid"),
        *("person", "personid", "participant", "participantid", "caseid"),
    ),
    "grade": ("grade", "severity", "stage", "degree"),
    "sex": ("sex", "gender", "patientsex"),
    "age": ("age", "ageyears", "patientage", "agey"),
    "view": ("view", "viewposition", "projection"),
}
POSITIVE_WORDS = frozenset({"1", "true", "t", "yes", "y", "positive", "pos", "present"})
NEGATIVE_WORDS = frozenset({"0", "false", "f", "no", "n", "negative", "neg", "absent"})


@dataclass(frozen=True)
class Columns:
    """The column that plays each part, None where there is none."""

    label: str | None = None
    score: str | None = None
    patient: str | None = None
    grade: str | None = None
    sex: str | None = None
    age: str | None = None
    view: str | None = None

    def given(self) -> dict[str, str]:
        """Part to column, without the parts nobody plays."""
        named = {f.name: getattr(self, f.name) for f in fields(self)}
        return {part: column for part, column in named.items() if column is not None}


def guess_columns(frame: pd.DataFrame, chosen: Columns | None = None) -> Columns:
    """Fill in the parts ``chosen`` leaves open, by name and then, for label and score, by content.

    By content only where one column alone fits: values 0/1 or yes/no for the label, numbers from
    0 to 1 that are not all 0 or 1 for the score. A column plays one part.
    """
    found = chosen or Columns()
    for part, names in NAMES.items():
        if getattr(found, part) is None:
            free = _free(frame, found)
            match = next((c for n in names for c in free if _plain(c) == n), None)
            match = match or _ending(part, free)
            found = replace(found, **{part: match})
    for part, fits in (("label", _is_label), ("score", _is_score)):
        if getattr(found, part) is None:
            candidates = [c for c in _free(frame, found) if fits(frame[c])]
            if len(candidates) == 1:
                found = replace(found, **{part: candidates[0]})
    return found


def as_number(cells: pd.Series[str]) -> pd.Series[float]:
    """Numbers of text cells, NaN where a cell is not a number."""
    return pd.to_numeric(cells, errors="coerce")


def _free(frame: pd.DataFrame, found: Columns) -> list[str]:
    taken = set(found.given().values())
    return [c for c in frame.columns if c not in taken]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _ending(part: str, free: list[str]) -> str | None:
    """A name such as ``mr_label`` or ``score (AS)``: one column that has the part's own word."""
    words = [c for c in free if part in re.split(r"[^a-z]+", c.lower())]
    return words[0] if len(words) == 1 else None


def _is_label(cells: pd.Series[str]) -> bool:
    words = {str(c).strip().lower().removesuffix(".0") for c in cells.head(10_000).unique()}
    both = bool(words & POSITIVE_WORDS) and bool(words & NEGATIVE_WORDS)
    return both and words <= POSITIVE_WORDS | NEGATIVE_WORDS


def _is_score(cells: pd.Series[str]) -> bool:
    numbers = as_number(cells.head(10_000))
    inside = bool(numbers.between(0, 1).all())
    return inside and not bool(numbers.isin([0, 1]).all())
