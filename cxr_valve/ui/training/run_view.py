"""One run: what it is doing, its curves and log, and what can be done with it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from cxr_valve.ui.finding_card import network_name
from cxr_valve.ui.tables import facts, facts_row
from cxr_valve.ui.training.curves import show_curves
from cxr_valve.ui.training.desk import PROBLEMS, Desk, Run
from cxr_valve.ui.training.outcome import show_outcome
from cxr_valve.ui.training.results import show_results
from cxr_valve.ui.training.run_list import choose_run, short_name
from cxr_valve.ui.training.words import STATES, duration, size

PROBLEM = "training_problem"
SIMULATED = "Simulated patients: what comes out shows how the program works, about nobody."
LOG_LINES = 200


def show_run(desk: Desk, run: Run, others: Sequence[Run]) -> None:
    """Everything about one run except its results."""
    name, icon, colour = STATES[run.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"{short_name(run.finding)} · {run.title}", anchor=False)
        with st.container(horizontal=True, width="content", key="run-state"):
            st.badge(name, icon=icon, color=colour)  # type: ignore[arg-type]
            if run.simulated:
                st.badge("Simulated", icon=":material/science:", color="gray", help=SIMULATED)
        st.space("stretch")
        _buttons(desk, run)
    _reason(run)
    if run.state in ("running", "stopping"):
        st.progress(min(max(run.progress, 0.0), 1.0), text=_progress(run))
    st.html(facts_row(_facts(run)))
    if run.evaluated:
        show_outcome(desk, run)
        results, training = st.tabs(["Results", "Training"])
        with results:
            show_results(desk, run)
        with training:
            _training(desk, run, others)
    else:
        _training(desk, run, others)


def _training(desk: Desk, run: Run, others: Sequence[Run]) -> None:
    """Curves, log, recipe and command."""
    names = labels([run, *others])
    compared = _compared(run, others, names)
    tables = {names[item.id]: desk.metrics(item.id) for item in [run, *compared]}
    show_curves(tables, run.id)
    with st.expander("Log", expanded=run.state == "failed"):
        lines = desk.log(run.id, LOG_LINES)
        st.code("\n".join(lines) or "Nothing was logged yet.", language=None, height=260)
    with st.expander("Recipe and command"):
        st.code(run.command, language=None, wrap_lines=True)
        st.html(facts([(key.replace("_", " "), _plain(v)) for key, v in run.recipe.items()]))


def labels(runs: Sequence[Run]) -> dict[str, str]:
    """What each run is called beside others, by id: never two of them alike."""
    called = {run.id: f"{run.title} ({run.created[5:16].replace('T', ' ')})" for run in runs}
    often = Counter(called.values())
    # Ids end in what tells runs of one moment apart.
    return {
        id: name if often[name] == 1 else f"{name}, {id.rsplit('-', 1)[-1]}"
        for id, name in called.items()
    }


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)


def _reason(run: Run) -> None:
    if run.state == "failed":
        st.error(run.reason or "It failed without a message; the log may say more.")
    elif run.state == "interrupted":
        st.warning(run.reason, icon=":material/power_off:")
    elif run.state == "queued":
        st.info(run.reason or "Waits until the runs before it are done.")
    elif run.reason:
        st.caption(run.reason)


def _progress(run: Run) -> str:
    parts = [run.stage.capitalize() or "Starting"]
    if run.member and run.stage == "training":
        parts.append(
            f"{network_name(run.member)} ({run.member_number} of {len(run.members) or 1}), "
            f"epoch {min(run.epoch + 1, run.epochs)} of {run.epochs}"
        )
    if run.eta_seconds is not None:
        parts.append(f"about {duration(run.eta_seconds)} left")
    return " · ".join(parts)


def _facts(run: Run) -> list[tuple[str, str]]:
    speed = f"{run.images_per_second:,.0f} images/s" if run.images_per_second else ""
    done = f"{run.epoch} of {run.epochs}" if run.epochs else ""
    return [
        ("Started", f"{run.created.replace('T', ' ')[:16]} UTC"),
        ("Throughput", speed),
        ("Device", run.device),
        ("Memory", size(run.memory_mb) if run.memory_mb else ""),
        ("Epochs done", done if run.state != "running" else ""),
    ]


def _compared(run: Run, others: Sequence[Run], names: Mapping[str, str]) -> list[Run]:
    """Other runs of the same finding, overlaid."""
    alike = [item for item in others if item.id != run.id and item.finding == run.finding]
    if not alike:
        return []
    picked = st.multiselect(
        "Compare with",
        [item.id for item in alike],
        format_func=names.__getitem__,
        key=f"compare-{run.id}",
        max_selections=4,
        placeholder="Other runs of this finding",
    )
    return [item for item in alike if item.id in picked]


def _buttons(desk: Desk, run: Run) -> None:
    def act(label: str, icon: str, does: Callable[[str], object], tip: str) -> None:
        key = f"{label.split()[0].lower()}-{run.id}"
        st.button(label, key=key, icon=icon, help=tip, on_click=_do, args=(does, run.id))

    if run.state in ("queued", "running"):
        act("Stop", ":material/stop_circle:", desk.stop, "After this batch; can be resumed.")
    if run.state in ("running", "stopping"):
        with st.popover("Force stop", icon=":material/dangerous:"):
            st.write("Kills the process. What came after the last checkpoint is lost.")
            act("Kill it", ":material/dangerous:", desk.force_stop, "At once.")
    if run.resumable:
        act("Resume", ":material/play_arrow:", desk.resume, "Goes on from the last checkpoint.")
    if run.state == "finished" and not run.evaluated:
        act("Evaluate", ":material/analytics:", desk.finish, "Measure it on held-out patients.")
    act("Duplicate", ":material/content_copy:", _duplicate(desk), "The same request once more.")
    if run.state not in ("running", "stopping"):
        with st.popover("Delete", icon=":material/delete:"):
            st.write(
                f"Deletes the folder of “{run.title}”: checkpoints, networks, log and evaluation. "
                "Weights that were promoted stay."
            )
            act("Delete this run", ":material/delete:", desk.delete, "It cannot be undone.")


def _duplicate(desk: Desk) -> Callable[[str], object]:
    return lambda id: choose_run(desk.duplicate(id))


def _do(does: Callable[[str], object], id: str) -> None:
    """Do what a button says; what goes wrong is shown at the top of the page."""
    try:
        does(id)
    except PROBLEMS as problem:
        st.session_state[PROBLEM] = str(problem)
