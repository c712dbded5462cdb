"""Generated exports: any rows that a hospital might give, the broken ones among them."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from hypothesis import strategies as st

from tests.train.cohort.exports import picture, write_export

FIRST = date(2018, 1, 10)
GRADES = ("none", "trivial", "mild", "moderate", "severe")
VIEWS = {"PA": False, "AP": False, "": False, "LL": True, "lateral": True, "RAO": True}
FATES = ("whole", "whole", "whole", "missing", "cut")


@dataclass(frozen=True)
class Day:
    """A cell of a date column and the day it means; None where it means none."""

    text: str
    day: date | None


@st.composite
def days(draw: st.DrawFn) -> Day:
    day = FIRST + timedelta(days=draw(st.integers(0, 80)))
    time = draw(st.sampled_from(("", " 23:59", " 00:01:30")))
    zoned = draw(st.sampled_from(("T23:30+09:00", "T00:10-05:00", "T12:00:00Z")))
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return Day(draw(st.sampled_from(("unknown", "2018-13-40", "2018-02-30", "n/a"))), None)
    if kind == 1:
        return Day(draw(st.sampled_from(("", "2018-03", "2018-03-00", "201803"))), None)
    if kind == 2:
        return Day(day.isoformat() + zoned, day)
    if kind == 3:
        return Day(day.strftime("%Y%m%d"), day)
    if kind == 4:
        return Day(day.strftime("%d.%m.%Y"), day)
    return Day(day.isoformat() + time, day)


@dataclass(frozen=True)
class Shot:
    patient: str
    taken: Day
    content: int
    view: str
    fate: str


@dataclass(frozen=True)
class Echo:
    patient: str
    date: Day
    grade: str
    prosthesis: bool


PATIENTS = st.sampled_from((*(f"H{at}" for at in range(8)), *(f"H{at}" for at in range(8)), ""))
SHOTS = st.builds(
    Shot, PATIENTS, days(), st.integers(0, 14), st.sampled_from(tuple(VIEWS)),
    st.sampled_from(FATES),
)  # fmt: skip
ECHOES = st.builds(
    Echo, PATIENTS, days(), st.sampled_from((*GRADES, *GRADES, "", "?")),
    st.sampled_from((False, False, False, True)),
)  # fmt: skip


@st.composite
def exports(draw: st.DrawFn) -> tuple[list[Shot], list[Echo]]:
    """Some patients with a good pair each, among any number of rows that may be anything."""
    shots, echoes = draw(st.lists(SHOTS, max_size=16)), draw(st.lists(ECHOES, max_size=16))
    for at in range(draw(st.integers(3, 9))):
        day, apart = draw(st.integers(0, 80)), draw(st.integers(-7, 7))
        taken, examined = (FIRST + timedelta(days=day + extra) for extra in (30, 30 + apart))
        content = draw(st.integers(0, 30))
        shots.append(Shot(f"H{at}", Day(taken.isoformat(), taken), content, "PA", "whole"))
        grade = draw(st.sampled_from(GRADES))
        echoes.append(Echo(f"H{at}", Day(examined.isoformat(), examined), grade, False))
    return draw(st.permutations(shots)), draw(st.permutations(echoes))


def write(folder: Path, shots: list[Shot], echoes: list[Echo]) -> None:
    pictures = {}
    for at, shot in enumerate(shots):
        if shot.fate != "missing":
            data = picture(shot.content)
            pictures[f"{at}.png"] = data[: len(data) // 2] if shot.fate == "cut" else data
    write_export(
        folder,
        [
            {"patient": s.patient, "file": f"{at}.png", "taken": s.taken.text, "view": s.view}
            for at, s in enumerate(shots)
        ],
        [
            {
                "patient": e.patient,
                "date": e.date.text,
                "mr": e.grade,
                "mitral_prosthesis": "yes" if e.prosthesis else "no",
            }
            for e in echoes
        ],
        pictures,
    )
