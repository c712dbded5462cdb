from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from cxr_valve.evaluation.columns import Columns, guess_columns
from cxr_valve.evaluation.safe_export import is_formula, neutralised, safe_csv
from cxr_valve.evaluation.score_file import read_scores, to_cohort
from cxr_valve.evaluation.table_file import LARGEST_BYTES, ScoreFileError, read_table

GOOD = b"patient,label,score,age,sex\np1,1,0.9,63,F\np1,0,0.2,,F\np2,0,0.4,71,M\n"


def test_a_plain_file_becomes_a_cohort() -> None:
    cohort = read_scores(GOOD)
    assert cohort.labels.tolist() == [True, False, False]
    assert cohort.scores.tolist() == [0.9, 0.2, 0.4]
    assert cohort.clusters()[1] == 2
    assert cohort.age is not None
    assert np.isnan(cohort.age).tolist() == [False, True, False]
    assert cohort.warnings == ()


@pytest.mark.parametrize(
    "text",
    [
        "label,score\r\n1,.9\r\n0,.2\r\n0,.4\r\n",
        "label,score\r1,.9\r0,.2\r0,.4",
        "\ufefflabel,score\n1,.9\n0,.2\n0,.4\n",
        "label;score\n1;0,9\n0;0,2\n0;0,4\n",
        "label\tscore\n1\t9e-1\n0\t.2\n0\t+0.4\n",
        "label,score,\n1,.9,\n0,.2,\n0,.4,\n",
        "label,score\n1,.9\n\n0,.2\n,\n0,.4\n\n",
        'label , score\n"1", .9\nNo,".2"\nfalse,.4\n',
        "label,score\n1.0,.9\n0.0,.2\n0.00,.4\n",
        "MR label,MR score\nyes,.9\nno,.2\nNO,.4\n",
        "a,b\n1,.9\n0,.2\n0,.4\n",
    ],
)
def test_ways_people_write_the_same_table_are_read_alike(text: str) -> None:
    cohort = read_scores(text.encode())
    assert cohort.labels.tolist() == [True, False, False]
    assert cohort.scores.tolist() == [0.9, 0.2, 0.4]


def test_excels_unicode_text_is_read() -> None:
    cohort = read_scores("label\tscore\n1\t.9\n0\t.2\n".encode("utf-16"))
    assert cohort.scores.tolist() == [0.9, 0.2]


@pytest.mark.parametrize(
    ("data", "row", "column", "message"),
    [
        (b"label,score\n1,.5\n2,.4\n", 3, "label", "expected a label 0 or 1 .* found '2'"),
        (b"label,score\n1,.5\n,.4\n", 3, "label", "found an empty cell"),
        (b"label,score\n1,.5\n0,\n", 3, "score", "found an empty cell"),
        (b"label,score\n1,.5\n0\n", 3, "score", "found an empty cell"),
        (b"label,score\n1,.5\n0,NaN\n", 3, "score", r"found a missing value \(NaN\)"),
        (b"label,score\n1,inf\n0,.1\n", 2, "score", "score from 0 to 1, found 'inf'"),
        (b"label,score\n1,.5\n0,1.2\n0,7\n", 3, "score", r"found '1.2' \(1 more such row: 4\)"),
        (b"label,score\n1,.5\n\n0,-0.1\n", 4, "score", "found '-0.1'"),
        (b"label,score\n1,.5\n0,high\n", 3, "score", "found 'high'"),
        (b"label,score\n1,.5\n0,\xe9\n", 3, "score", "UTF-8, found the byte 0xe9"),
        (b"a,b,label\n1,.5,0\n0,\xff,1\n", 3, "b", "save the table again as “CSV UTF-8”"),
        (b"label,label\n1,.5\n", 1, "label", "'label' twice"),
        (b"label,score\n1,.5,3\n", 2, "score", "expected 2 cells, found one more, '3'"),
        (b"label,score\n1,.5\n0,.2,3,4\n", 3, "score", "expected 2 cells, found 4 cells"),
        (b'label,score\n1,.5\n0,".2\n0,.1\n', 3, None, "expected a closing quote"),
        (b"patient,label,score\n=1+1,1,.5\n", 2, "patient", "run this cell as a formula"),
        (b"patient,label,score\n a,1,.5\n\t@SUM(A1),0,.5\n", 3, "patient", "as a formula"),
        (b"label,score\n1,=0.5\n", 2, "score", "run this cell as a formula"),
        (b"label,score,patient\n1,.5,a\n0,.4,\n", 3, "patient", "expected a patient identifier"),
        (b"label,score,age\n1,.5,old\n0,.4,\n", 2, "age", "expected an age in years"),
        (b"x,score\nfoo,.5\n", 1, "label", "column for the label, found columns 'x', 'score'"),
        (b"label,x\n1,foo\n", 1, "score", "column for the score, found columns 'label', 'x'"),
        (b"label,score\n", 2, None, "at least one row below the header"),
        (b"", 1, None, "found an empty row"),
    ],
)
def test_a_bad_file_is_refused_naming_row_and_column(data, row, column, message) -> None:
    with pytest.raises(ScoreFileError, match=message) as found:
        read_scores(data)
    assert (found.value.row, found.value.column) == (row, column)
    assert str(row) in str(found.value) or row == 2
    assert column is None or column in str(found.value)


