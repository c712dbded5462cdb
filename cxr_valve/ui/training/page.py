"""The page: the runs there are, or the path to a new one."""

import streamlit as st

from cxr_valve.ui.training.demo import demo_button, show_empty
from cxr_valve.ui.training.desk import Desk, Run
from cxr_valve.ui.training.path import show_path
from cxr_valve.ui.training.run_list import any_active, chosen_run, show_list
from cxr_valve.ui.training.run_view import PROBLEM, show_run

VIEW = "training_view"
RUNS, NEW = "Runs", "New run"
#: How often a page looks again while something runs.
REFRESH_SECONDS = 2.0


def show_training(desk: Desk) -> None:
    """Draw the whole page."""
    with st.container(horizontal=True, vertical_alignment="center"):
        view = _choose_view()
        st.space("stretch")
        demo_button(desk)
    if view == NEW and PROBLEM in st.session_state:
        st.error(st.session_state.pop(PROBLEM))
    if view == RUNS:
        _show_runs(desk)
    else:
        show_path(desk)


def _choose_view() -> str:
    st.session_state.setdefault(VIEW, RUNS)
    st.segmented_control("View", [RUNS, NEW], key=VIEW, required=True, label_visibility="collapsed")
    return str(st.session_state[VIEW])


def _show_runs(desk: Desk) -> None:
    runs = desk.runs()
    chosen = chosen_run(runs)
    if chosen is None:
        show_empty()
        return
    # Fragments that refresh themselves: the script never waits for a run.
    every = REFRESH_SECONDS if any_active(runs) else None
    left, right = st.columns([1, 3.2], gap="large")
    with left:
        st.fragment(_list, run_every=every)(desk, any_active(runs))
    with right:
        every = REFRESH_SECONDS if any_active([chosen]) else None
        st.fragment(_detail, run_every=every)(desk, chosen)


def _list(desk: Desk, was_active: bool) -> None:
    runs = desk.runs()
    chosen = chosen_run(runs)
    if chosen is None or any_active(runs) != was_active:
        st.rerun()
    if show_list(runs, chosen):
        st.rerun()


def _detail(desk: Desk, before: Run) -> None:
    runs = desk.runs()
    chosen = chosen_run(runs)
    if chosen is None or chosen.id != before.id:
        st.rerun()
    if any_active([chosen]) != any_active([before]):
        st.rerun()
    problem = st.session_state.pop(PROBLEM, "")
    if problem:
        st.error(problem)
    show_run(desk, chosen, runs)
