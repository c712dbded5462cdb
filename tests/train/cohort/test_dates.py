"""Columns whose dates contradict each other, or went through a spreadsheet, and what is said."""

from pathlib import Path

import pandas as pd
import pytest

from tests.train.cohort.exports import exam, made, shot, write_export
from train.cohort.adapters import read_source
from train.cohort.card import CohortError
from train.cohort.dates import AMBIGUOUS, DAY_FIRST, MONTH_FIRST, NO_DAY, UNREADABLE, parse_days
from train.cohort.rules import CohortRules


def days(*cells: str) -> list[str]:
    """Each cell as its day, or why it is none."""
    found, reasons = parse_days(pd.Series(cells))
    return [reason or day.date().isoformat() for day, reason in zip(found, reasons, strict=True)]


def test_a_few_cells_that_contradict_many_are_left_out_and_the_column_is_read() -> None:
    many = [f"{day}/03/2018" for day in range(13, 23)]
    assert days(*many, "03/28/2018", "4/3/2018")[-3:] == ["2018-03-22", MONTH_FIRST, "2018-03-04"]
    turned = [f"03/{day}/2018" for day in range(13, 23)]
    assert days(*turned, "28/03/2018", "4/3/2018")[-3:] == ["2018-03-22", DAY_FIRST, "2018-04-03"]


def test_no_order_is_guessed_where_few_cells_tell_or_many_disagree() -> None:
    nine = [f"{day}/03/2018" for day in range(13, 22)]
    assert days(*nine, "03/28/2018", "4/3/2018") == [DAY_FIRST] * 9 + [MONTH_FIRST, AMBIGUOUS]
    many = [f"{day}/03/2018" for day in range(13, 29)]
    assert days(*many, "03/28/2018", "03/29/2018")[0] == DAY_FIRST


def test_a_cell_that_is_no_date_in_either_order_tells_nothing() -> None:
    assert days("45/3/2018", "3/13/2018") == [UNREADABLE, "2018-03-13"]
    assert days("13/14/2018", "4/3/2018") == [UNREADABLE, AMBIGUOUS]


def test_a_decimal_point_left_by_a_spreadsheet_spoils_no_date() -> None:
    assert days("20180304.0", "20180304.00") == ["2018-03-04"] * 2
    assert days("201803.0") == [NO_DAY]
    assert days("20180304.5") == [UNREADABLE]


def test_a_contradicting_cell_is_named_and_the_others_still_pair(tmp_path: Path) -> None:
    people = [f"H{at}" for at in range(20)]
    exams = [exam(name, f"{at + 10}/03/2018") for at, name in enumerate(people)]
    exams[7]["date"] = "03/28/2018"
    folder = write_export(tmp_path / "x", [shot(name, f"{name}.png") for name in people], exams)
    told = [problem.sentence(spelled=True) for problem in read_source(_rules(folder)).problems]
    assert told == [
        "echoes.csv, row 9, column 'date': expected the day first, as most of the column has it, "
        "found '03/28/2018'. The row takes no part in pairing by date; write dates as 2018-03-04."
    ]
    assert len(made(folder)) == 19


def test_a_column_that_contradicts_itself_shows_a_row_of_each_kind(tmp_path: Path) -> None:
    exams = [exam("H1", "4/3/2018"), exam("H2", "28/3/2018"), exam("H3", "3/28/2018")]
    folder = write_export(tmp_path / "x", [shot("H1", "a.png")], exams)
    (problem,) = read_source(_rules(folder)).problems
    assert problem.sentence(spelled=True) == (
        "echoes.csv, row 3, column 'date': expected the day first or the month first throughout, "
        "found '28/3/2018', but '3/28/2018' in row 4. None of its 3 dates written "
        "so is read: write dates as 2018-03-04."
    )
    with pytest.raises(CohortError, match=r"but '9/99/9999' .* in row 4"):
        made(folder)


def _rules(folder: Path) -> CohortRules:
    return CohortRules(str(folder))
