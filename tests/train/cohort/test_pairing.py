"""Which echo exam a radiograph is paired with, and what it is labelled by."""

from pathlib import Path

import pandas as pd
import pytest

from tests.train.cohort.exports import exam, made, shot, write_export
from train.cohort.adapters import read_source
from train.cohort.card import CohortError
from train.cohort.rules import CohortRules


def three(folder: Path, exams: list[dict[str, object]], **others: object) -> Path:
    """One patient of interest, H1, beside three that make a cohort possible."""
    rest = [f"H{at}" for at in (7, 8, 9)]
    shots = [shot("H1", "1.png", **others), *(shot(name, f"{name}.png") for name in rest)]
    return write_export(
        folder, shots, [*exams, *(exam(name, mr="none", **{"as": "none"}) for name in rest)]
    )


@pytest.mark.parametrize(
    ("pairing", "grade", "days"),
    [("nearest", "severe", -2), ("first", "none", -20), ("all", "severe", -2)],
)
def test_the_rule_says_which_exam_counts(
    tmp_path: Path, pairing: str, grade: str, days: int
) -> None:
    exams = [
        exam("H1", "2018-02-12", "none"),
        exam("H1", "2018-03-02", "severe"),
        exam("H1", "2018-03-06", "mild"),  # as near as the one before: the earlier counts
        exam("H1", "2018-05-01", "moderate"),  # outside
        exam("H1", "2018-03-04", ""),  # the nearest of all, without a grade
    ]
    table = made(three(tmp_path / "x", exams), pairing=pairing).set_index("path")
    assert (table.loc["1.png", "grade"], table.loc["1.png", "days"]) == (grade, days)


def test_the_window_is_counted_in_calendar_days_and_includes_its_edge(tmp_path: Path) -> None:
    folder = three(tmp_path / "x", [exam("H1", "2018-04-03 00:01")], taken="2018-03-04 23:59")
    assert "1.png" in made(folder, window_days=30)["path"].tolist()
    assert "1.png" not in made(folder, window_days=29)["path"].tolist()


def test_a_prosthesis_stays_and_only_its_own_valve_counts(tmp_path: Path) -> None:
    columns = {"mitral_prosthesis": "yes", "as": "mild", "lvef": 55}
    exams = [exam("H1", "2017-01-01", "", **columns), exam("H1", mr="mild", **{"as": "mild"})]
    folder = three(tmp_path / "x", exams)
    assert "1.png" not in made(folder)["path"].tolist()
    assert "1.png" in made(folder, exclude_prosthesis=False)["path"].tolist()
    assert "1.png" in made(folder, finding="as")["path"].tolist()


def test_a_prosthesis_that_is_denied_leaves_nobody_out(tmp_path: Path) -> None:
    exams = [exam("H1", "2017-01-01", "no previous valve replacement", prosthesis="no prosthesis")]
    folder = three(tmp_path / "x", [*exams, exam("H1", mr="mild", mitral_prosthesis="measuring")])
    assert "1.png" in made(folder)["path"].tolist()


@pytest.mark.parametrize("pairing", ["nearest", "first", "all"])
@pytest.mark.parametrize("word", ["schwer", "mittelschwer", "no data", "-", "mechanical valve"])
def test_an_empty_grade_may_mean_negative_but_never_one_that_could_not_be_read(
    tmp_path: Path, word: str, pairing: str
) -> None:
    rules = {"missing_as_negative": True, "pairing": pairing, "exclude_prosthesis": False}

    def grade(name: str, *exams: dict[str, object]) -> str | None:
        table = made(three(tmp_path / name, list(exams)), **rules).set_index("path")["grade"]
        return table.get("1.png")

    empty, unread = exam("H1", "2018-03-03", ""), exam("H1", "2018-03-05", word)
    assert grade("empty", empty) == "none"
    assert grade("unread", unread) is None
    # The patient had a grade that day: an empty cell beside it is no proof of a healthy valve.
    assert grade("both", empty, unread) is None
    assert grade("told", unread, exam("H1", "2018-03-06", "severe")) == "severe"


def test_how_many_grades_could_not_be_read_is_told(tmp_path: Path) -> None:
    folder = three(tmp_path / "x", [exam("H1", mr="schwer"), exam("H1", mr="mittelschwer")])
    rules = CohortRules(str(folder), missing_as_negative=True)
    told = [problem.sentence(spelled=True) for problem in read_source(rules).problems]
    assert (
        "echoes.csv, row 2, column 'mr': expected a grade out of none, trivial, mild, moderate, "
        "severe, found 'schwer' (and 1 more). The exam counts as one without a grade. It is never "
        "taken for a negative: write one of these words, or leave the cell empty." in told
    )


def test_a_finding_that_no_exam_holds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match=r"finding: expected one that the exams hold \(as, mr\)"):
        made(three(tmp_path / "x", [exam("H1")]), finding="lvef")


def test_all_exams_of_a_value_give_its_mean_and_grade(tmp_path: Path) -> None:
    exams = [exam("H1", "2018-03-02", lvef=30), exam("H1", "2018-03-20", lvef="40-50%")]
    folder = three(tmp_path / "x", exams)
    table = pd.read_csv(folder / "echoes.csv", dtype=str, keep_default_na=False)
    table.loc[table["lvef"] == "", "lvef"] = ["60", "61", "62"]
    table.to_csv(folder / "echoes.csv", index=False)
    found = made(folder, finding="lvef", pairing="all").set_index("path").loc["1.png"]
    assert (found["target"], found["grade"]) == (37.5, "reduced")
    assert made(folder, finding="lvef").set_index("path").loc["1.png", "target"] == 30


def test_ids_that_never_match_are_told_apart_from_a_narrow_window(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "x", [shot("0001", "a.png")], [exam("1")])
    with pytest.raises(CohortError, match=r"1 of 1 left at “No echo exam .* compare how both"):
        made(folder)