def test_a_column_that_was_asked_for_and_is_missing_is_named() -> None:
    with pytest.raises(ScoreFileError, match=r"column 'truth' for the label, found columns 'pat"):
        read_scores(GOOD, Columns(label="truth"))


def test_a_file_over_2_gb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    big = tmp_path / "big.csv"
    with big.open("wb") as file:
        file.truncate(LARGEST_BYTES + 1)
    with pytest.raises(ScoreFileError, match=r"at most 2 GB, found 2\.0 GB"):
        read_table(big)


def test_a_missing_file_a_workbook_and_a_broken_parquet_are_named(tmp_path: Path) -> None:
    with pytest.raises(ScoreFileError, match=r"readable file, found 'none\.csv'"):
        read_scores(tmp_path / "none.csv")
    with pytest.raises(ScoreFileError, match="Excel workbook: save the sheet"):
        read_scores(b"PK\x03\x04rest")
    with pytest.raises(ScoreFileError, match="Parquet file, found one that cannot be read"):
        read_scores(b"PAR1rest")


def test_a_formula_in_an_unused_column_is_a_warning() -> None:
    cohort = read_scores(b"label,score,note\n1,.5,fine\n0,.4,=HYPERLINK(1)\n")
    assert len(cohort.warnings) == 1
    assert "Row 3, column 'note'" in cohort.warnings[0]


def test_validation_and_test_rows_together_are_a_warning() -> None:
    cohort = read_scores(b"split,label,score\ntest,1,.5\nvalidation,0,.4\n")
    assert "test, validation" in cohort.warnings[0]


def test_parquet_is_read_with_its_own_row_numbers(tmp_path: Path) -> None:
    path = tmp_path / "s.parquet"
    frame = pd.DataFrame({"label": [True, False, False], "score": [0.9, 0.2, None]})
    frame.to_parquet(path)
    with pytest.raises(ScoreFileError, match=r"Row 3, column 'score': .* empty cell"):
        read_scores(path)
    frame.fillna(0.4).to_parquet(path)
    assert read_scores(path).scores.tolist() == [0.9, 0.2, 0.4]


def test_numbers_survive_the_way_through_text(tmp_path: Path) -> None:
    scores = np.random.default_rng(0).random(50)
    frame = pd.DataFrame({"label": [0, 1] * 25, "score": scores})
    frame.to_parquet(tmp_path / "s.parquet")
    for data in (tmp_path / "s.parquet", frame.to_csv(index=False).encode()):
        np.testing.assert_array_equal(read_scores(data).scores, scores)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("split,image,patient,label,grade,sex,age,view,score,resnet50", "label score patient"),
        ("PatientID,y_true,y_prob", "y_true y_prob PatientID"),
        ("Subject ID,Ground truth,Probability", "Ground truth|Probability|Subject ID"),
        ("mrn,as_label,as_score", "as_label as_score mrn"),
    ],
)
def test_columns_are_guessed_by_name(header: str, expected: str) -> None:
    names = header.split(",")
    found = guess_columns(pd.DataFrame([["1"] * len(names)], columns=names))
    wanted = expected.split("|") if "|" in expected else expected.split(" ")
    assert [found.label, found.score, found.patient] == wanted


