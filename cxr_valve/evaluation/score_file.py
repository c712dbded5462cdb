"""A user's scores as a cohort, with errors that name row and column."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from cxr_valve.evaluation.checks import BoolArray, FloatArray
from cxr_valve.evaluation.cohort import Cohort, ObjectArray
from cxr_valve.evaluation.columns import (
    NEGATIVE_WORDS,
    POSITIVE_WORDS,
    Columns,
    as_number,
    guess_columns,
)
from cxr_valve.evaluation.safe_export import FORMULA_STARTS, is_formula
from cxr_valve.evaluation.table_file import ScoreFileError, read_table

_EMPTY = frozenset({"", "nan", "na", "n/a", "null", "none", "<na>", "nat"})
# Wrong rows named in a message; of more, only the number is said.
_LISTED = 10


def read_scores(source: Path | bytes, columns: Columns | None = None, *, name: str = "") -> Cohort:
    """Labels, scores and what else the file knows; columns not given are guessed.

    Raises ScoreFileError as ``read_table`` and ``to_cohort``.
    """
    return to_cohort(read_table(source, name), columns)


def to_cohort(
    frame: pd.DataFrame, columns: Columns | None = None, *, left_out: Collection[str] = ()
) -> Cohort:
    """The cohort of a table read by ``read_table``; parts ``left_out`` are not guessed.

    Labels are 0/1, true/false, yes/no or positive/negative; scores are numbers from 0 to 1; ages
    are numbers or empty. Raises ScoreFileError naming the first cell that is not, a column that is
    missing, or a cell of a used column that a spreadsheet would run as a formula.
    """
    _check_named(frame, columns or Columns())
    found = guess_columns(frame, columns, left_out=left_out)
    for part in ("label", "score"):
        if getattr(found, part) is None:
            raise ScoreFileError(
                f"Expected a column for the {part}, found columns {_listed(frame)} (row 1): "
                f"name one of them as the {part}.",
                1,
                part,
            )
    used = found.given()
    _refuse_shared(used)
    for column in used.values():
        _refuse_formulas(frame[column])
    age = used.get("age")
    scores = _scores(frame[used["score"]])
    return Cohort(
        _labels(frame[used["label"]]),
        scores,
        patients=_patients(frame, used.get("patient")),
        grade=_text(frame, used.get("grade")),
        sex=_text(frame, used.get("sex")),
        age=None if age is None else _ages(frame[age]),
        view=_text(frame, used.get("view")),
        warnings=(
            *_decisions(scores, used["score"]),
            *_unused_formulas(frame, set(used.values())),
            *_mixed_splits(frame),
        ),
    )


def _decisions(scores: FloatArray, column: str) -> tuple[str, ...]:
    if not len(scores) or not np.isin(scores, (0, 1)).all():
        return ()
    return (
        f"Column {column!r} holds only 0 and 1: decisions of one threshold, not scores. AUC and "
        "curves are those of a single operating point.",
    )


def _check_named(frame: pd.DataFrame, columns: Columns) -> None:
    for part, column in columns.given().items():
        if column not in frame.columns:
            raise ScoreFileError(
                f"Expected a column {column!r} for the {part}, found columns {_listed(frame)} "
                "(row 1): check the spelling, capitals count.",
                1,
                column,
            )


def _refuse_shared(used: dict[str, str]) -> None:
    parts: dict[str, str] = {}
    for part, column in used.items():
        if column in parts:
            raise ScoreFileError(
                f"Expected one part per column, found column {column!r} (row 1) as both "
                f"{parts[column]} and {part}: name another column for one of them.",
                1,
                column,
            )
        parts[column] = part


def _listed(frame: pd.DataFrame) -> str:
    return ", ".join(repr(str(c)) for c in frame.columns[:20])


def _first(cells: pd.Series[str], wrong: pd.Series[bool], expected: str, advice: str) -> None:
    """Raise for the first cell that is wrong, saying how many others are and in which rows."""
    if not wrong.any():
        return
    row = int(cells.index[wrong][0])
    cell = str(cells[row])
    shown = "an empty cell" if cell.lower() in _EMPTY else repr(cell[:60])
    if cell and shown == "an empty cell":
        shown = f"a missing value ({cell})"
    others = [str(other) for other in cells.index[wrong][1:]]
    listed = ", ".join(others[:_LISTED]) + (", …" if len(others) > _LISTED else "")
    rows = "row" if len(others) == 1 else "rows"
    more = f" ({len(others)} more such {rows}: {listed})" if others else ""
    raise ScoreFileError(
        f"Row {row}, column {cells.name!r}: expected {expected}, found {shown}{more}; {advice}.",
        row,
        str(cells.name),
    )


def _labels(cells: pd.Series[str]) -> BoolArray:
    words = cells.str.lower().str.replace(r"^([01])\.0+$", r"\1", regex=True)
    positive, negative = words.isin(POSITIVE_WORDS), words.isin(NEGATIVE_WORDS)
    _first(
        cells,
        ~(positive | negative),
        "a label 0 or 1 (or yes/no, true/false)",
        "recode it or remove the row",
    )
    return np.asarray(positive.to_numpy(dtype=bool))


def _scores(cells: pd.Series[str]) -> FloatArray:
    numbers = as_number(cells)
    # "infinity" parses as a number but is outside 0–1; NaN compares False and is refused too.
    _first(
        cells,
        ~numbers.between(0, 1),
        "a score from 0 to 1",
        "give probabilities (a percentage divided by 100, a logit through the sigmoid) "
        "or remove the row",
    )
    return np.asarray(numbers.to_numpy(dtype=np.float64))


def _ages(cells: pd.Series[str]) -> FloatArray:
    numbers = as_number(cells)
    missing = cells.str.lower().isin(_EMPTY)
    _first(cells, ~missing & ~numbers.between(0, 130), "an age in years", "correct or empty it")
    return np.asarray(numbers.to_numpy(dtype=np.float64))


def _patients(frame: pd.DataFrame, column: str | None) -> ObjectArray | None:
    if column is None:
        return None
    cells = frame[column]
    missing = cells.str.lower().isin(_EMPTY)
    _first(cells, missing, "a patient identifier", "fill it in, or leave the column out")
    return np.asarray(cells.to_numpy(dtype=str))


def _text(frame: pd.DataFrame, column: str | None) -> ObjectArray | None:
    return None if column is None else np.asarray(frame[column].to_numpy(dtype=str))


def _formulas(cells: pd.Series[str]) -> pd.Series[bool]:
    """Which cells a spreadsheet would run; only the few with a telling start are looked at."""
    suspect = cells.str[:1].isin(FORMULA_STARTS)
    suspect.loc[suspect] = cells[suspect].map(is_formula).to_numpy(dtype=bool)
    return suspect


def _refuse_formulas(cells: pd.Series[str]) -> None:
    _first(
        cells,
        _formulas(cells),
        "plain text or a number",
        "a spreadsheet would run this cell as a formula, remove it",
    )


def _unused_formulas(frame: pd.DataFrame, used: set[str]) -> tuple[str, ...]:
    found: list[str] = []
    for column in frame.columns:
        if column in used:
            continue
        rows = frame.index[_formulas(frame[column])]
        if len(rows):
            found.append(
                f"Row {rows[0]}, column {column!r}: a cell that a spreadsheet would run as a "
                "formula; the column is not used, and exports make such cells plain text."
            )
    return tuple(found)


def _mixed_splits(frame: pd.DataFrame) -> tuple[str, ...]:
    if "split" not in frame.columns:
        return ()
    splits = sorted(set(frame["split"]))
    if len(splits) < 2:
        return ()
    return (
        f"Column 'split' holds {', '.join(splits)}: all rows are evaluated together. "
        "Choose one with --split to keep validation and test apart.",
    )
