from __future__ import annotations

import pandas as pd
import pytest

from cxr_valve.evaluation.against import compare_columns
from cxr_valve.evaluation.columns import Columns
from cxr_valve.evaluation.roc import delong_test
from cxr_valve.evaluation.table_file import ScoreFileError

# Cases with a known AUC, beside a weaker measure of the same cases.
LABELS = [0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1]
SCORES = [0.1, 0.35, 0.24, 0.8, 0.2, 0.85, 0.13, 0.85, 0.74, 0.58, 0.71, 0.25]
RATIOS = [0.45, 0.55, 0.5, 0.58, 0.41, 0.47, 0.52, 0.61, 0.49, 0.6, 0.44, 0.5]


def table(ratios: list[str]) -> pd.DataFrame:
    rows = {"label": map(str, LABELS), "score": map(str, SCORES), "ctr": ratios}
    return pd.DataFrame({name: list(values) for name, values in rows.items()}, dtype=str)


def test_a_score_and_a_ratio_are_compared_on_the_same_cases() -> None:
    found = compare_columns(table([str(ratio) for ratio in RATIOS]), Columns(), "ctr")
    expected = delong_test(LABELS, SCORES, RATIOS)
    assert found.test == expected
    assert found.test.first.value == pytest.approx(0.708333, abs=1e-6)
    assert found.left_out == 0
    assert found.to_json()["rival_auc"]["value"] == expected.second.value


def test_cases_without_a_ratio_are_left_out_of_both() -> None:
    ratios = ["", *(str(ratio) for ratio in RATIOS[1:-1]), ""]
    found = compare_columns(table(ratios), Columns(), "ctr")
    assert found.left_out == 2
    assert found.test.first.n == found.test.second.n == 10
    assert found.test == delong_test(LABELS[1:-1], SCORES[1:-1], RATIOS[1:-1])


def test_a_ratio_in_percent_is_refused_with_its_row() -> None:
    ratios = [str(ratio) for ratio in RATIOS]
    ratios[3] = "58"
    with pytest.raises(ScoreFileError, match=r"column 'ctr': expected a score from 0 to 1"):
        compare_columns(table(ratios), Columns(), "ctr")


@pytest.mark.parametrize(
    ("rival", "ratios", "message"),
    [
        ("size", ["0.5"] * 12, "Expected a column 'size' for --against, found columns 'label'"),
        ("ctr", [""] * 12, "Expected values in column 'ctr' for --against, found none"),
    ],
)
def test_a_missing_rival_is_named(rival: str, ratios: list[str], message: str) -> None:
    with pytest.raises(ScoreFileError, match=message):
        compare_columns(table(ratios), Columns(), rival)
