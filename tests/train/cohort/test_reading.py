"""Tables as hospitals write them: dates, grades, percentages, encodings, missing columns."""

from pathlib import Path

import pandas as pd
import pytest

from cxr_valve.findings import AS, MR
from tests.train.cohort.exports import exam, shot, write_export
from train.cohort.adapters import read_source, recognise
from train.cohort.card import CohortError
from train.cohort.dates import (
    AMBIGUOUS,
    DAY_FIRST,
    EMPTY,
    MONTH_FIRST,
    NO_DAY,
    UNREADABLE,
    parse_days,
)
from train.cohort.grades import grade_of_percent, parse_grades, parse_percent
from train.cohort.rules import CohortRules, rules_from_json
from train.cohort.source import Source


def days(*cells: str, zone: str = "") -> list[str]:
    """Each cell as its day, or why it is none."""
    found, reasons = parse_days(pd.Series(cells), zone)
    return [reason or day.date().isoformat() for day, reason in zip(found, reasons, strict=True)]


def read(folder: Path, **rules: object) -> Source:
    return read_source(CohortRules(str(folder), **rules))


def test_a_day_is_read_in_every_usual_spelling() -> None:
    same = ("2018-03-04", "2018/3/4", "20180304", "20180304101500", "4.3.2018 10:15", "04-Mar-2018")
    assert set(days(*same, "4 March 2018", "2018-03-04 23:59:59.5")) == {"2018-03-04"}


def test_what_is_no_day_says_why() -> None:
    assert days("2018-03", "2018", "201803", "2018-03-00", "03/2018") == [NO_DAY] * 5
    assert days("unknown", "2018-13-40", "2018-02-30", "0018-02-03", "12") == [UNREADABLE] * 5
    assert days("", " ") == [EMPTY, EMPTY]


def test_slashes_are_read_where_the_column_tells_days_from_months() -> None:
    assert days("3/4/2018", "13/4/2018") == ["2018-04-03", "2018-04-13"]
    assert days("3/4/2018", "4/13/2018") == ["2018-03-04", "2018-04-13"]
    assert days("3/4/2018") == [AMBIGUOUS]
    assert days("13/4/2018", "4/13/2018") == [DAY_FIRST, MONTH_FIRST]


def test_a_zone_turns_offsets_into_the_hospitals_own_days() -> None:
    cells = ("2018-03-04T23:30:00Z", "2018-03-05T00:30+09:00", "2018-03-04T23:30")
    assert days(*cells) == ["2018-03-04", "2018-03-05", "2018-03-04"]
    assert days(*cells, zone="Europe/Zurich") == ["2018-03-05", "2018-03-04", "2018-03-04"]


@pytest.mark.parametrize(
    ("word", "mr", "as_"),
    [
        ("Mild", "mild", "mild"),
        ("mild to moderate", "mild", "mild"),
        ("Moderate-Severe", "moderate", "moderate"),
        ("1+", "mild", "mild"),
        ("3+", "moderate", "moderate"),
        ("Grade IV", "severe", "severe"),
        ("trace", "trivial", "none"),
        ("Physiologic", "trivial", "none"),
        ("No significant MR", "none", "none"),
        ("None, incr vel high output", "none", "none"),
        ("present", "", ""),
        ("?", "", ""),
        ("", "", ""),
    ],
)
def test_grades_are_read_as_reports_word_them(word: str, mr: str, as_: str) -> None:
    cells = pd.Series([word])
    assert parse_grades(cells, MR.grades).tolist() == [mr]
    assert parse_grades(cells, AS.grades).tolist() == [as_]


def test_percentages_and_their_grades() -> None:
    cells = pd.Series(["55", "55%", "50-55", ".35", ">60", "40", "41", "2", "120", "good", ""])
    values = parse_percent(cells)
    assert values[:7].tolist() == [55, 55, 52.5, 35, 60, 40, 41]
    assert values[7:].isna().all()
    assert grade_of_percent(values[[0, 3, 5, 6, 10]]).tolist() == [
        "preserved", "reduced", "reduced", "mildly reduced", "",
    ]  # fmt: skip


def test_every_oddity_is_told_once_with_file_row_column_and_count(tmp_path: Path) -> None:
    shots = [shot("H1", "a.png"), shot("H1", "a.png"), shot("", "b.png"), shot("H2", "c.png", "?")]
    shots += [shot("H3", "d.png", "2018-03"), shot("H4", "")]
    exams = [exam("H1"), exam("H1", mr="whatever"), exam("H2", mr="huge"), exam("H3", "soon")]
    source = read(write_export(tmp_path / "x", shots, exams))
    told = [problem.sentence(spelled=True) for problem in source.problems]
    for expected in (
        "radiographs.csv, row 5, column 'taken': expected a day such as 2018-03-04, found '?'.",
        "radiographs.csv, row 6, column 'taken': expected a day such as 2018-03-04, found "
        "'2018-03'. A month is too coarse",
        "radiographs.csv, row 4, column 'patient': expected a patient's id, found an empty cell.",
        "radiographs.csv, row 3, column 'file': expected each radiograph once",
        "radiographs.csv, row 7, column 'file': expected the path of a file, found nothing.",
        "echoes.csv, row 3, column 'mr': expected a grade out of none, trivial, mild, moderate, "
        "severe, found 'whatever' (and 1 more). The exam counts as one without a grade.",
        "echoes.csv, row 5, column 'date': expected a day such as 2018-03-04, found 'soon'.",
    ):
        assert any(sentence.startswith(expected) for sentence in told), (expected, told)
    assert source.radiographs["path"].tolist() == ["a.png", "b.png", "c.png", "d.png"]


