"""Simulated patients: echo grades, confounders and the heart measurements that follow.

Distributions overlap as real patients' do: a grade shifts the mean of a measurement by about one
standard deviation, and several conditions that are no valve disease shift it too.
"""

from dataclasses import dataclass, fields

import numpy as np

from cxr_valve.findings import AS, MR

MR_GRADES = dict(zip(MR.grades, (0.36, 0.20, 0.24, 0.13, 0.07), strict=True))
AS_GRADES = dict(zip(AS.grades, (0.905, 0.040, 0.030, 0.025), strict=True))
#: Training cohorts may be enriched in AS; validation and test never are.
AS_GRADES_ENRICHED = dict(zip(AS.grades, (0.60, 0.15, 0.13, 0.12), strict=True))

#: Mean shift (mm) of each measurement by grade.
LA_BY_MR = dict(zip(MR.grades, (0.0, 0.6, 4.0, 8.5, 14.0), strict=True))
LVEDD_BY_MR = dict(zip(MR.grades, (0.0, 0.3, 1.8, 5.0, 9.0), strict=True))
WALL_BY_AS = dict(zip(AS.grades, (0.0, 1.3, 2.6, 4.4), strict=True))
AORTA_BY_AS = dict(zip(AS.grades, (0.0, 2.5, 4.5, 6.5), strict=True))


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
MEASUREMENT_MEANS = np.array([38.5, 49.5, 10.0, 33.5, 66.0, 58.0])
MEASUREMENT_SDS = np.array([6.5, 5.8, 2.0, 4.2, 10.0, 9.0])


@dataclass(frozen=True)
class Patient:
    """A simulated patient. ``sex`` is "F" or "M"; ``age`` in years; ``habitus`` 1 is average."""

    mr: str
    as_: str
    age: float
    sex: str
    habitus: float
    hypertension: bool
    cardiomyopathy: bool
    atrial_fibrillation: bool
    measurements: Measurements


def _draw(rng: np.random.Generator, grades: dict[str, float]) -> str:
    return str(rng.choice(list(grades), p=list(grades.values())))


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
    diseased = (mr not in ("none", "trivial")) + (as_ != "none")
    age = float(np.clip(rng.normal(60 + 5 * diseased, 14), 20, 97))
    hypertension = bool(rng.random() < 0.25 + 0.004 * (age - 50))
    cardiomyopathy = bool(rng.random() < 0.07)
    fibrillation = bool(rng.random() < 0.06 + 0.003 * max(age - 50, 0) + 0.05 * diseased)
    sex = "F" if rng.random() < 0.5 else "M"
    conditions = (hypertension, cardiomyopathy, fibrillation)
    return Patient(
        mr=mr,
        as_=as_,
        age=age,
        sex=sex,
        habitus=float(np.clip(rng.normal(1.0, 0.12), 0.75, 1.4)),
        hypertension=hypertension,
        cardiomyopathy=cardiomyopathy,
        atrial_fibrillation=fibrillation,
        measurements=_measure(rng, mr, as_, age, sex, conditions),
    )


def _measure(
    rng: np.random.Generator,
    mr: str,
    as_: str,
    age: float,
    sex: str,
    conditions: tuple[bool, bool, bool],
) -> Measurements:
    """Means by grade, confounder, age and sex, plus what differs between people."""
    hypertension, cardiomyopathy, fibrillation = conditions
    male = 1.0 if sex == "M" else 0.0
    la = 34.0 + 1.5 * male + 0.05 * (age - 60) + LA_BY_MR[mr]
    la += 1.5 * hypertension + 3.0 * cardiomyopathy + 4.0 * fibrillation + rng.normal(0, 4.3)
    lvedd = 46.5 + 2.5 * male + LVEDD_BY_MR[mr] + 8.0 * cardiomyopathy + rng.normal(0, 4.0)
    wall = 8.8 + 0.6 * male + WALL_BY_AS[as_] + 1.2 * hypertension + rng.normal(0, 1.35)
    aorta = 31.0 + 1.5 * male + 0.08 * (age - 60) + AORTA_BY_AS[as_]
    aorta += 0.8 * hypertension + rng.normal(0, 3.3)
    carina = 60.0 + 1.1 * (la - 36.0) + rng.normal(0, 7.0)
    lvef = 63.0 - 0.9 * max(lvedd - 50.0, 0.0) - 10.0 * cardiomyopathy + rng.normal(0, 4.0)
    return Measurements(
        la=float(np.clip(la, 24, 75)),
        lvedd=float(np.clip(lvedd, 34, 80)),
        wall=float(np.clip(wall, 6, 20)),
        aorta=float(np.clip(aorta, 22, 55)),
        carina=float(np.clip(carina, 40, 130)),
        lvef=float(np.clip(lvef, 12, 80)),
    )
