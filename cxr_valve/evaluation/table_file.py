"""A CSV or Parquet file as a table of text, or a message that says what is wrong with it."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pandas as pd

LARGEST_BYTES = 2 * 1024**3


class ScoreFileError(ValueError):
    """A table that cannot be evaluated; the message names row and column and what to do.

    ``row`` counts as a spreadsheet does: the header of a CSV is row 1. None where no one row is
    at fault; so ``column``.
    """

    def __init__(self, message: str, row: int | None = None, column: str | None = None) -> None:
        super().__init__(message)
        self.row = row
        self.column = column


def read_table(source: Path | bytes, name: str = "") -> pd.DataFrame:
    """A CSV or Parquet file as a table of text cells, empty where missing.

    The index holds the row as a spreadsheet numbers it. Commas, semicolons (with decimal commas)
    and tabs separate. Raises ScoreFileError for a file over 2 GB, text that is not UTF-8, a
    column name used twice, or no rows.
    """
    size = len(source) if isinstance(source, bytes) else _size(source)
    if size > LARGEST_BYTES:
        raise ScoreFileError(
            f"Expected a file of at most 2 GB, found {size / 1024**3:.1f} GB: keep only the "
            "columns for label, score and patient, or a sample of the rows (no row was read)."
        )
    data = source if isinstance(source, bytes) else source.read_bytes()
    named = name or ("" if isinstance(source, bytes) else source.name)
    is_parquet = data[:4] == b"PAR1" or named.lower().endswith(".parquet")
    frame = _parquet(data) if is_parquet else _csv(data)
    if frame.empty:
        raise ScoreFileError("Expected at least one row below the header, found none.", 2)
    return frame


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise ScoreFileError(
            f"Expected a readable file, found {path.name!r}: {error.strerror}."
        ) from None


def _csv(data: bytes) -> pd.DataFrame:
    text = _decoded(data).replace("\r\n", "\n").replace("\r", "\n")
    separator = max(",;\t", key=text.split("\n", 1)[0].count)
    header = _header(text, separator)
    _refuse_duplicates(header)
    try:
        frame = pd.read_csv(
            io.StringIO(text),
            sep=separator,
            header=None,
            skiprows=1,
            # One name too many makes a row that is too long visible instead of cut.
            names=range(len(header) + 1),
            dtype=str,
            keep_default_na=False,
            skip_blank_lines=False,
        )
    except pd.errors.EmptyDataError:
        return pd.DataFrame(columns=header)
    except pd.errors.ParserError as error:
        raise _ragged(error, header, separator) from None
    frame.index = pd.RangeIndex(2, 2 + len(frame))
    frame = pd.DataFrame({name: frame[name].fillna("").str.strip() for name in frame.columns})
    _refuse_overflow(frame[len(header)], header, separator)
    frame = frame.drop(columns=len(header))
    frame.columns = pd.Index(header, dtype=str)
    if separator == ";":
        frame = frame.replace(r"^(-?\d+),(\d+)$", r"\1.\2", regex=True)
    return pd.DataFrame(frame[(frame != "").any(axis=1)])


def _header(text: str, separator: str) -> list[str]:
    try:
        cells = next(csv.reader([text.split("\n", 1)[0]], delimiter=separator), [])
    except csv.Error as error:
        raise ScoreFileError(
            f"Expected column names in row 1, found text that is no CSV: {error}.", 1
        ) from None
    if not any(cell.strip() for cell in cells):
        raise ScoreFileError(
            "Expected column names in row 1, found an empty row: start with a header such as "
            "patient,label,score.",
            1,
        )
    return [cell.strip() for cell in cells]


def _ragged(error: Exception, header: list[str], separator: str) -> ScoreFileError:
    too_long = re.search(r"line (\d+), saw (\d+)", str(error))
    if too_long:
        return _overflow(int(too_long.group(1)), header, separator, f"{too_long.group(2)} cells")
    unclosed = re.search(r"inside string starting at row (\d+)", str(error))
    if unclosed:
        # The parser counts from 0 and does not see the header.
        row = int(unclosed.group(1)) + 1
        return ScoreFileError(
            f"Row {row}, some column of {', '.join(header[:20])}: expected a closing quote, found "
            "none up to the end of the file; close or remove the quote.",
            row,
        )
    return ScoreFileError(f"Expected CSV, found text that cannot be split into cells: {error}")


def _refuse_overflow(beyond: pd.Series[str], header: list[str], separator: str) -> None:
    """Refuse rows with a cell after the last column; an empty one is only a trailing separator."""
    rows = beyond.index[beyond != ""]
    if len(rows):
        raise _overflow(int(rows[0]), header, separator, f"one more, {beyond[rows[0]][:60]!r}")


def _overflow(row: int, header: list[str], separator: str, found: str) -> ScoreFileError:
    return ScoreFileError(
        f"Row {row}, after column {header[-1]!r}: expected {len(header)} cells, found {found}; "
        f"put cells that hold {separator!r} in quotes.",
        row,
        header[-1],
    )


def _decoded(data: bytes) -> str:
    if data[:4] == b"PK\x03\x04":
        raise ScoreFileError(
            "Expected CSV or Parquet, found a zip archive or Excel workbook: save the sheet as "
            "“CSV UTF-8” (no row or column was read)."
        )
    # Excel writes “Unicode text” as UTF-16 with a byte order mark.
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(data, error.start) from None


def _not_utf8(data: bytes, at: int) -> ScoreFileError:
    before = data[:at]
    row = before.count(b"\n") + 1
    first = data.split(b"\n", 1)[0].decode("latin-1").strip()
    separator = max(",;\t", key=first.count)
    place = before[before.rfind(b"\n") + 1 :].count(separator.encode())
    names = first.split(separator)
    column = names[place].strip() if row > 1 and place < len(names) else f"number {place + 1}"
    return ScoreFileError(
        f"Row {row}, column {column!r}: expected text in UTF-8, found the byte "
        f"0x{data[at]:02x}; save the table again as “CSV UTF-8”.",
        row,
        column,
    )


def _parquet(data: bytes) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(io.BytesIO(data))
    except Exception as error:
        # pyarrow raises many types for broken files; the user needs one message.
        raise ScoreFileError(
            f"Expected a Parquet file, found one that cannot be read: {error}"
        ) from None
    frame.columns = pd.Index([str(name).strip() for name in frame.columns])
    _refuse_duplicates(list(frame.columns))
    frame.index = pd.RangeIndex(1, 1 + len(frame))
    texts = {name: frame[name].astype(object).map(_as_text) for name in frame.columns}
    return pd.DataFrame(texts, index=frame.index, dtype=str)


def _as_text(cell: object) -> str:
    return "" if cell is None or cell is pd.NA or cell != cell else str(cell).strip()


def _refuse_duplicates(header: list[str]) -> None:
    seen: set[str] = set()
    for column in header:
        if column in seen:
            raise ScoreFileError(
                f"Expected column names used once, found {column!r} twice in row 1, column "
                f"{column!r}: rename or remove one of them.",
                1,
                column,
            )
        seen.add(column)
