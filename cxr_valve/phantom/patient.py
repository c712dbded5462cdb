"""Simulated patients: echo grades, confounders and the heart measurements that follow.

Distributions overlap as real patients' do: a grade shifts the mean of a measurement by about one
standard deviation, and several conditions that are no valve disease shift it too.
"""

from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np

from cxr_valve.findings import AS, MR
from cxr_valve.phantom.disease import (
    AORTA_BY_AS,
    LA_BY_MR,
    LVEDD_BY_MR,
    WALL_BY_AS,
    Person,
    carina_of,
    lengths,
    lvef_of,
    next_grade,
)

MR_GRADES = dict(zip(MR.grades, (0.36, 0.20, 0.24, 0.13, 0.07), strict=True))
AS_GRADES = dict(zip(AS.grades, (0.905, 0.040, 0.030, 0.025), strict=True))
#: Training cohorts may be enriched in AS; validation and test never are.
AS_GRADES_ENRICHED = dict(zip(AS.grades, (0.60, 0.15, 0.13, 0.12), strict=True))

Lung = Literal["clear", "emphysema", "fibrosis", "opacity"]


@dataclass(frozen=True)
class Measurements:
    """True sizes of a simulated heart: lengths in mm, ``lvef`` in %, ``carina`` in degrees."""

    la: float
    lvedd: float
    wall: float
    aorta: float
    carina: float
    lvef: float

    def as_tuple(self) -> tuple[float, ...]:
        """The values in field order."""
        return tuple(getattr(self, field.name) for field in fields(self))


MEASUREMENT_NAMES = tuple(field.name for field in fields(Measurements))
#: Typical means and standard deviations, used to scale regression targets.
MEASUREMENT_MEANS = np.array([38.5, 49.5, 10.0, 33.5, 66.0, 60.0])
MEASUREMENT_SDS = np.array([6.5, 5.5, 1.9, 3.9, 10.0, 7.5])
#: What hearts can be.
_LOWEST = Measurements(la=24, lvedd=34, wall=5.5, aorta=22, carina=40, lvef=12)
_HIGHEST = Measurements(la=75, lvedd=82, wall=20, aorta=55, carina=130, lvef=80)


@dataclass(frozen=True)
class Patient:
    """A simulated patient.

    Attributes:
        mr, as_: grades of both valves.
        age: years. sex: "F" or "M". height_cm, bmi: kg/m².
        lung: what the lungs look like apart from the heart.
        effusion: fluid in the right and left pleural space, 0 none … 1 half the lung.
        calcification: of the aortic valve, 0 … 1.
        line: a central line or a tube is in place.
    """

    mr: str
    as_: str
    age: float
    sex: str
    height_cm: float
    bmi: float
    hypertension: bool
    cardiomyopathy: bool
    atrial_fibrillation: bool
    lung: Lung
    effusion: tuple[float, float]
    calcification: float
    pacemaker: bool
    sternotomy: bool
    line: bool
    measurements: Measurements


def sample_patient(
    rng: np.random.Generator,
    *,
    mr: str | None = None,
    as_: str | None = None,
    as_grades: dict[str, float] = AS_GRADES,
) -> Patient:
    """Draw a patient; ``mr`` and ``as_`` fix a grade instead of drawing it."""
    mr = mr or _draw(rng, MR_GRADES)
    as_ = as_ or _draw(rng, as_grades)
    person = _person(rng, (mr not in ("none", "trivial")) + (as_ != "none"))
    measurements = _measure(rng, mr, as_, person)
    return Patient(
        mr=mr,
        as_=as_,
        age=person.age,
        sex="M" if person.male else "F",
        height_cm=person.height_cm,
        bmi=person.bmi,
        hypertension=person.hypertension,
        cardiomyopathy=person.cardiomyopathy,
        atrial_fibrillation=person.atrial_fibrillation,
        lung=_lung(rng, person.age),
        effusion=_effusion(rng, measurements),
        calcification=_calcification(rng, as_, person.age),
        pacemaker=bool(rng.random() < 0.03 + 0.05 * person.atrial_fibrillation),
        sternotomy=bool(rng.random() < 0.05),
        line=bool(rng.random() < 0.07),
        measurements=measurements,
    )


