"""A simulated case as a question to a class: guess, then reveal."""

import streamlit as st

from cxr_valve.findings import FINDINGS
from cxr_valve.ui.gallery import open_case, truth_in_words, verdict
from cxr_valve.ui.intake import opened_reader
from cxr_valve.ui.visit import Case, SimulatedTruth, Visit


def quiz(visit: Visit, case: Case, truth: SimulatedTruth) -> None:
    """A guess at what is there and the button that reveals it; then the truth, and other grades."""
    if case.number in visit.revealed:
        guess = visit.guesses.get(case.number, frozenset())
        said = f"{truth_in_words(truth)} {verdict(truth, guess)} The same patient with:"
        st.html(f'<div class="truth" role="status">{said}</div>')
        _same_patient(visit, case, truth)
        return
    with st.container(horizontal=True, gap="small", key="quiz", vertical_alignment="center"):
        st.html("<span>Your guess:</span>", width="content")
        chosen = st.pills(
            "Your guess",
            list(truth.grades),
            selection_mode="multi",
            default=sorted(visit.guesses.get(case.number, frozenset())),
            format_func=lambda key: FINDINGS[key].short,
            key=f"guess-{case.number}",
            label_visibility="collapsed",
        )
        visit.guesses[case.number] = frozenset(chosen)
        _toggle_button(visit, case, "Reveal the truth", ":material/visibility:")


def _same_patient(visit: Visit, case: Case, truth: SimulatedTruth) -> None:
    """The same patient with other grades, as one more case: a class sees what a grade changes."""
    with st.container(horizontal=True, gap="small", key="regrade", vertical_alignment="center"):
        chosen = {
            key: st.selectbox(
                f"{FINDINGS[key].name} of the same patient",
                FINDINGS[key].grades,
                index=FINDINGS[key].grades.index(grade),
                format_func=f"{FINDINGS[key].short} {{}}".format,
                key=f"regrade-{key}-{case.number}",
                label_visibility="collapsed",
                width=136,
            )
            for key, grade in truth.grades.items()
        }
        _toggle_button(visit, case, "Hide the truth", ":material/visibility_off:")
        if chosen != truth.grades:
            other = open_case(visit, opened_reader(), truth.gallery, chosen)
            # Who chose the grades knows them.
            visit.revealed.add(other.number)
            st.rerun()


def _toggle_button(visit: Visit, case: Case, label: str, icon: str) -> None:
    st.button(label, key="reveal", on_click=_toggle, args=(visit, case.number), icon=icon)


def _toggle(visit: Visit, number: int) -> None:
    visit.revealed ^= {number}
