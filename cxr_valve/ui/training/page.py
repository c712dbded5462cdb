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
    problem = st.session_state.pop(PROBLEM, "")
    if problem:
        st.error(problem)
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
    if not runs:
        show_empty()
        return
    # A fragment that refreshes itself: the script never waits for a run.
    live = st.fragment(_live, run_every=REFRESH_SECONDS if any_active(runs) else None)
    live(desk, any_active(runs))


def _live(desk: Desk, was_active: bool) -> None:
    runs = desk.runs()
    if not runs or any_active(runs) != was_active:
        st.rerun()
    chosen = chosen_run(runs)
    assert chosen is not None, "there are runs"
    left, right = st.columns([1, 3.2], gap="large")
    with left:
        show_list(runs, chosen)
    with right:
        _detail(desk, chosen, list(runs))


def _detail(desk: Desk, chosen: Run, runs: list[Run]) -> None:
    show_run(desk, chosen, runs)