def worsened(patient: Patient) -> Patient:
    """The same patient one grade worse in each valve that leaks or is narrowed at all.

    Measurements move by the difference that the phantom makes between the two grades.
    """
    mr, as_ = next_grade(MR, patient.mr), next_grade(AS, patient.as_)
    size = patient.measurements
    la = size.la + LA_BY_MR[mr] - LA_BY_MR[patient.mr]
    lvedd = size.lvedd + LVEDD_BY_MR[mr] - LVEDD_BY_MR[patient.mr]
    grown = Measurements(
        la=la,
        lvedd=lvedd,
        wall=size.wall + WALL_BY_AS[as_] - WALL_BY_AS[patient.as_],
        aorta=size.aorta + AORTA_BY_AS[as_] - AORTA_BY_AS[patient.as_],
        carina=size.carina + carina_of(la) - carina_of(size.la),
        lvef=size.lvef + lvef_of(lvedd) - lvef_of(size.lvedd),
    )
    return replace(patient, mr=mr, as_=as_, measurements=_possible(grown))


def _draw(rng: np.random.Generator, grades: dict[str, float]) -> str:
    return str(rng.choice(list(grades), p=list(grades.values())))


def _person(rng: np.random.Generator, diseased: int) -> Person:
    """Age, sex, stature and the conditions that are no valve disease."""
    age = float(np.clip(rng.normal(60 + 4 * diseased, 14), 20, 97))
    male = bool(rng.random() < 0.5)
    height = rng.normal(174 if male else 161, 6.8) - 0.06 * (age - 60)
    return Person(
        age=age,
        male=male,
        height_cm=float(np.clip(height, 143, 198)),
        bmi=float(np.clip(26.5 * np.exp(rng.normal(0, 0.17)), 16, 46)),
        hypertension=bool(rng.random() < np.clip(0.25 + 0.005 * (age - 50), 0.05, 0.5)),
        cardiomyopathy=bool(rng.random() < 0.06),
        atrial_fibrillation=bool(rng.random() < 0.05 + 0.003 * max(age - 50, 0) + 0.04 * diseased),
    )


def _measure(rng: np.random.Generator, mr: str, as_: str, person: Person) -> Measurements:
    """Lengths by grade and person, and the carina and ejection fraction that follow from them."""
    la, lvedd, wall, aorta = lengths(rng, mr, as_, person)
    carina = carina_of(la) + rng.normal(0, 7.0)
    lvef = lvef_of(lvedd) - 9.0 * person.cardiomyopathy + rng.normal(0, 5.0)
    return _possible(Measurements(la, lvedd, wall, aorta, float(carina), float(lvef)))


def _possible(size: Measurements) -> Measurements:
    """The nearest that a heart can be."""
    limits = (size.as_tuple(), _LOWEST.as_tuple(), _HIGHEST.as_tuple())
    return Measurements(*(float(value) for value in np.clip(*limits)))


def _lung(rng: np.random.Generator, age: float) -> Lung:
    """Emphysema and fibrosis come with age; an opacity may meet anybody."""
    drawn, old = rng.random(), max(age - 45, 0) / 50
    if drawn < 0.08 * old:
        return "emphysema"
    if drawn < 0.13 * old:
        return "fibrosis"
    return "opacity" if drawn > 0.94 else "clear"


def _effusion(rng: np.random.Generator, size: Measurements) -> tuple[float, float]:
    """Fluid in both pleural spaces: commoner where the heart fails, and then right before left."""
    failing = max(50 - size.lvef, 0) / 30 + max(size.la - 50, 0) / 25
    present = rng.random() < 0.05 + 0.12 * min(failing, 1.5)
    share = rng.beta(1.4, 3.5, size=2) * (rng.random(2) < (0.85, 0.65))
    return (float(share[0]), float(share[1])) if present else (0.0, 0.0)


def _calcification(rng: np.random.Generator, as_: str, age: float) -> float:
    """Calcium of the aortic valve: some in the old, more where the valve is narrowed."""
    mean = 0.004 * max(age - 60, 0) + 0.1 * AS.grades.index(as_)
    return float(np.clip(rng.normal(mean, 0.12), 0, 1))
