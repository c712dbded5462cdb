"""What the words of an echo report are taken for, and what is left as unreadable."""

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from cxr_valve.findings import AS, MR
from train.cohort.grades import (
    is_neither_yes_nor_no,
    names_prosthesis,
    parse_grades,
    says_yes,
)

#: Words of reports that grade nothing, with numbers that could be mistaken for grades.
CHATTER = (
    *("see", "report", "of", "EROA", "Vmax", "AVA", "siehe", "Befund", "vom", "exam", "II", "iv"),
    *("1", "2", "3.4", "4.1 m/s", "3.4.2018", "0.2 cm2", "2018-03-04", "55%", "4,1", "no. 3"),
)


def mr(cell: str) -> str:
    """The grade of a cell in a column of mitral regurgitation."""
    return str(parse_grades(pd.Series([cell]), MR.grades, "mr")[0])


def aortic(cell: str) -> str:
    """The grade of a cell in a column of aortic stenosis."""
    return str(parse_grades(pd.Series([cell]), AS.grades, "as")[0])


@pytest.mark.parametrize(
    "cell",
    [
        *("no data", "no information", "no doppler signal", "no change", "no longer", "no report"),
        *("no evaluation", "no comment", "no value", "no measurement", "No images"),
        *("not assessed", "not well seen", "unable to grade", "n/a", "-", "?", "normal?"),
        *("see report of 3.4.2018", "siehe Befund vom 2.3.2018", "EROA 0.2 cm2", "Vmax 4.1 m/s"),
        *("5", "1.5", "2/3", "1-3", "3-2", "12", "1.4.", "grade", "v", "stage 2", "II.3.2018"),
        *("schwer", "mittelschwer", "whatever", "significant"),
    ],
)  # fmt: skip
def test_what_grades_nothing_is_unreadable(cell: str) -> None:
    assert (mr(cell), aortic(cell)) == ("", "")


@pytest.mark.parametrize(
    ("cell", "grade"),
    [
        *(("0", "none"), ("1+", "mild"), ("2", "moderate"), ("III", "moderate"), ("4", "severe")),
        *(("grade 1", "mild"), ("Grad II", "moderate"), ("Degree 4", "severe"), ("1.0", "mild")),
        *(("2+/4", "moderate"), ("2+/4+", "moderate"), ("grade II/IV", "moderate")),
        *(("2-3", "moderate"), ("1+ to 2+", "mild"), ("I-II/IV", "mild"), ("3–4+", "moderate")),
        *(("II°", "moderate"), ("MR 2+", "moderate"), ("2+ mitral regurgitation", "moderate")),
    ],
)  # fmt: skip
def test_a_number_is_a_grade_where_it_is_the_whole_cell(cell: str, grade: str) -> None:
    assert mr(cell) == grade


@pytest.mark.parametrize(
    ("cell", "grade"),
    [
        *(("Sclerosis, mild stenosis", "mild"), ("Sclerosis, moderate stenosis", "moderate")),
        *(("sclerosis with mild stenosis", "mild"), ("sclerosis + mild stenosis", "mild")),
        *(("Sclerosis", "none"), ("aortic valve sclerosis without stenosis", "none")),
        *(("mild sclerosis", ""), ("mild sclerosis, no stenosis", "none")),
        *(("Severe AS, Vmax 4.1 m/s", "severe"), ("severe AS AVA 0,8 cm²", "severe")),
        *(("moderate, Vmax 3.1 m/s", "moderate"), ("no evidence of AS", "none")),
        *(("low-flow low-gradient severe", "severe"), ("severe calcific stenosis", "severe")),
        *(("severely calcified, mild stenosis", "mild"), ("severe calcification", "")),
        *(("No as", "none"), ("mild as, severe mr", "mild"), ("moderate as before", "")),
        *(("no AS/AR", "none"), ("no mitral stenosis", ""), ("no aortic regurgitation", "")),
        *(("AR: mild AS: severe", ""), ("severe by area, moderate by gradient", "")),
        *(("normal flow low gradient severe AS", "severe"), ("trace", "none")),
        *(("None, incr vel high output", "none"), ("No significant MR", ""), ("MR 2+", "")),
    ],
)  # fmt: skip
def test_reports_of_stenosis_are_read_by_what_they_say_of_it(cell: str, grade: str) -> None:
    assert aortic(cell) == grade


