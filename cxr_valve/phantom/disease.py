"""What disease does to a heart: shifts of its measurements by grade, by other conditions, by size.

The tables are the simulator's design: their sizes follow published means (left atrium 34 mm in
healthy adults and 47 mm where it is enlarged; angle of the carina 60 ± 8 degrees, above 90 in 8 %
of enlarged atria: Murray et al., J Thorac Imaging 1995;10:194; wall, diameter and aorta by sex:
Lang et al., J Am Soc Echocardiogr 2015;28:1), and the spread between people is set so that the
grades overlap as they do in patients.
"""

from dataclasses import dataclass

import numpy as np

from cxr_valve.findings import AS, MR, Finding

#: Mean shift (mm) of each measurement by grade.
LA_BY_MR = dict(zip(MR.grades, (0.0, 0.6, 4.0, 8.5, 14.0), strict=True))
LVEDD_BY_MR = dict(zip(MR.grades, (0.0, 0.3, 1.7, 4.2, 8.0), strict=True))
WALL_BY_AS = dict(zip(AS.grades, (0.0, 1.2, 2.3, 3.6), strict=True))
AORTA_BY_AS = dict(zip(AS.grades, (0.0, 2.4, 3.8, 5.4), strict=True))
#: Degrees of the carina per mm of left atrium, and the atrium at which it stands at 60 degrees.
CARINA_PER_LA, CARINA_FROM_LA = 1.5, 36.0
#: Points of ejection fraction lost per mm of left ventricle above this diameter.
LVEF_PER_LVEDD, LVEF_FROM_LVEDD = 0.9, 50.0


@dataclass(frozen=True)
class Person:
    """What of a patient moves the measurements besides the grades.

    ``age`` in years, ``height_cm``, ``bmi`` in kg/m².
    """

    age: float
    male: bool
    height_cm: float
    bmi: float
    hypertension: bool
    cardiomyopathy: bool
    atrial_fibrillation: bool


def lengths(rng: np.random.Generator, mr: str, as_: str, person: Person) -> tuple[float, ...]:
    """Left atrium, left ventricle, wall and ascending aorta of one patient, mm: the mean for the
    grades and conditions, and what differs between people."""
    tall, heavy, old = person.height_cm - 168, person.bmi - 27, person.age - 60
    la = 34.5 + 0.04 * tall + 0.12 * heavy + 0.04 * old + LA_BY_MR[mr]
    la += 1.5 * person.hypertension + 3.0 * person.cardiomyopathy
    la += 3.5 * person.atrial_fibrillation + rng.normal(0, 4.15)
    lvedd = 47.5 + 0.12 * tall + 0.08 * heavy + LVEDD_BY_MR[mr]
    lvedd += 9.0 * person.cardiomyopathy + rng.normal(0, 4.2)
    wall = 8.6 + 0.5 * person.male + 0.06 * heavy + 0.01 * old + WALL_BY_AS[as_]
    wall += 1.2 * person.hypertension + rng.normal(0, 1.42)
    aorta = 31.0 + 1.5 * person.male + 0.03 * tall + 0.07 * old + AORTA_BY_AS[as_]
    aorta += 0.8 * person.hypertension + rng.normal(0, 3.1)
    return la, lvedd, wall, aorta


def carina_of(la: float) -> float:
    """Mean angle of the carina in degrees over an atrium of ``la`` mm."""
    return 60.0 + CARINA_PER_LA * (la - CARINA_FROM_LA)


def lvef_of(lvedd: float) -> float:
    """Mean ejection fraction in % of a ventricle of ``lvedd`` mm: it falls as it dilates."""
    return 63.0 - LVEF_PER_LVEDD * max(lvedd - LVEF_FROM_LVEDD, 0.0)


def next_grade(finding: Finding, grade: str) -> str:
    """One grade worse, for a valve that leaks or is narrowed at all; else the same."""
    at = finding.grades.index(grade)
    return finding.grades[min(at + 1, len(finding.grades) - 1)] if at else grade
