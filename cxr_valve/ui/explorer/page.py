"""The page: source, linked charts, and what the server adds on release."""

from __future__ import annotations

import re
from typing import Any

import streamlit as st

from cxr_valve.findings import FINDINGS
from cxr_valve.ui.explorer import session
from cxr_valve.ui.explorer.charts import document, released, show_charts
from cxr_valve.ui.explorer.export import points_csv
from cxr_valve.ui.explorer.mixture import chosen_mix
from cxr_valve.ui.explorer.operating import Operating, operating
from cxr_valve.ui.explorer.picker import NO_WEIGHTS, pick_source
from cxr_valve.ui.explorer.recalibration import show_recalibration
from cxr_valve.ui.explorer.release import adequacy_warnings, show_release
from cxr_valve.ui.explorer.source import Source, SourceError, parts_of
from cxr_valve.ui.explorer.state import SAME, State, moved
from cxr_valve.ui.explorer.weights_source import active_descriptors


def show_explorer() -> None:
    """Draw the whole page."""
    state = session.current_state()
    pick_source(state)
    notice = st.session_state.pop("explorer_notice", "")
    if notice:
        st.warning(plain(notice))
    try:
        source, first = session.resolve(state.source)
    except SourceError as problem:
        _say_problem(state, problem)
        return
    second = _second(state)
    _say_notes(source)
    _linked(first, second[1] if second else None, state, session.next_stamp())
    show_recalibration(source)


def _say_problem(state: State, problem: SourceError) -> None:
    kind = parts_of(state.source)[0]
    if isinstance(problem, session.MissingFileError):
        st.info(plain(str(problem)), icon=":material/attach_file:")
    elif kind == "weights":
        told = active_descriptors()[1]
        bare = not parts_of(state.source, 2)[1]
        st.info(NO_WEIGHTS if bare and not told else plain(told or str(problem)))
    elif kind in ("file", "readings") and not str(problem):
        st.info(_HOW[kind])
    else:
        st.error(plain(str(problem)))


_HOW = {
    "file": "Drop a table with one row a radiograph: a label and a score. Columns are guessed and "
    "can be changed.",
    "readings": "Drop what `python -m cxr_valve read FOLDER --json readings.jsonl` wrote, and a "
    "table with the columns `path` and `label`.",
}


def plain(text: str) -> str:
    """Text that Markdown leaves alone: file and column names may hold its signs."""
    return re.sub(r"([\\`*_{}\[\]<>#$~|:])", r"\\\1", text)


def _say_notes(source: Source) -> None:
    if source.notes:
        st.caption(plain(" ".join(source.notes)))


def _second(state: State, say: bool = True) -> tuple[Source, dict[str, Any]] | None:
    if not state.second:
        return None
    try:
        return session.resolve(state.source if state.second == SAME else state.second)
    except SourceError as problem:
        if say:
            st.warning(plain(f"The comparison cannot be shown. {problem}"))
        return None


@st.fragment
def _linked(first: dict[str, Any], second: dict[str, Any] | None, state: State, stamp: int) -> None:
    """Charts and what follows a release. ``state`` is that of the last whole run: the browser has
    moved on since, and is not pulled back."""
    now = session.state_now()
    source, _ = session.resolve(now.source)
    finding = FINDINGS.get(source.finding)
    point = operating(source, now, tuple(p.value for p in finding.presets) if finding else ())
    mix = chosen_mix(source, now)
    advice = adequacy_warnings(source, point, mix)
    show_charts(document(first, second, state, stamp, advice), _on_release)
    show_release(source, point, now, _second_point(now, point))
    st.download_button(
        "All operating points (CSV)",
        lambda: points_csv(source, point, mix),
        file_name="operating-points.csv",
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
    )


def _second_point(state: State, point: Operating) -> tuple[Source, float] | None:
    found = _second(state, say=False)
    if found is None:
        return None
    source = found[0]
    threshold = state.second_threshold
    if threshold is None:
        rule = "own" if source.own and state.second != SAME else "youden"
        own = State(rule=rule, prevalence=point.prevalence, ratio=state.ratio)
        threshold = operating(source, own).threshold
    return source, threshold


def _on_release() -> None:
    point = released()
    state = session.state_now()
    if point and point.get("key") == state.source:
        session.keep(moved(state, point))
