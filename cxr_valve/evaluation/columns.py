"""Which column of a user's table is the label, the score, the patient, and so on: a guess."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields, replace

import pandas as pd

# Names as people write them, the likeliest first; compared without case, spaces and punctuation.
NAMES: dict[str, tuple[str, ...]] = {
    "label": (
        *("label", "labels", "y", "ytrue", "truth", "groundtruth", "gt", "target", "outcome"),
        *("class", "finding", "diagnosis", "reference", "disease", "positive", "event"),
    ),
    "score": (
        *("score", "scores", "probability", "prob", "proba", "yscore", "yprob", "yproba", "ypred"),
        *("p",),
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
# Words by which a longer name is known: "mr_label", "score (AS)", "p_mr".
WORDS = {part: frozenset({part}) for part in NAMES} | {
    "score": frozenset({"score", "probability", "prob", "proba", "p"})
}
# A longer name that holds one of these is about something else: "patient_birth_date".
FOREIGN = frozenset({"date", "day", "time", "year", "name", "birth", "dob", "gender", "severity"})
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


def guess_columns(
    frame: pd.DataFrame, chosen: Columns | None = None, *, left_out: Collection[str] = ()
) -> Columns:
    """Fill in the parts ``chosen`` leaves open, by name and then, for label and score, by content.

    First by whole names, then by a word of a longer name. Of several names a score may have, the
    first that holds more than 0 and 1 counts, since those are decisions. By content only where one
    column alone fits: values 0/1 or yes/no for the label, numbers from 0 to 1 that are not all 0
    or 1 for the score. A column plays one part; those of ``left_out`` are played by none.
    """
    found = chosen or Columns()
    parts = [p for p in NAMES if p not in left_out and getattr(found, p) is None]
    for way in (named, _worded):
        for part in parts:
            if getattr(found, part) is None:
                matches = way(part, _free(frame, found))
                found = replace(found, **{part: matches[0] if matches else None})
    if "score" in parts:
        found = replace(found, score=_finer(frame, found))
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


def named(part: str, columns: Iterable[str]) -> list[str]:
    """The columns that have one of the part's usual names, the likeliest first."""
    plain = [(_plain(c), c) for c in columns]
    return [c for name in NAMES[part] for own, c in plain if own == name]


def _worded(part: str, free: list[str]) -> list[str]:
    """A name such as ``mr_label`` or ``score (AS)``: one column with a word of the part alone."""
    others = FOREIGN.union(*(words for other, words in WORDS.items() if other != part))
    split = {c: set(re.split(r"[^a-z]+", c.lower())) for c in free}
    words = [c for c, found in split.items() if found & WORDS[part] and not found & others]
    return words if len(words) == 1 else []


def _finer(frame: pd.DataFrame, found: Columns) -> str | None:
    """The guessed score; where it holds decisions (0 and 1), another column of a score's name."""
    if found.score is None or _is_score(frame[found.score]):
        return found.score
    free = _free(frame, found)
    others = [*named("score", free), *_worded("score", free)]
    return next((c for c in others if _is_score(frame[c])), found.score)


def _is_label(cells: pd.Series[str]) -> bool:
    words = {str(c).strip().lower().removesuffix(".0") for c in cells.head(10_000).unique()}
    both = bool(words & POSITIVE_WORDS) and bool(words & NEGATIVE_WORDS)
    return both and words <= POSITIVE_WORDS | NEGATIVE_WORDS


def _is_score(cells: pd.Series[str]) -> bool:
    numbers = as_number(cells.head(10_000))
    inside = bool(numbers.between(0, 1).all())
    return inside and not bool(numbers.isin([0, 1]).all())
