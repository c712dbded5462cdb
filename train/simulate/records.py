"""What the simulated hospital's systems hold of a patient: table rows and pictures, untidy."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np

from train.simulate.exposures import exposure_of
from train.simulate.people import LATERAL_VIEW, Person, Shot, sample_person

#: Shares of rows or files with each kind of disorder.
ZONED, UNREADABLE_DATE, NO_DAY = 0.20, 0.004, 0.004
ABSENT, CUT, ABSENT_LATERAL = 0.003, 0.003, 0.35
MISFILED, SENT_TWICE, REPEATED, INVERTED = 0.004, 0.006, 0.005, 0.25

RADIOGRAPH_COLUMNS = ("patient_id", "accession", "taken", "view", "sex", "age", "file")
EXAM_COLUMNS = (
    *("patient_id", "exam_id", "exam_date", "mitral_regurgitation", "aortic_stenosis", "lvef"),
    *("mitral_prosthesis", "aortic_prosthesis"),
)
#: How reports word a grade, beside the word itself.
WORDINGS = {"none": "no", "trivial": "trace", "mild": "Mild", "moderate": "Moderate"}
VIEWS = {
    "PA": ("PA", "PA", "PA", "pa", "PA erect", ""),
    "AP": ("AP", "AP", "ap", "AP supine"),
    "LATERAL": ("LL", "LATERAL", "lat"),
}

Fate = Literal["whole", "absent", "cut"]


@dataclass(frozen=True)
class Picture:
    """A file of the export: which shot it shows, how it was taken ("PA", "AP" or "LATERAL"), under
    whose id, and what became of it."""

    file: str
    shot: Shot
    view: str
    patient_id: str
    accession: str
    inverted: bool
    fate: Fate

    @property
    def is_dicom(self) -> bool:
        """Whether it is written as DICOM."""
        return self.file.endswith(".dcm")


@dataclass(frozen=True)
class Records:
    """Rows of radiographs.csv and echoes.csv about one person, and their pictures."""

    person: Person
    radiographs: tuple[dict[str, object], ...]
    exams: tuple[dict[str, object], ...]
    pictures: tuple[Picture, ...]


def view_of(seed: int, person: Person, shot: Shot) -> str:
    """How a radiograph was taken: "PA", "AP" or "LATERAL"."""
    if shot.view == LATERAL_VIEW:
        return LATERAL_VIEW
    return exposure_of(seed, person, shot).view.projection


def hospital_id(number: int) -> str:
    """The hospital's own number of a patient: distinct, and in no order."""
    return f"H{(number * 7368787 + 1234567) % 10_000_000:07d}"


def records_of(seed: int, number: int, patients: int, dicom_share: float) -> Records:
    """Everything the hospital holds of patient ``number``; the same arguments, the same records."""
    person = sample_person(seed, number)
    rng = np.random.default_rng([seed, number, 1])
    own = hospital_id(number)
    radiographs: list[dict[str, object]] = []
    pictures: list[Picture] = []
    for shot in person.shots:
        view = view_of(seed, person, shot)
        picture = _picture(rng, person, shot, view, own, dicom_share)
        pictures.append(picture)
        row = _radiograph_row(rng, person, picture)
        radiographs.append(row)
        if rng.random() < REPEATED:
            radiographs.append(dict(row))
        drawn = rng.random()
        if drawn < MISFILED + SENT_TWICE:
            owner = hospital_id((number + 1) % patients) if drawn < MISFILED else own
            copy = _filed_again(picture, owner)
            pictures.append(copy)
            changed = {"patient_id": copy.patient_id, "accession": copy.accession}
            radiographs.append(row | changed | {"file": copy.file})
    exams = [_exam_row(rng, person, own, at) for at in range(len(person.exams))]
    return Records(person, tuple(radiographs), tuple(exams), tuple(pictures))


def _picture(
    rng: np.random.Generator,
    person: Person,
    shot: Shot,
    view: str,
    own: str,
    dicom_share: float,
) -> Picture:
    accession = f"A{person.number:06d}{shot.number:02d}"
    kind = "dcm" if rng.random() < dicom_share else "png"
    drawn = rng.random()
    absent = ABSENT_LATERAL if view == LATERAL_VIEW else ABSENT
    fate: Fate = "absent" if drawn < absent else "cut" if drawn > 1 - CUT else "whole"
    return Picture(
        file=f"images/{person.number // 100:03d}/{accession}.{kind}",
        shot=shot,
        view=view,
        patient_id=own,
        accession=accession,
        inverted=bool(rng.random() < INVERTED),
        fate=fate,
    )


def _filed_again(picture: Picture, patient_id: str) -> Picture:
    """The same radiograph filed once more, under the same or another patient."""
    return Picture(
        file=picture.file.replace(picture.accession, picture.accession + "X"),
        shot=picture.shot,
        view=picture.view,
        patient_id=patient_id,
        accession=picture.accession + "X",
        inverted=picture.inverted,
        fate=picture.fate,
    )


def _radiograph_row(
    rng: np.random.Generator, person: Person, picture: Picture
) -> dict[str, object]:
    shot = picture.shot
    cells = (
        *(picture.patient_id, picture.accession, _date_text(rng, shot.when)),
        *(str(rng.choice(VIEWS[picture.view])), person.sex, person.age(shot.when), picture.file),
    )
    return dict(zip(RADIOGRAPH_COLUMNS, cells, strict=True))


def _exam_row(rng: np.random.Generator, person: Person, own: str, at: int) -> dict[str, object]:
    exam = person.exams[at]
    cells = (
        *(own, f"E{person.number:06d}{at:02d}", _date_text(rng, exam.when)),
        *(_worded(rng, exam.mr), _worded(rng, exam.as_), "" if exam.lvef is None else exam.lvef),
        *("yes" if person.mitral_prosthesis else "no",),
        *("yes" if person.aortic_prosthesis else "no",),
    )
    return dict(zip(EXAM_COLUMNS, cells, strict=True))


def _worded(rng: np.random.Generator, grade: str | None) -> str:
    if grade is None:
        return ""
    return WORDINGS.get(grade, grade) if rng.random() < 0.3 else grade


def _date_text(rng: np.random.Generator, when: datetime) -> str:
    drawn = rng.random()
    if drawn < UNREADABLE_DATE:
        return "unknown"
    if drawn < UNREADABLE_DATE + NO_DAY:
        return when.strftime("%Y-%m")
    if drawn > 1 - ZONED:
        # Summer time, roughly; a zone is part of the disorder, not of the calendar.
        return when.strftime("%Y-%m-%dT%H:%M") + ("+02:00" if 4 <= when.month <= 10 else "+01:00")
    return when.strftime("%Y-%m-%d %H:%M")
