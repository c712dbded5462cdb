"""A hospital's tables: any usual encoding, columns found by name, every oddity counted."""

import gzip
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cxr_valve.evaluation.table_file import ScoreFileError, read_table
from train.cohort.card import CohortError

#: Characters of a cell that the terminal shows, and the most of which the punctuation is kept.
LONGEST_QUOTE, LONGEST_SHAPE = 40, 24


@dataclass(frozen=True)
class Problem:
    """Something in the data that was passed over: where first, how often, and what to do.

    ``row`` counts as a spreadsheet does (the header is row 1), None where no one row is at fault.
    ``found`` is kept with the cohort and goes where that goes, so it holds no text of a cell, which
    may name a patient; ``cell`` has that text, quoted, for the terminal alone ("" where none is
    told).
    """

    table: str
    row: int | None
    column: str
    expected: str
    found: str
    todo: str
    count: int = 1
    cell: str = ""

    def sentence(self, *, spelled: bool = False) -> str:
        """The problem in words; ``spelled`` with the cell's own text, which must not be kept."""
        found = self.cell if spelled and self.cell else self.found
        place = f"{self.table}" if self.row is None else f"{self.table}, row {self.row}"
        more = f" (and {self.count - 1:,} more)" if self.count > 1 else ""
        column = f", column {self.column!r}" if self.column else ""
        return f"{place}{column}: expected {self.expected}, found {found}{more}. {self.todo}"


@dataclass(frozen=True, eq=False)
class Cells:
    """A table of text cells; its index numbers rows as a spreadsheet does."""

    name: str
    frame: pd.DataFrame
    problems: tuple[Problem, ...] = ()


def read_cells(file: Path) -> Cells:
    """Read CSV (also gzipped) or Parquet, in UTF-8, UTF-16 or, failing these, Windows-1252.

    Raises CohortError naming the file, and row and column where one is at fault.
    """
    try:
        data = file.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or "a gzip archive that breaks off"
        raise CohortError(
            f"{file.name}: expected a readable table, found: {reason}. Check the folder and copy "
            "the file again."
        ) from None
    name = file.name.removesuffix(".gz")
    try:
        return Cells(file.name, read_table(data, name))
    except ScoreFileError as error:
        again = _as_western(data) if "expected text in UTF-8" in str(error) else None
        if again is None:
            raise CohortError(f"{file.name}: {error}") from None
        row, column = error.row, error.column or ""
    try:
        frame = read_table(again, name)
    except ScoreFileError as error:
        raise CohortError(f"{file.name}: {error}") from None
    problem = Problem(
        file.name,
        row,
        column,
        "text in UTF-8",
        "another encoding, read as Windows-1252",
        "Save the table as “CSV UTF-8” if accents look wrong.",
    )
    return Cells(file.name, frame, (problem,))


def _as_western(data: bytes) -> bytes | None:
    # Bytes that Windows-1252 leaves undefined occur in no text.
    try:
        return data.decode("cp1252").encode("utf-8")
    except UnicodeDecodeError:
        return None


def plain(name: str) -> str:
    """A column name without case, spaces and punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def find_columns(
    cells: Cells,
    table: str,
    roles: Mapping[str, Sequence[str]],
    required: Sequence[str],
    named: Mapping[str, str],
) -> dict[str, str]:
    """The column that plays each role: the one ``named`` as "table.role", else by usual names.

    Raises CohortError where a named column does not exist or a required role has none.
    """
    columns = list(cells.frame.columns)
    by_plain = {plain(column): column for column in reversed(columns)}
    found: dict[str, str] = {}
    for role, names in roles.items():
        chosen = named.get(f"{table}.{role}")
        if chosen is not None and chosen not in columns:
            raise CohortError(
                f"{cells.name}, row 1: expected the column {chosen!r} for {role}, found "
                f"{_list(columns)}. Correct the name of {table}.{role}."
            )
        match = chosen or next((by_plain[n] for n in names if n in by_plain), None)
        if match is not None:
            found[role] = match
    missing = [role for role in required if role not in found]
    if missing:
        role = missing[0]
        raise CohortError(
            f"{cells.name}, row 1: expected a column for the {role} (such as "
            f"{', '.join(roles[role][:3])}), found {_list(columns)}. Name it with "
            f"--column {table}.{role}=NAME."
        )
    return found


def _list(columns: Sequence[str]) -> str:
    shown = ", ".join(repr(column) for column in columns[:12])
    return shown + (f" and {len(columns) - 12} more" if len(columns) > 12 else "")


def column(cells: Cells, found: Mapping[str, str], role: str) -> "pd.Series[str]":
    """The cells that play a role, "" everywhere where no column does."""
    if role not in found:
        return pd.Series("", index=cells.frame.index, dtype=str)
    return cells.frame[found[role]].fillna("").astype(str).str.strip()


def count_problem(
    cells: Cells,
    wrong: "pd.Series[bool]",
    name: str,
    expected: str,
    todo: str,
    found: str | None = None,
) -> tuple[Problem, ...]:
    """One Problem for all rows that are wrong, telling the first; none where none is.

    ``found`` is told instead of the cell, of which not even the terminal is to see the text.
    """
    rows = wrong.index[wrong]
    if not len(rows):
        return ()
    text = str(cells.frame.at[rows[0], name])
    told, cell = (found, "") if found else (shape_of(text), quoted(text))
    return (Problem(cells.name, int(rows[0]), name, expected, told, todo, len(rows), cell),)


def quoted(text: str) -> str:
    """The beginning of a cell's text, in quotation marks and without control characters."""
    return repr(text[:LONGEST_QUOTE])


def shape_of(text: str) -> str:
    """What a cell looks like without what it says, so that no name in it is kept.

    Short cells with a digit, such as dates, keep their punctuation, since that is what is wrong
    with them; of any other only the number of words is told.
    """
    drawn = re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", text))
    if drawn == text and len(text) <= LONGEST_SHAPE:
        return repr(text)
    if re.search(r"\d", text) and len(text) <= LONGEST_SHAPE:
        return f"{drawn!r} (digits as 9, letters as a)"
    words = len(re.findall(r"\w+", text))
    return f"text of {words} word{'' if words == 1 else 's'}"
