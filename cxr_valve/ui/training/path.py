"""The path to a new run: data → cohort → recipe → run, a step at a time."""

import streamlit as st

from cxr_valve.ui.training.cohort_step import show_cohort
from cxr_valve.ui.training.data_step import show_data
from cxr_valve.ui.training.desk import PROBLEMS, Desk
from cxr_valve.ui.training.draft import STEPS, Draft, current_draft, go_to
from cxr_valve.ui.training.launch_step import show_launch
from cxr_valve.ui.training.recipe_step import show_recipe

SHOWS = {"Data": show_data, "Cohort": show_cohort, "Recipe": show_recipe, "Run": show_launch}
STEP = "training_step"


def show_path(desk: Desk) -> None:
    """The steps, and the one that is looked at."""
    draft = current_draft()
    st.session_state[STEP] = draft.step
    st.segmented_control(
        "Step",
        STEPS,
        key=STEP,
        required=True,
        format_func=lambda step: f"{STEPS.index(step) + 1} · {step}",
        on_change=lambda: go_to(str(st.session_state[STEP])),
        label_visibility="collapsed",
    )
    if draft.step != "Data" and not draft.rules:
        st.info("Choose the data first: everything else follows from it.")
        st.button("Go to Data", on_click=go_to, args=("Data",), icon=":material/arrow_back:")
        return
    try:
        ready = SHOWS[draft.step](desk, draft)
    except PROBLEMS as problem:
        st.error(str(problem))
        return
    _next(draft, ready)


def _next(draft: Draft, ready: bool) -> None:
    place = STEPS.index(draft.step)
    if place + 1 == len(STEPS):
        return
    following = STEPS[place + 1]
    st.button(
        f"Next: {following}",
        icon=":material/arrow_forward:",
        on_click=go_to,
        args=(following,),
        disabled=not ready,
    )
