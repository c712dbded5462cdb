"""The rows of a run's metrics.csv: some may be torn, some were written twice."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def read_curves(file: Path, columns: Sequence[str]) -> "pd.DataFrame":
    """One row an epoch of each member, in order; of an epoch done twice the later one.

    ``columns`` begin with the member and the epoch; all but the first are numbers. A file that is
    not there has no rows.
    """
    # Imported where it is used: most of the command line does without.
    import pandas as pd

    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    rows = []
    for row in csv.DictReader(text.splitlines(), columns):
        # Cells beyond the last column come under None, those before it that lack are None.
        torn = None in row or None in row.values()
        if row["member"] != "member" and not torn:
            rows.append({name: row[name] for name in columns})
    table = pd.DataFrame(rows, columns=list(columns))
    for name in columns[1:]:
        table[name] = pd.to_numeric(table[name], errors="coerce")
    table = table.dropna(subset=["epoch"])
    table["epoch"] = table["epoch"].astype(int)
    return table.drop_duplicates(["member", "epoch"], keep="last").reset_index(drop=True)
