"""The runs on disk, one line each, and the one that is looked at."""

from collections.abc import Sequence

import streamlit as st

from cxr_valve.findings import FINDINGS
from cxr_valve.ui.training.desk import Run
from cxr_valve.ui.training.words import ACTIVE, STATES, duration

CHOSEN = "training_run"


def chosen_run(runs: Sequence[Run]) -> Run | None:
    """The run that was picked, named in the address, or the latest."""
    wanted = st.session_state.get(CHOSEN) or st.query_params.get("run", "")
    found = next((run for run in runs if run.id == wanted), None)
    return found or (runs[0] if runs else None)


def choose_run(id: str) -> None:
    """Look at this run from now on."""
    st.session_state[CHOSEN] = id
    st.query_params["run"] = id


def show_list(runs: Sequence[Run], chosen: Run) -> bool:
    """One button a run, with what it is doing; whether another one was picked."""
    picked = False
    for run in runs:
        with st.container(key=f"list-run-{run.id}"):
            picked |= st.button(
                f"{short_name(run.finding)} · {run.title}",
                key=f"run-{run.id}",
                icon=STATES[run.state][1],
                type="secondary" if run.id == chosen.id else "tertiary",
                width="stretch",
                on_click=choose_run,
                args=(run.id,),
            )
            st.caption(line(run))
    return picked


def short_name(finding: str) -> str:
    """How lists name a finding; a label of a public data set stays as it is."""
    return FINDINGS[finding].short if finding in FINDINGS else finding


def line(run: Run) -> str:
    """What a run is doing, in half a line."""
    said = STATES[run.state][0]
    if run.state == "running":
        said = f"{run.stage.capitalize() or said} · {run.progress:.0%}"
        if run.eta_seconds is not None:
            said += f" · {duration(run.eta_seconds)} left"
    return f"{said} · {run.created[:16].replace('T', ' ')}"


def any_active(runs: Sequence[Run]) -> bool:
    """Whether something may change by itself."""
    return any(run.state in ACTIVE for run in runs)
