"""The page: the runs there are, or the path to a new one."""

from collections.abc import Sequence

import streamlit as st

from cxr_valve.ui.training.demo import demo_button, show_empty
from cxr_valve.ui.training.desk import Desk, Run
from cxr_valve.ui.training.path import show_path
from cxr_valve.ui.training.run_list import any_active, chosen_run, show_list
from cxr_valve.ui.training.run_view import PROBLEM, show_run

VIEW = "training_view"
RUNS, NEW = "Runs", "New run"
#: How often a page looks again while something runs, and while nothing seems to.
REFRESH_SECONDS, IDLE_SECONDS = 2.0, 15.0


def show_training(desk: Desk) -> None:
    """Draw the whole page."""
    with st.container(horizontal=True, vertical_alignment="center"):
        view = _choose_view()
        st.space("stretch")
        demo_button(desk)
    if view == RUNS:
        _show_runs(desk)
    else:
        _say_problem()
        show_path(desk)


def _say_problem() -> None:
    """What the last click could not do."""
    problem = st.session_state.pop(PROBLEM, "")
    if problem:
        st.error(problem)


def _choose_view() -> str:
    st.session_state.setdefault(VIEW, RUNS)
    st.segmented_control("View", [RUNS, NEW], key=VIEW, required=True, label_visibility="collapsed")
    return str(st.session_state[VIEW])


def _show_runs(desk: Desk) -> None:
    runs = desk.runs()
    chosen = chosen_run(runs)
    if chosen is None:
        _say_problem()
        show_empty()
        return
    # Fragments that refresh themselves: the script never waits for a run.
    every = REFRESH_SECONDS if any_active(runs) else IDLE_SECONDS
    left, right = st.columns([1, 3.2], gap="large")
    with left:
        st.fragment(_list, run_every=every)(desk, runs, chosen)
    with right:
        detail = st.fragment(_detail, run_every=REFRESH_SECONDS if any_active([chosen]) else None)
        detail(desk, chosen)


def _list(desk: Desk, before: Sequence[Run], looked_at: Run) -> None:
    runs = desk.runs()
    chosen = chosen_run(runs)
    if chosen is None or any_active(runs) != any_active(before) or _other(chosen, looked_at):
        st.rerun()
    if show_list(runs, chosen):
        st.rerun()


def _detail(desk: Desk, before: Run) -> None:
    runs = desk.runs()
    chosen = chosen_run(runs)
    if chosen is None or _other(chosen, before):
        st.rerun()
    _say_problem()
    show_run(desk, chosen, runs)


def _other(now: Run, before: Run) -> bool:
    """Whether the page must be drawn anew: another run, or one that began or ended."""
    return now.id != before.id or any_active([now]) != any_active([before])
