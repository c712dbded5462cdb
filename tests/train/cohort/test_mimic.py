"""MIMIC-CXR and MIMIC-IV-ECHO from tiny tables of their shape, down to labels and ages."""

from pathlib import Path

import pytest

from tests.train.cohort.exports import write_csv
from train.cohort.adapters import read_source
from train.cohort.build import draft
from train.cohort.card import CohortError
from train.cohort.rules import CohortRules

METADATA = "dicom_id,subject_id,study_id,ViewPosition,StudyDate,StudyTime"
ECHO = (
    "subject_id,measurement_id,measurement_datetime,test_type,measurement,"
    "measurement_description,result,unit"
)
#: Subject, test, measurement, result of one exam each; the study's own words.
MEASURED = (
    (11, "tte", "mitral_regurg", "Mild (1+)"),
    (11, "tte", "aortic_stenosis", "None, incr vel high output"),
    (11, "tte", "av_pk_vel", "3.6"),
    (12, "tte", "mitral_regurg", "Moderate-Severe (3+)"),
    (12, "tte", "av_pk_vel", "2.7"),
    (13, "tte", "mitral_regurg", "Trace"),
    (13, "tte", "av_mean_grad", "42"),
    (14, "tte", "mvr_structure1", "Bioprosthesis"),
    (14, "tte", "mitral_regurg", "Mild"),
    (14, "tte", "avr_structure1", "Native"),
    (14, "tte", "av_area_continuity", "1.2"),
    (15, "tee", "mitral_regurg", "Severe"),
    (16, "tte", "aortic_stenosis", "present"),
    (16, "tte", "av_pk_vel", "4.5"),
    (16, "tte", "lvef", "50"),
    (16, "tte", "lvef_upper", "55"),
    (17, "tte", "av_leaflets", "TAVR present"),
    (17, "tte", "aortic_stenosis", "Mild"),
    (17, "tte", "biplane_lvef", "38"),
    (17, "tte", "lvef", "60"),
    (18, "tte", "av_mean_grad", "12"),
)


def mimic(folder: Path, echo: str = "structured-measurement.csv.gz") -> Path:
    write_csv(
        folder / "mimic-cxr-2.0.0-metadata.csv.gz",
        METADATA,
        *(f"d{at},{at},5{at},PA,21800304,101500.0" for at in range(11, 19)),
        "side,11,511,LATERAL,21800304,101600.0",
    )
    write_csv(
        folder / "mimic-cxr-2.0.0-split.csv.gz",
        "dicom_id,study_id,subject_id,split",
        *(f"d{at},5{at},{at},{('train', 'validate', 'test')[at % 3]}" for at in range(11, 19)),
    )
    write_csv(
        folder / echo,
        ECHO,
        *(
            f'{subject},m{subject},2180-03-10 09:00:00,{test},{name},text,"{result}",'
            for subject, test, name, result in MEASURED
        ),
    )
    return folder


@pytest.mark.parametrize("echo", ["structured-measurement.csv.gz", "structured_measurement.csv"])
def test_mimic_grades_come_from_text_else_from_measurements(tmp_path: Path, echo: str) -> None:
    source = read_source(CohortRules(str(mimic(tmp_path, echo)), adapter="mimic"))
    exams = source.exams.set_index("patient")
    assert exams["grade_mr"].to_dict() == {
        "11": "mild", "12": "moderate", "13": "trivial", "14": "mild", "16": "", "17": "", "18": "",
    }  # fmt: skip
    # High flow said to be no stenosis stays none; velocity, gradient and area fill in elsewhere;
    # "present" alone tells no grade, and a low gradient alone does not tell mild from none.
    assert exams["grade_as"].to_dict() == {
        "11": "none", "12": "mild", "13": "severe", "14": "moderate", "16": "", "17": "mild",
        "18": "",
    }  # fmt: skip
    assert exams["value_lvef"].dropna().to_dict() == {"16": 52.5, "17": 38.0}
    assert exams.index[exams["prosthesis_mr"]].tolist() == ["14"]
    assert exams.index[exams["prosthesis_as"]].tolist() == ["17"]


def test_mimic_images_lie_where_the_jpg_release_has_them(tmp_path: Path) -> None:
    rules = CohortRules(str(mimic(tmp_path)), adapter="mimic", finding="mr")
    source = read_source(rules)
    assert source.radiographs["path"].iloc[0] == "files/p11/p11/s511/d11.jpg"
    assert source.radiographs["split"].tolist()[:3] == ["test", "train", "validation"]
    flow = {step.step: step.images for step in draft(source, rules).card.flow}
    assert flow == {
        "listed": 9, "unusable": 0, "no_exam": 1, "no_grade": 3, "prosthesis": 1, "lateral": 1,
        "unreadable": 0, "duplicate": 0, "conflict": 0, "kept": 3,
    }  # fmt: skip


def test_missing_as_negative_is_said_and_never_the_default(tmp_path: Path) -> None:
    folder = str(mimic(tmp_path))
    rules = CohortRules(folder, adapter="mimic", finding="mr", missing_as_negative=True)
    made = draft(read_source(rules), rules)
    flow = {step.step: step.images for step in made.card.flow}
    assert (flow["no_grade"], flow["kept"]) == (0, 6)
    assert made.table["target"].sum() == 2
    assert made.card.rules["missing_as_negative"] is True


def test_words_that_give_no_grade_are_counted_and_never_negative(tmp_path: Path) -> None:
    rules = CohortRules(
        str(mimic(tmp_path)), adapter="mimic", finding="as", missing_as_negative=True
    )
    source = read_source(rules)
    assert source.exams.loc[source.exams["unread_as"], "patient"].tolist() == ["16"]
    assert [problem.sentence() for problem in source.problems] == [
        "structured-measurement.csv.gz, column 'aortic_stenosis': expected a grade out of none, "
        "mild, moderate, severe, found other words. The exam counts as one without a grade, and "
        "never as a negative."
    ]
    kept = draft(source, rules).table["path"]
    assert not kept.str.contains("d16").any()
    assert kept.str.contains("d18").any()


def test_mimic_ages_come_from_the_shifted_years(tmp_path: Path) -> None:
    folder = mimic(tmp_path)
    write_csv(
        folder / "patients.csv.gz", "subject_id,gender,anchor_age,anchor_year", "11,F,60,2178"
    )
    rows = read_source(CohortRules(str(folder), adapter="mimic")).radiographs
    assert (rows["sex"].iloc[0], rows["age"].iloc[0]) == ("F", 62.0)
    assert rows["sex"].iloc[1] == ""


def test_a_measurement_table_of_another_shape_is_named(tmp_path: Path) -> None:
    folder = mimic(tmp_path)
    write_csv(folder / "structured-measurement.csv.gz", "subject_id,result", "1,2")
    with pytest.raises(CohortError, match=r"structured-measurement.csv.gz: expected a table with"):
        read_source(CohortRules(str(folder), adapter="mimic"))
