"""What every adapter makes of its files: radiographs and exams in one shape."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from train.cohort.card import CohortError
from train.cohort.dates import (
    AMBIGUOUS,
    DAY_FIRST,
    EMPTY,
    MONTH_FIRST,
    NO_DAY,
    UNREADABLE,
    parse_days,
)
from train.cohort.rules import CohortRules
from train.cohort.tables import Cells, Problem, column, count_problem, quoted, shape_of

RADIOGRAPH_COLUMNS = ("path", "patient", "taken", "view", "sex", "age", "split")


@dataclass(frozen=True, eq=False)
class Source:
    """An export, read.

    Attributes:
        radiographs: a row an image: path (as listed), patient (the source's own id, "" where
            missing), taken (day or NaT), view (as DICOM words it, "" unknown), sex ("F", "M", ""),
            age (years, NaN), split ("train", "validation", "test" or "").
        exams: a row an echo: patient, date, and for each label it knows ``grade_<key>`` (text, ""
            where missing) or ``value_<key>`` (number), ``unread_<key>`` (bool: there is a grade
            that could not be read) and ``prosthesis_<key>`` (bool). Of a linked source its index
            is that of ``radiographs``.
        linked: the source itself says which exam belongs to which radiograph; no dates are needed.
        root: folder that paths start from; nothing outside it is read.
        name, note: the adapter, and what a reader must know of this source.
        simulated: the source says of itself that it is simulated.
        problems: what was passed over.
        truth: simulator's measurements by path, columns ``aux_*`` and ``structure`` (row in
            ``structures``); empty otherwise.
        structures: the simulator's structures.npy, None where there is none.
    """

    radiographs: pd.DataFrame
    exams: pd.DataFrame
    linked: bool
    root: Path
    name: str
    note: str
    simulated: bool = False
    problems: tuple[Problem, ...] = ()
    truth: pd.DataFrame | None = None
    structures: Path | None = None

    def has_target(self, key: str) -> bool:
        """Whether exams hold that label or value at all."""
        return bool({f"grade_{key}", f"value_{key}"} & set(self.exams.columns))


def find_file(folder: Path, named: str, *usual: str) -> Path:
    """The table ``named`` by the rules, else the first that has a ``usual`` name, below ``folder``.

    Raises CohortError listing them where there is none; another is never taken for the named one.
    """
    names = (named,) if named else usual
    for name in names:
        if (folder / name).is_file():
            return folder / name
    wanted = " or ".join(names)
    raise CohortError(
        f"Expected {wanted} in {folder.name!r}, found none: check the folder, or name the table's "
        "file."
    )


def days_of(
    cells: Cells, found: Mapping[str, str], role: str, rules: CohortRules
) -> tuple[pd.Series, tuple[Problem, ...]]:
    """The calendar days of a column and what is wrong with the rest, one Problem a reason."""
    days, reasons = parse_days(column(cells, found, role), rules.timezone)
    return days, tuple(_date_problems(cells, found[role], reasons))


_DAY, _WRITE = "a day such as 2018-03-04", "write dates as 2018-03-04."
_NO_PART = "The row takes no part in pairing by date"
#: What was expected of a cell, and what follows, by the reason why it is no day.
_NO_DATES = {
    UNREADABLE: (_DAY, f"{_NO_PART}."),
    NO_DAY: (_DAY, "A month is too coarse for a window of days; the row takes no part."),
    EMPTY: (_DAY, f"{_NO_PART}."),
    AMBIGUOUS: (_DAY, f"Nothing in the column tells days from months: {_WRITE}"),
    DAY_FIRST: ("the month first, as most of the column has it", f"{_NO_PART}; {_WRITE}"),
    MONTH_FIRST: ("the day first, as most of the column has it", f"{_NO_PART}; {_WRITE}"),
}


def _date_problems(cells: Cells, name: str, reasons: "pd.Series[str]") -> list[Problem]:
    problems: list[Problem] = []
    both = {DAY_FIRST, MONTH_FIRST} <= set(reasons)
    if both:
        problems.append(_contradiction(cells, name, reasons))
    for reason, (expected, todo) in _NO_DATES.items():
        if both and reason in (AMBIGUOUS, DAY_FIRST, MONTH_FIRST):
            continue
        told = "an empty cell" if reason == EMPTY else None
        problems += count_problem(cells, reasons == reason, name, expected, todo, told)
    return problems


def _contradiction(cells: Cells, name: str, reasons: "pd.Series[str]") -> Problem:
    """A column that has both orders so often that neither can be a slip, with a row of each."""
    rows = sorted(int(reasons.index[reasons == kind][0]) for kind in (DAY_FIRST, MONTH_FIRST))
    texts = [str(cells.frame.at[row, name]) for row in rows]
    count = int(reasons.isin([DAY_FIRST, MONTH_FIRST, AMBIGUOUS]).sum())
    found, cell = (
        f"{told(texts[0])}, but {told(texts[1])} in row {rows[1]}" for told in (shape_of, quoted)
    )
    return Problem(
        cells.name,
        rows[0],
        name,
        "the day first or the month first throughout",
        found,
        f"None of its {count:,} dates written so is read: {_WRITE}",
        cell=cell,
    )


def patients_of(
    cells: Cells, found: Mapping[str, str], role: str = "patient"
) -> tuple["pd.Series[str]", tuple[Problem, ...]]:
    """Patient ids as text, a decimal point left by a spreadsheet removed; and rows without one."""
    ids = column(cells, found, role).str.replace(r"\.0+$", "", regex=True)
    problems = count_problem(
        cells,
        ids == "",
        found[role],
        "a patient's id",
        "The row takes no part.",
        "an empty cell",
    )
    return ids, problems


def sexes(cells: "pd.Series[str]") -> "pd.Series[str]":
    """ "F", "M" or "" from any usual wording."""
    first = cells.fillna("").astype(str).str.strip().str.upper().str[:1]
    return first.map({"F": "F", "W": "F", "M": "M"}).fillna("")


def ages(cells: "pd.Series[str]") -> "pd.Series[float]":
    """Years from "63", "63.4" or DICOM's "063Y"; NaN outside 0–120."""
    text = cells.fillna("").astype(str).str.strip().str.upper()
    years = pd.to_numeric(text.str.removesuffix("Y"), errors="coerce").astype(float)
    return years.where(years.between(0, 120))


_SPLITS = {
    **dict.fromkeys(("train", "training", "tr"), "train"),
    **dict.fromkeys(("validation", "validate", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing", "holdout"), "test"),
}


def splits(cells: "pd.Series[str]") -> "pd.Series[str]":
    """ "train", "validation", "test" or "" from any usual wording."""
    return cells.fillna("").astype(str).str.strip().str.lower().map(_SPLITS).fillna("")
