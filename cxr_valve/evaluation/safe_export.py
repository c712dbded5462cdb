"""CSV that a spreadsheet cannot run: cells that would be formulas are made plain text."""

from __future__ import annotations

import pandas as pd

# What starts a formula in Excel, LibreOffice or Google Sheets, full-width forms included (OWASP,
# "CSV injection"); tab and carriage return hide one behind them.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")


def is_formula(cell: object) -> bool:
    """Whether a spreadsheet might run this cell. Numbers, signed ones too, are not formulas."""
    if not isinstance(cell, str) or not cell:
        return False
    if not (cell[0] in FORMULA_STARTS or cell.lstrip()[:1] in FORMULA_STARTS):
        return False
    try:
        float(cell)
    except ValueError:
        return True
    return False


def neutralised(cell: object) -> object:
    """The cell with an apostrophe in front where it might be run, else unchanged."""
    return f"'{cell}" if is_formula(cell) else cell


def safe_csv(frame: pd.DataFrame, *, index: bool = False) -> str:
    """The table as CSV text with every cell, column name and index label neutralised.

    Missing values are empty cells; numbers are written in full and stay numbers; lines end in
    CR LF (RFC 4180).
    """
    full = frame.reset_index() if index else frame
    columns = [full.iloc[:, place] for place in range(full.shape[1])]
    clean = pd.DataFrame(
        {
            place: cells if pd.api.types.is_numeric_dtype(cells) else cells.map(neutralised)
            for place, cells in enumerate(columns)
        },
        index=full.index,
    )
    # Named last, since two columns may share a name.
    clean.columns = pd.Index([str(neutralised(str(name))) for name in full.columns])
    # With this line end every cell that holds \r or \n is quoted; with "\n" alone a bare \r would
    # end the row, and what follows could start a formula.
    return clean.to_csv(index=False, lineterminator="\r\n")
