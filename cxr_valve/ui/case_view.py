"""One case: the radiograph with its evidence, and beside it what was found."""

from dataclasses import replace
from pathlib import Path

import streamlit as st

from cxr_valve.cards import WeightSet
from cxr_valve.findings import FINDINGS
from cxr_valve.models.novelty import UNLIKE
from cxr_valve.reading.reading import FindingReading, Reading
from cxr_valve.ui.finding_card import beside_words, show_card
from cxr_valve.ui.gate_view import show_gate
from cxr_valve.ui.heart_card import show_heart
from cxr_valve.ui.heart_layer import heart_layer, take_edit
from cxr_valve.ui.picture import viewer_image
from cxr_valve.ui.prevalence import prevalence_control, trained_prevalences
from cxr_valve.ui.quiz import quiz
from cxr_valve.ui.resources import held_out_scores
from cxr_valve.ui.value_card import show_value
from cxr_valve.ui.viewer import ViewerImage, show_viewer
from cxr_valve.ui.visit import Case, Visit

#: The viewer is at most this high; in a lower window it fits the window.
HEIGHT = 1000
STYLE = f"<style>{(Path(__file__).parent / 'case.css').read_text(encoding='utf-8')}</style>"


def show_case(visit: Visit, case: Case, sets: dict[str, WeightSet]) -> None:
    """Image left, findings right; a file that holds no image says why in its place."""
    reading = case.outcome.reading
    st.html(STYLE)
    if reading is None:
        st.error(f"{case.name} was not read. {case.outcome.reason}", icon=":material/block:")
        return
    with st.container(key="case"):
        image, findings = st.columns([2, 1.05], gap="medium")
        with image:
            _picture(visit, case)
        with findings:
            _findings(visit, case, reading, sets)


def _picture(visit: Visit, case: Case) -> None:
    shown = [case]
    other = visit.case(visit.compared)
    if other is not None and other is not case:
        shown.append(other)
    images = [image for image in (_image(visit, one) for one in shown) if image is not None]
    show_viewer(images, key="viewer", height=HEIGHT, on_heart=lambda edit: take_edit(visit, edit))


def _image(visit: Visit, case: Case) -> ViewerImage | None:
    """The case for the viewer, made once as long as its pixels are kept."""
    radiograph, reduced = visit.pixels(case)
    if radiograph is None:
        return None
    revealed = case.number in visit.revealed
    picture = visit.picture(
        (case.number, reduced, revealed),
        lambda: viewer_image(case, radiograph, revealed=revealed),
    )
    # Lines that a reader moves are all that changes, so they are laid on afterwards.
    return replace(picture, heart=heart_layer(visit, case, radiograph))


def _findings(visit: Visit, case: Case, reading: Reading, sets: dict[str, WeightSet]) -> None:
    show_gate(visit, case, reading)
    show_heart(reading)
    if reading.findings:
        prevalence_control(visit, trained_prevalences(reading))
    with st.container(key="cards", gap="small"):
        for key, found in reading.findings.items():
            with st.container(key=f"card-{key}", gap=None):
                prevalence = visit.prevalence(key, found.prevalence)
                scores = held_out_scores(sets[key])
                show_card(
                    found, sets[key].binary, prevalence, scores,
                    anyway=reading.read_anyway, beside=_beside(visit, case, key),
                )  # fmt: skip
                _explore(key, found, prevalence, anyway=reading.read_anyway)
        for key, value in reading.values.items():
            with st.container(key=f"card-{key}", gap=None):
                show_value(value, sets[key].continuous, held_out_scores(sets[key]))
    if case.truth is not None:
        quiz(visit, case, case.truth)


def _beside(visit: Visit, case: Case, key: str) -> str:
    """What the radiograph shown beside this one says of a finding; "" where there is none."""
    other = visit.case(visit.compared)
    if other is None or other is case or other.outcome.reading is None:
        return ""
    found = other.outcome.reading.findings.get(key)
    if found is None:
        return ""
    return beside_words(other.name, found, visit.prevalence(key, found.prevalence))


def doubts(found: FindingReading, *, anyway: bool) -> tuple[str, ...]:
    """What speaks against the numbers, as the explorer names it (``state.DOUBTS``)."""
    unlike = found.novelty is not None and found.novelty.percentile >= UNLIKE
    return (*(["refused"] if anyway else []), *(["unlike"] if unlike else []))


def _explore(key: str, found: FindingReading, prevalence: float, *, anyway: bool) -> None:
    """On to the explorer, with this patient's score and the prevalence chosen here."""
    if st.button(
        "Explore this operating point",
        key=f"explore-{key}",
        type="tertiary",
        icon=":material/arrow_forward:",
        icon_position="right",
        help=f"Every threshold for {FINDINGS[key].name}, with this patient's score marked.",
    ):
        st.session_state["explorer_patient"] = {
            "finding": key,
            "score": found.score,
            "prevalence": prevalence,
            "doubts": doubts(found, anyway=anyway),
        }
        st.switch_page("pages/explore/thresholds.py")
