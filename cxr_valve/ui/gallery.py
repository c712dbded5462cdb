"""A dozen simulated cases for teaching: truth hidden until it is revealed."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from cxr_valve.findings import AS, FINDINGS, MR, is_positive
from cxr_valve.phantom.patient import MEASUREMENT_NAMES
from cxr_valve.phantom.render import Phantom, simulate
from cxr_valve.reading.folder import outcome_of
from cxr_valve.reading.reader import Reader
from cxr_valve.ui.visit import Case, SimulatedTruth, Visit

#: (seed, index), MR grade, AS grade. The order mixes them, so that a class cannot guess.
CASES: tuple[tuple[tuple[int, int], str, str], ...] = (
    ((41, 1), "severe", "none"),
    ((41, 2), "none", "none"),
    ((41, 3), "none", "severe"),
    ((41, 4), "mild", "none"),
    ((41, 5), "moderate", "moderate"),
    ((41, 6), "trivial", "none"),
    ((41, 7), "none", "mild"),
    ((41, 8), "moderate", "none"),
    ((41, 9), "none", "none"),
    ((41, 10), "severe", "severe"),
    ((41, 11), "none", "moderate"),
    ((41, 12), "trivial", "mild"),
)
SIDE = 1024
#: Structures worth outlining, and how the legend calls them.
STRUCTURES = {
    "la": "left atrium",
    "lv": "left ventricle",
    "ascending_aorta": "ascending aorta",
}


@st.cache_resource(show_spinner="Simulating a radiograph", max_entries=4)
def phantom(number: int, mr: str, as_: str) -> Phantom:
    """The patient of gallery case ``number`` (from 1) with these grades, simulated on demand.

    All but what the grades change is the same: build, pose, ribs, machine and noise.
    """
    seed, index = CASES[number - 1][0]
    return simulate(seed, index, side=SIDE, mr=mr, as_=as_)


def open_case(
    visit: Visit, reader: Reader, number: int, grades: Mapping[str, str] | None = None
) -> Case:
    """Read a gallery case, or its patient with other ``grades``, and show it; one opened before is
    shown again."""
    _, mr, as_ = CASES[number - 1]
    own = {MR.key: mr, AS.key: as_}
    wanted = dict(grades or own)
    for case in visit.cases:
        truth = case.truth
        if truth and truth.gallery == number and truth.grades == wanted:
            visit.selected = case.number
            return case
    simulated = phantom(number, wanted[MR.key], wanted[AS.key])
    reading = reader.read(simulated.radiograph)
    sizes = dict(zip(MEASUREMENT_NAMES, simulated.patient.measurements.as_tuple(), strict=True))
    truth = SimulatedTruth(wanted, sizes, number, regraded=wanted != own)
    case = Case(visit.next_number, outcome_of(Path(), reading, None), truth=truth)
    visit.add(case, simulated.radiograph)
    visit.selected = case.number
    return case


def truth_in_words(truth: SimulatedTruth) -> str:
    """Grades and the true sizes behind them."""
    grades = ", ".join(f"{FINDINGS[key].short} {grade}" for key, grade in truth.grades.items())
    size = truth.sizes
    return (
        f"Truth: {grades}. Left atrium {size['la']:.0f} mm, left ventricle "
        f"{size['lvedd']:.0f} mm, wall {size['wall']:.0f} mm, ascending aorta "
        f"{size['aorta']:.0f} mm, ejection fraction {size['lvef']:.0f}%."
    )


def verdict(truth: SimulatedTruth, guess: frozenset[str]) -> str:
    """How a guess (the findings called positive) fared; "" where none was made."""
    if not guess:
        return ""
    right = {
        key: (key in guess) == is_positive(FINDINGS[key], grade)
        for key, grade in truth.grades.items()
    }
    words = (f"{FINDINGS[key].short} {'right' if ok else 'wrong'}" for key, ok in right.items())
    return f"Your guess: {', '.join(words)}."
