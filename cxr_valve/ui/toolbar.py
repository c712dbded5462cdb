"""The row above a case: open, move, worklist; compare, export, explain."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cxr_valve.cards import WeightSet
from cxr_valve.ui.downloads import downloads
from cxr_valve.ui.explanation import details, explanation
from cxr_valve.ui.intake import drop_zone
from cxr_valve.ui.landing import gallery_row
from cxr_valve.ui.visit import Case, Visit
from cxr_valve.ui.worklist import step, table


def toolbar(visit: Visit, case: Case, sets: dict[str, WeightSet]) -> DeltaGenerator:
    """Draw the row; returns the place in it for progress."""
    with st.container(horizontal=True, gap="small", key="toolbar", vertical_alignment="center"):
        drop_zone(visit, roomy=False)
        with st.popover("Simulated cases", icon=":material/school:", key="cases"):
            gallery_row(visit)
        if len(visit.cases) > 1:
            step(visit, "Previous", -1, "left")
            step(visit, "Next", 1, "right")
        with st.popover(f"Worklist ({len(visit.cases)})", icon=":material/list:", key="worklist"):
            table(visit)
        place = st.container(horizontal=True, gap="small", width="content", key="progress")
        st.space("stretch")
        if case.outcome.reading is not None:
            _for_this_case(visit, case, sets)
        explain = st.popover("What is this?", icon=":material/help:", key="explain")
        with explain.container(height=620, border=False, width=620):
            st.markdown(explanation())
            if case.outcome.reading is not None:
                st.markdown(details(case.outcome.reading))
    return place


def _for_this_case(visit: Visit, case: Case, sets: dict[str, WeightSet]) -> None:
    others = [
        other.number
        for other in visit.cases
        if other.outcome.reading is not None and other is not case
    ]
    with st.popover(
        "Compare", icon=":material/compare:", key="compare-with", disabled=not others,
        help=None if others else "Open another radiograph to compare with this one.",
    ):  # fmt: skip
        _compare(visit, case, others)
    with st.popover("Export", icon=":material/download:", key="export"):
        downloads(visit, case, sets)


def _compare(visit: Visit, case: Case, others: list[int]) -> None:
    """Choose a second radiograph, shown beside this one with linked windows."""
    names = {number: visit.cases[number - 1].name for number in others}
    options = [0, *others]
    key = f"compare-{case.number}-{len(others)}"

    def choose() -> None:
        visit.compared = st.session_state[key] or None

    st.selectbox(
        "Show beside this radiograph",
        options,
        index=options.index(visit.compared) if visit.compared in others else 0,
        format_func=lambda number: names.get(number, "Nothing"),
        key=key,
        on_change=choose,
    )
