"""Does a score do better than another measure of the same cases, such as the heart's size?"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import pandas as pd

from cxr_valve.evaluation.columns import Columns
from cxr_valve.evaluation.roc import AucTest, delong_test
from cxr_valve.evaluation.score_file import to_cohort
from cxr_valve.evaluation.table_file import ScoreFileError


@dataclass(frozen=True)
class Against:
    """A score beside the column ``rival`` on the cases that have both, with DeLong's paired test.

    ``left_out`` counts the cases for which the rival has no value. Images are treated as
    independent.
    """

    rival: str
    test: AucTest
    left_out: int

    def to_json(self) -> dict[str, Any]:
        """Plain dictionaries and numbers."""
        return {
            "rival": self.rival,
            "auc": asdict(self.test.first),
            "rival_auc": asdict(self.test.second),
            "difference": asdict(self.test.difference),
            "z": self.test.z,
            "p": self.test.p,
            "left_out": self.left_out,
        }


def compare_columns(frame: pd.DataFrame, columns: Columns, rival: str) -> Against:
    """Compare the score of a table read by ``read_table`` with its column ``rival``.

    The rival may be any measure from 0 to 1 that is higher in those with the finding, like a
    cardiothoracic ratio. Rows where it is empty are left out of both.

    Raises:
        ScoreFileError: there is no such column, it is never filled, or holds another value.
    """
    if rival not in frame.columns:
        listed = ", ".join(repr(str(name)) for name in frame.columns[:20])
        raise ScoreFileError(
            f"Expected a column {rival!r} for --against, found columns {listed} (row 1).", 1, rival
        )
    filled = frame[frame[rival].str.strip() != ""]
    if filled.empty:
        raise ScoreFileError(
            f"Expected values in column {rival!r} for --against, found none.", 1, rival
        )
    cohort = to_cohort(filled, columns)
    other = to_cohort(filled, replace(columns, score=rival))
    return Against(
        rival, delong_test(cohort.labels, cohort.scores, other.scores), len(frame) - len(filled)
    )
