"""Simulated patients over three years: their heart at each date, their exams and radiographs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from cxr_valve.phantom.patient import Patient, sample_patient, worsened

FRONTAL_VIEW, LATERAL_VIEW = "FRONTAL", "LATERAL"
#: The study's period.
START, END = datetime(2016, 7, 1), datetime(2019, 5, 31, 23, 59)
#: Patients whose disease gets one grade worse at some date within the period.
PROGRESSING = 0.08
EXAMS = {1: 0.62, 2: 0.24, 3: 0.10, 4: 0.04}
RADIOGRAPHS = {1: 0.50, 2: 0.27, 3: 0.13, 4: 0.07, 5: 0.03}
#: Radiographs taken more than 30 days from the exam they belong to.
OUTSIDE = 0.15
LATERAL = 0.12
PROSTHESIS = 0.012
MISSING_GRADE, MISSING_LVEF = 0.04, 0.08
#: An ejection fraction read twice differs by about this standard deviation, in %.
LVEF_NOISE = 3.0


@dataclass(frozen=True)
class Exam:
    """An echo: grades are None where the report gives none, ``lvef`` in %."""

    when: datetime
    mr: str | None
    as_: str | None
    lvef: int | None


@dataclass(frozen=True)
class Shot:
    """A radiograph: ``number`` counts within the patient; ``view`` is
    "FRONTAL" or "LATERAL"."""

    number: int
    when: datetime
    view: str
    heart: Patient


@dataclass(frozen=True)
class Person:
    """A patient of the hospital: exams and radiographs by date; which valves are prosthetic."""

    number: int
    sex: str
    birth: datetime
    exams: tuple[Exam, ...]
    shots: tuple[Shot, ...]
    mitral_prosthesis: bool
    aortic_prosthesis: bool

    def age(self, when: datetime) -> int:
        """Age in whole years at a date."""
        return int((when - self.birth).days / 365.25)


def sample_person(seed: int, number: int) -> Person:
    """Patient ``number`` of the hospital ``seed``: the same arguments give the same person."""
    rng = np.random.default_rng([seed, number])
    before = sample_patient(rng)
    after, turn = before, END
    if rng.random() < PROGRESSING:
        after, turn = worsened(before), START + rng.random() * (END - START)
    dates = _exam_dates(rng)
    taken = sorted(_near(rng, dates) for _ in range(_count(rng, RADIOGRAPHS)))
    shots: list[Shot] = []
    for when in taken:
        heart = before if when < turn else after
        shots.append(Shot(len(shots), when, FRONTAL_VIEW, heart))
        if rng.random() < LATERAL:
            shots.append(Shot(len(shots), when + timedelta(minutes=1), LATERAL_VIEW, heart))
    return Person(
        number=number,
        sex=before.sex,
        birth=START - timedelta(days=365.25 * before.age + float(rng.uniform(0, 365))),
        exams=tuple(_examined(rng, when, before if when < turn else after) for when in dates),
        shots=tuple(shots),
        mitral_prosthesis=bool(rng.random() < PROSTHESIS),
        aortic_prosthesis=bool(rng.random() < PROSTHESIS),
    )


def _count(rng: np.random.Generator, shares: dict[int, float]) -> int:
    return int(rng.choice(list(shares), p=list(shares.values())))


def _exam_dates(rng: np.random.Generator) -> list[datetime]:
    first = START + rng.random() * (END - START)
    dates = [first]
    for _ in range(_count(rng, EXAMS) - 1):
        dates.append(dates[-1] + timedelta(days=float(rng.uniform(30, 400))))
    return [_daytime(rng, when) for when in dates if when <= END]


def _near(rng: np.random.Generator, dates: list[datetime]) -> datetime:
    """A date near one of the exams, or far from it; within the period."""
    exam = dates[int(rng.integers(len(dates)))]
    far = rng.random() < OUTSIDE
    near = np.clip(rng.normal(0, 8), -30, 30)
    days = rng.uniform(31, 250) * rng.choice((-1, 1)) if far else near
    return _daytime(rng, min(max(exam + timedelta(days=float(days)), START), END))


def _daytime(rng: np.random.Generator, when: datetime) -> datetime:
    minutes = int(rng.integers(7 * 60, 20 * 60))
    return when.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(minutes=minutes)


def _examined(rng: np.random.Generator, when: datetime, heart: Patient) -> Exam:
    missing = rng.random(3) < (MISSING_GRADE, MISSING_GRADE, MISSING_LVEF)
    lvef = heart.measurements.lvef + rng.normal(0, LVEF_NOISE)
    return Exam(
        when=when,
        mr=None if missing[0] else heart.mr,
        as_=None if missing[1] else heart.as_,
        lvef=None if missing[2] else int(np.clip(round(lvef), 10, 80)),
    )
