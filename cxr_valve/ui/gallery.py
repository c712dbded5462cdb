"""A dozen simulated cases for teaching: truth hidden until it is revealed."""

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
def phantom(number: int) -> Phantom:
    """Gallery case ``number`` (from 1), simulated on demand."""
    (seed, index), mr, as_ = CASES[number - 1]
    return simulate(seed, index, side=SIDE, mr=mr, as_=as_)


def open_case(visit: Visit, reader: Reader, number: int) -> None:
    """Read a gallery case and show it; a case opened before is shown again."""
    seed = CASES[number - 1][0]
    for case in visit.cases:
        if case.truth and case.truth.seed == seed:
            visit.selected = case.number
            return
    simulated = phantom(number)
    reading = reader.read(simulated.radiograph)
    sizes = dict(zip(MEASUREMENT_NAMES, simulated.patient.measurements.as_tuple(), strict=True))
    truth = SimulatedTruth(
        grades={MR.key: simulated.patient.mr, AS.key: simulated.patient.as_},
        sizes=sizes,
        seed=seed,
        gallery=number,
    )
    outcome = outcome_of(Path(), reading, None)
    visit.add(Case(visit.next_number, outcome, truth=truth), simulated.radiograph)
    visit.selected = len(visit.cases)


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
