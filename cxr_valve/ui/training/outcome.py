"""What follows a finished run: open its scores, promote it, take it along."""

import re

import streamlit as st

from cxr_valve.active import revert
from cxr_valve.ui.explorer import session
from cxr_valve.ui.explorer.file_source import first_choice
from cxr_valve.ui.training.desk import PROBLEMS, Desk, Run
from cxr_valve.ui.training.run_list import short_name

SAID, NOT_UNDONE = "training_said", "training_not_undone"


def show_outcome(desk: Desk, run: Run) -> None:
    """Buttons that lead on from an evaluated run."""
    _said(run)
    with st.container(horizontal=True, vertical_alignment="center", key="outcome"):
        with st.popover("Promote to weights", icon=":material/publish:", key="promote"):
            _promote(desk, run)
        if st.button("Open in Operating points", icon=":material/tune:"):
            _explore(desk, run)
        st.download_button(
            "Report",
            lambda: desk.report(run.id),
            file_name=f"{run.id}.html",
            mime="text/html",
            icon=":material/description:",
            on_click="ignore",
            help="Everything on one page that prints and needs no network.",
        )
        st.download_button(
            "Export",
            lambda: desk.export(run.id),
            file_name=f"{run.id}.zip",
            mime="application/zip",
            icon=":material/folder_zip:",
            on_click="ignore",
            help="Weights, evaluation, curves and log in one file, without radiographs.",
        )


def _promote(desk: Desk, run: Run) -> None:
    st.write(
        "Makes a set of weights of this run: networks, card, held-out scores. It stays when the "
        "run is deleted."
    )
    tag = st.text_input("Name of the set", suggested_tag(run), max_chars=60, key=f"tag-{run.id}")
    st.caption(f"It will be called {run.finding}-{tag.strip()}.")
    active = st.toggle(
        f"Read {short_name(run.finding)} with it from now on", True, key=f"activate-{run.id}"
    )
    if not st.button("Promote", icon=":material/publish:", key=f"do-promote-{run.id}"):
        return
    try:
        with st.spinner("Writing the set and comparing engines…"):
            name = desk.promote(run.id, tag.strip(), active)
    except PROBLEMS as problem:
        st.error(str(problem))
        return
    st.session_state[SAID] = (run.id, name, active)
    st.rerun()


def suggested_tag(run: Run) -> str:
    """A tag that a folder can have, from the run's title and day."""
    words = re.sub(r"[^a-z0-9]+", "-", run.title.lower()).strip("-")
    return f"{words[:30].strip('-') or 'run'}-{run.created[:10].replace('-', '')}"


def _said(run: Run) -> None:
    """What was promoted, with ways on and a way back; or why there was none."""
    problem = st.session_state.pop(NOT_UNDONE, "")
    if problem:
        st.error(problem)
    about, name, active = st.session_state.get(SAID, ("", "", False))
    if about != run.id:
        return
    said = f"{name} is now among the weights."
    if active:
        said = f"{name} now reads {short_name(run.finding)} on the page Radiograph."
    st.success(said, icon=":material/check:")
    if active:
        st.button(
            "Undo: read with the weights before",
            icon=":material/undo:",
            on_click=_revert,
            args=(run, name),
        )


def _revert(run: Run, promoted: str) -> None:
    """Undo the choice of the promoted set, unless somebody made another one since."""
    st.session_state.pop(SAID, None)
    try:
        now = revert(run.finding, promoted)
    except PROBLEMS as problem:
        # Drawn by the part that refreshes itself: a callback would draw over the page's top.
        st.session_state[NOT_UNDONE] = f"The choice was not undone. {problem}"
        return
    name = now.card.name if now else "no set"
    st.toast(f"{short_name(run.finding)} is read with {name} again.")


def _explore(desk: Desk, run: Run) -> None:
    """Hand the held-out scores to the explorer, as if they had been dropped there."""
    about = " (simulated patients)" if run.simulated else ""
    stored = session.store(f"{run.id}{about}.csv", desk.scores(run.id))
    session.switch_source(first_choice(stored, run.finding).descriptor)
    st.switch_page("pages/explore/thresholds.py")