def test_a_guess_by_content_needs_one_column_alone() -> None:
    frame = pd.DataFrame({"a": ["1", "0"], "b": ["0.5", "0.2"], "c": ["0.1", "0.3"]})
    assert guess_columns(frame) == Columns(label="a")
    assert guess_columns(frame, Columns(score="b")) == Columns(label="a", score="b")
    with pytest.raises(ScoreFileError, match="column for the score"):
        to_cohort(frame)


@pytest.mark.parametrize(
    "cell", ["=1+1", "+SUM(A1)", "-2+3", "@x", "\t=1", " =1", "＝1", "\r=1", "=", "=cmd|'calc'!A0"]
)
def test_what_a_spreadsheet_would_run_is_a_formula(cell: str) -> None:
    assert is_formula(cell)
    assert neutralised(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "-0.5", "+3", "1e-3", "a=1", "p-1", 3, -2.5, None, "-inf"])
def test_numbers_and_plain_text_are_no_formulas(cell: object) -> None:
    assert not is_formula(cell)
    assert neutralised(cell) is cell


@given(st.lists(st.text(max_size=8), min_size=1, max_size=5), st.text(max_size=8))
def test_no_exported_cell_is_live(cells: list[str], name: str) -> None:
    text = safe_csv(pd.DataFrame({name: cells, f"{name}=": range(len(cells))}))
    for row in csv.reader(io.StringIO(text, newline="")):
        assert not any(is_formula(cell) for cell in row)


def test_export_keeps_numbers_names_and_duplicated_columns() -> None:
    frame = pd.DataFrame([[-0.5, "=1", None]], columns=["x", "x", "@y"], index=["-k()"])
    assert safe_csv(frame, index=True) == "index,x,x,'@y\r\n'-k(),-0.5,'=1,\r\n"


def test_a_bare_carriage_return_cannot_start_a_new_row_with_a_formula() -> None:
    text = safe_csv(pd.DataFrame({"note": ["a\r=1+1"]}))
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["note"], ["a\r=1+1"]]


def test_a_column_plays_one_part() -> None:
    with pytest.raises(ScoreFileError, match=r"'label' .* as both label and score"):
        read_scores(GOOD, Columns(label="label", score="label"))


@pytest.mark.parametrize(
    ("header", "score"),
    [
        ("y_true,y_pred,y_prob", "y_prob"),
        ("y_true,y_pred,y_score", "y_score"),
        ("label,prediction,mr_probability", "mr_probability"),
        ("label,pred,p_mr", "p_mr"),
    ],
)
def test_a_decision_is_not_taken_for_the_score_beside_it(header: str, score: str) -> None:
    rows = [[f"{i % 2}", f"{(i + i // 3) % 2}", f"{(i % 7) / 7:.3f}"] for i in range(20)]
    frame = pd.DataFrame(rows, columns=header.split(","))
    assert guess_columns(frame).score == score
    assert to_cohort(frame).warnings == ()


def test_decisions_without_a_score_are_taken_and_said_to_be_some() -> None:
    frame = pd.DataFrame([["1", "1"], ["0", "0"], ["1", "0"]], columns=["label", "y_pred"])
    [said] = to_cohort(frame).warnings
    assert said.startswith("Column 'y_pred' holds only 0 and 1: decisions of one threshold")


@pytest.mark.parametrize("column", ["patient_age", "patient_sex", "patient_birth_date"])
def test_what_is_known_of_a_patient_is_no_identifier(column: str) -> None:
    frame = pd.DataFrame([["1", "0.4", "40"]] * 4, columns=["label", "score", column])
    assert guess_columns(frame).patient is None
    both = frame.assign(patient_no=["a", "b", "c", "d"])
    assert guess_columns(both).patient == "patient_no"


def test_a_part_that_is_left_out_is_not_guessed() -> None:
    frame = pd.DataFrame(
        [["1", "0.4", "p"], ["0", "0.2", "p"]], columns=["label", "score", "patient"]
    )
    assert to_cohort(frame).clusters()[1] == 1
    assert to_cohort(frame, left_out=("patient",)).clusters()[1] == 2