@pytest.mark.parametrize(
    ("cell", "grade"),
    [
        ("normal valve, moderate regurgitation", "moderate"),
        *(("no change, moderate", "moderate"), ("moderate, no change", "moderate")),
        *(("no MR", "none"), ("none", "none"), ("absent", "none"), ("nil", "none"), ("No", "none")),
        *(("normal", "none"), ("normal mitral valve", "none"), ("not present", "none")),
        *(("without", "none"), ("negative", "none"), ("normal EF", ""), ("no/trivial MR", "none")),
        *(("no significant MR", "none"), ("no significant MR or TR", "none"), ("No.", "none")),
        *(("there is no regurgitation", "none"), ("MR: no", "none"), ("No MS or MR", "none")),
        *(("no hemodynamically significant MR", ""), ("no more than mild", ""), ("not severe", "")),
        *(("no severe MR", ""), ("no longer severe", ""), ("at most mild", ""), ("< mild", "")),
        *(("less than mild", "trivial"), ("at least moderate", "moderate"), (">= mild", "mild")),
        *(("mild to moderate", "mild"), ("mild-moderate", "mild"), ("trace/mild", "trivial")),
        *(("moderately severe", "moderate"), ("moderate-severe", "moderate")),
        *(("severe (4+)", "severe"), ("Mild (1+)", "mild"), ("mild, grade 1", "mild")),
        *(("trivial", "trivial"), ("physiological", "trivial"), ("insignificant", "trivial")),
        ("There is moderate (2+) mitral regurgitation", "moderate"),
        *(("moderate MR at rest", "moderate"), ("eccentric moderate jet", "moderate")),
        *(("Mitral regurgitation was moderate.", "moderate"), ("torrential", "severe")),
        *(("increased from mild to moderate", ""), ("severe?", ""), ("possible severe MR", "")),
        *(("previously severe, now mild", ""), ("mild, moderate", ""), ("none, mild", "")),
        *(("severe obesity", ""), ("severe obesity, mild MR", "mild"), ("MR in severe pain", "")),
        *(("severe obesity, mild", ""), ("No MR. Severe LAE.", "none"), ("sclerosis", "")),
        *(("severe LA dilatation", ""), ("LV dilated, moderate", ""), ("Mod-sev", "moderate")),
    ],
)  # fmt: skip
def test_reports_of_regurgitation_are_read_by_what_they_say_of_it(cell: str, grade: str) -> None:
    assert mr(cell) == grade


@pytest.mark.parametrize(
    ("cell", "grade"),
    [
        *(("mild MR, severe TR", "mild"), ("severe TR, mild MR", "mild"), ("severe TR", "")),
        *(("mild MR severe TR", ""), ("mild MR/TR", ""), ("TR, severe", ""), ("TR - severe", "")),
        *(("mild mitral and severe tricuspid regurgitation", "mild"), ("no stenosis", "")),
        *(("no stenosis, mild regurgitation", "mild"), ("Severe AS", ""), ("severe as", "")),
        *(("moderate mitral stenosis", ""), ("Mitral stenosis, moderate", "")),
        *(("no tricuspid regurgitation", ""), ("moderate tricuspid regurgitation", "")),
        *(("severe TR and MR", ""), ("MR, severe", "severe"), ("mild, TR severe", "mild")),
    ],
)  # fmt: skip
def test_another_valve_in_the_cell_never_lends_its_grade(cell: str, grade: str) -> None:
    assert mr(cell) == grade


@given(st.lists(st.sampled_from(CHATTER), min_size=2, max_size=6))
def test_numbers_and_dates_in_a_text_are_never_a_grade(words: list[str]) -> None:
    assert (mr(" ".join(("see", *words))), aortic(" ".join(("see", *words)))) == ("", "")


@given(
    st.sampled_from(MR.grades),
    st.lists(st.sampled_from(CHATTER), max_size=4),
    st.lists(st.sampled_from(CHATTER), max_size=4),
)
def test_a_word_outweighs_every_number_around_it(
    grade: str, before: list[str], after: list[str]
) -> None:
    cell = f"{' '.join(before)}; {grade}, {' '.join(after)}"
    assert mr(cell) == grade


@given(st.text(alphabet="bcfjkpquvwxz ", max_size=12), st.sampled_from(("no", "not", "normal")))
def test_a_negation_of_an_unknown_thing_grades_nothing(thing: str, start: str) -> None:
    cell = f"{start} {thing.strip()} q"
    assert (mr(cell), aortic(cell)) == ("", "")


@pytest.mark.parametrize(
    ("cell", "named"),
    [
        *(("prosthesis", True), ("Bioprosthesis", True), ("TAVR present", True), ("ring", True)),
        *(("s/p AVR 2015", True), ("mitral valve replacement", True), ("annuloplasty", True)),
        *(("no prosthesis", False), ("during", False), ("measuring", False), ("string", False)),
        *(("no previous valve replacement", False), ("not a prosthesis", False), ("spring", False)),
        *(("without mechanical valve", False), ("keine Prothese", False), ("ohne Ring", False)),
        *(("denies any history of valve replacement", False), ("never had TAVI", False)),
        *(("no mechanical or biological prosthesis", False), ("no TAVI or MVR", False)),
        *(("prosthesis: no", False), ("valve replacement - none", False)),
        *(("no mitral prosthesis, TAVI 2017", True), ("no MR in the prosthesis", True)),
        *(("no prosthetic valve dysfunction", True), ("prosthesis: no regurgitation", True)),
        *(("no mechanical prosthesis but a bioprosthesis", True), ("", False)),
    ],
)  # fmt: skip
def test_a_prosthesis_is_named_by_whole_words_that_nothing_denies(cell: str, named: bool) -> None:
    assert names_prosthesis(pd.Series([cell]))[0] == named
    assert says_yes(pd.Series([cell]))[0] == named


def test_yes_no_and_neither_are_told_apart() -> None:
    yes = ["yes", "Ja", "1", "1.0", "x", "TRUE", "yes, 2015", "TAVI"]
    no = ["", "no", "0", "0.0", "Nein", "native", "no prosthesis", "none"]
    neither = ["unknown", "2017", "during", "maybe", "no data"]
    cells = pd.Series([*yes, *no, *neither])
    assert cells[says_yes(cells)].tolist() == yes
    assert cells[is_neither_yes_nor_no(cells)].tolist() == neither
