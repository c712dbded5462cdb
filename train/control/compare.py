"""Several runs side by side: their curves in one table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from train.runs.folder import METRIC_COLUMNS, RunError, RunFolder

if TYPE_CHECKING:
    import pandas as pd


def compare(folders: Sequence[RunFolder]) -> "pd.DataFrame":
    """The metrics of all runs, one row an epoch, with columns ``run`` and ``title`` in front.

    A run whose request is damaged goes by its id.
    """
    # Imported where it is used: most of the command line does without.
    import pandas as pd

    tables = []
    for folder in folders:
        try:
            title = folder.request().title or folder.id
        except RunError:
            title = folder.id
        table = folder.metrics()
        table.insert(0, "title", title)
        table.insert(0, "run", folder.id)
        tables.append(table)
    if not tables:
        return pd.DataFrame(columns=["run", "title", *METRIC_COLUMNS])
    return pd.concat(tables, ignore_index=True)