def test_words_in_a_yes_no_column_that_say_neither_are_counted(tmp_path: Path) -> None:
    cells = ("yes", "no", "2017", "no prosthesis", "unclear", "")
    exams = [exam(f"H{at}", mitral_prosthesis=cell) for at, cell in enumerate(cells)]
    source = read(write_export(tmp_path / "x", [shot("H1", "a.png")], exams))
    assert source.exams["prosthesis_mr"].tolist() == [True, *[False] * 5]
    assert [problem.sentence(spelled=True) for problem in source.problems] == [
        "echoes.csv, row 4, column 'mitral_prosthesis': expected yes or no, found '2017' (and 1 "
        "more). It counts as no: write yes where the valve is replaced or repaired with a device."
    ]


def test_an_exam_keeps_whether_its_grade_was_missing_or_unreadable(tmp_path: Path) -> None:
    exams = [exam("H1", mr="mild", lvef="55"), exam("H2", mr="", lvef=""), exam("H3", mr="schwer")]
    exams[2]["lvef"] = "good"
    source = read(write_export(tmp_path / "x", [shot("H1", "a.png")], exams))
    assert source.exams["unread_mr"].tolist() == [False, False, True]
    assert source.exams["unread_lvef"].tolist() == [False, False, True]


def test_a_table_in_windows_1252_is_read_and_said_so(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "x", [shot("H1", "a.png")], [exam("H1")])
    table = folder / "echoes.csv"
    text = "patient;date;mr;remark\nH1;4.3.2018;mild;légère\n"
    table.write_bytes(text.encode("cp1252"))
    source = read(folder)
    assert source.exams["grade_mr"].tolist() == ["mild"]
    assert "echoes.csv, row 2, column 'remark': expected text in UTF-8" in (
        source.problems[0].sentence()
    )
    table.write_bytes(text.encode("utf-16"))
    assert read(folder).problems == ()


def test_ids_that_a_spreadsheet_made_decimal_still_match(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "x", [shot("0012.0", "a.png")], [exam("0012")])
    source = read(folder)
    assert source.radiographs["patient"].tolist() == source.exams["patient"].tolist() == ["0012"]


def test_a_missing_column_names_what_would_do_and_can_be_named(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "x", [shot("H1", "a.png")], [{"patient": "H1", "day": "x"}])
    with pytest.raises(
        CohortError,
        match=r"echoes.csv, row 1: expected a column for the date \(such as date, examdate, .*\), "
        r"found 'patient', 'day'. Name it with --column echoes.date=NAME",
    ):
        read(folder)
    with pytest.raises(CohortError, match="expected a column for the mr"):
        read(folder, columns={"echoes.date": "day"})
    with pytest.raises(CohortError, match=r"expected the column 'tag' for date, found 'patient'"):
        read(folder, columns={"echoes.date": "tag"})


@pytest.mark.parametrize("name", ["radiographs.csv", "echoes.csv"])
def test_a_missing_table_is_named(tmp_path: Path, name: str) -> None:
    folder = write_export(tmp_path / "x", [shot("H1", "a.png")], [exam("H1")])
    (folder / name).unlink()
    with pytest.raises(CohortError, match=f"Expected {name} in 'x', found none"):
        read(folder)
    assert "csv" not in recognise(folder)


def test_a_ragged_table_names_file_and_row(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "x", [shot("H1", "a.png")], [exam("H1")])
    (folder / "echoes.csv").write_text("patient,date,mr\nH1,2018-03-04,mild,extra\n")
    with pytest.raises(CohortError, match=r"echoes.csv: Row 2, after column 'mr'"):
        read(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"finding": "tr"}, "finding: expected one of mr, as, lvef, slvh"),
        ({"positive_from": "none"}, "positive_from: expected one of trivial, mild"),
        ({"finding": "lvef", "positive_from": "mild"}, "positive_from: expected none, since LVEF"),
        (
            {"finding": "lvef", "missing_as_negative": True},
            "missing_as_negative, finding: expected",
        ),
        ({"window_days": -1}, "window_days: expected from 0 to 3650 days; found -1"),
        ({"pairing": "last"}, "pairing: expected nearest or first or all; found 'last'"),
        ({"ratios": (8, 0, 1)}, "ratios: expected three shares above 0"),
        ({"seed": -1}, "seed: expected 0 or more; found -1"),
        ({"timezone": "Mars"}, "timezone: expected a name such as Europe/Zurich; found 'Mars'"),
        ({"images": "../other"}, "images: expected a path below the source folder"),
        ({"truth": "/etc/passwd"}, "truth: expected a path below the source folder"),
    ],
)
def test_rules_that_cannot_be_are_refused_by_name(changes: dict, message: str) -> None:
    with pytest.raises(CohortError, match=message):
        CohortRules("x", **changes)
    with pytest.raises(CohortError, match=message.split(":")[0] + ": "):
        rules_from_json({"source": "x"} | changes)


def test_rules_survive_json_and_unknown_ones_are_refused() -> None:
    rules = CohortRules("x", finding="as", columns={"echoes.as": "AoS"}, ratios=(7, 1, 2))
    assert rules_from_json(rules.to_json()) == rules
    with pytest.raises(CohortError, match="windows: expected a rule out of source, adapter"):
        rules_from_json({"source": "x", "windows": 3})
    with pytest.raises(CohortError, match="window_days: "):
        rules_from_json({"source": "x", "window_days": "many"})
