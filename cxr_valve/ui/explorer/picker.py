"""The row above the charts: which source is shown, and what it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from cxr_valve.findings import FINDINGS
from cxr_valve.ui.explorer import session
from cxr_valve.ui.explorer.file_picker import pick_file, pick_readings, score_choices
from cxr_valve.ui.explorer.file_source import FileChoice, first_choice
from cxr_valve.ui.explorer.source import SourceError, parts_of
from cxr_valve.ui.explorer.state import SAME, State
from cxr_valve.ui.explorer.study import PUBLISHED
from cxr_valve.ui.explorer.table_source import EXAMPLE, MOST, table_counts, table_descriptor
from cxr_valve.ui.explorer.weights_source import (
    SPLITS,
    active_descriptors,
    column_name,
    find_set,
    score_columns,
    weights_descriptor,
)

KINDS = {
    "weights": "Weights",
    "study": "Study",
    "file": "Your file",
    "table": "2×2 table",
    "readings": "Readings",
}
NO_WEIGHTS = (
    "No weights are installed, so there are no held-out scores to show. The study’s figures, "
    "your own file and a 2×2 table can be explored without them."
)


def controlled(
    label: str, options: Sequence[str], current: str, names: Callable[[str], str], key: str
) -> str:
    """A select box that always shows ``current``; its pick is handled by the key's callback."""
    if current not in options:
        options = [current, *options]
    st.session_state[key] = current
    return str(
        st.selectbox(label, options, format_func=names, key=key, on_change=_picked, args=(key,))
    )


def pick_source(state: State) -> None:
    """Draw the controls of the source; every change goes through the session's state."""
    kind = parts_of(state.source)[0]
    with st.container(key="explorer-source"):
        first, second, third = st.columns([2.5, 2.3, 2.1], vertical_alignment="bottom")
    with first:
        st.session_state["explorer_kind"] = kind if kind in KINDS else "study"
        st.segmented_control(
            "Source",
            list(KINDS),
            format_func=KINDS.__getitem__,
            key="explorer_kind",
            required=True,
            wrap=True,
            on_change=_kind_picked,
        )
    with second:
        if kind == "weights":
            _pick_weights(state)
        elif kind == "study":
            names = {f"study:{key}": row.title for key, row in PUBLISHED.items()}
            controlled("Figures", list(names), state.source, _named(names), "explorer_pick")
        elif kind in ("table", "file", "readings"):
            pick_finding(state)
    with third:
        _pick_second(state)
    if kind == "table":
        _type_table(state)
    elif kind == "file":
        pick_file(state)
    elif kind == "readings":
        pick_readings(state)


def _named(names: dict[str, str]) -> Callable[[str], str]:
    return lambda descriptor: names.get(descriptor) or ", ".join(parts_of(descriptor)[1:4])


def weights_names() -> dict[str, str]:
    """Descriptors of everything the active sets hold, and how the lists name them."""
    names: dict[str, str] = {}
    for descriptor in active_descriptors()[0]:
        try:
            found = find_set(parts_of(descriptor)[1])
            columns = score_columns(found)
        except SourceError:
            continue
        card = found.card
        short = FINDINGS[card.finding].short + (" (simulated)" if card.simulated else "")
        for column in columns:
            for split in SPLITS:
                member = column_name(column)
                name = f"{short}, {split}: {card.tag}" + (f", {member}" if member else "")
                names[weights_descriptor(card, split, column)] = name
    return names


def _pick_weights(state: State) -> None:
    names = weights_names()
    options = list(names)
    if parts_of(state.source, 2)[1]:
        controlled("Held-out scores", options, state.source, _named(names), "explorer_pick")


def pick_finding(state: State) -> None:
    """What the scores of a file or a typed table are about: it sets colour, words and presets."""
    kind, *parts = parts_of(state.source, 4)
    current = {"file": parts[1], "table": parts[1], "readings": parts[2]}[kind]
    binary = [key for key, finding in FINDINGS.items() if finding.kind == "binary"]
    options = binary if kind == "readings" else [*binary, ""]
    st.session_state["explorer_finding"] = current if current in options else options[-1]
    st.selectbox(
        "Finding",
        options,
        format_func=lambda key: FINDINGS[key].name if key else "another finding",
        key="explorer_finding",
        on_change=_finding_picked,
    )


def _pick_second(state: State) -> None:
    names = {"": "nothing", SAME: "another threshold, same scores"}
    names |= {f"study:{key}": row.title for key, row in PUBLISHED.items()}
    names |= weights_names() | score_choices(state)
    names.pop(state.source, None)
    options = list(names)
    controlled("Compare with", options, state.second, _named(names), "explorer_second")


def _type_table(state: State) -> None:
    try:
        counts = table_counts(state.source)
    except SourceError:
        counts = EXAMPLE
    labels = ("True positives", "False negatives", "False positives", "True negatives")
    fields = ("tp", "fn", "fp", "tn")
    for column, label, field in zip(st.columns(4), labels, fields, strict=True):
        st.session_state[f"explorer_{field}"] = getattr(counts, field)
        column.number_input(label, 0, MOST, step=1, key=f"explorer_{field}", on_change=_table_typed)


def _table_typed() -> None:
    counts = replace(
        EXAMPLE, **{f: int(st.session_state[f"explorer_{f}"]) for f in ("tp", "fn", "fp", "tn")}
    )
    session.switch_source(table_descriptor(counts, parts_of(session.state_now().source, 3)[2]))


def _picked(key: str) -> None:
    chosen = str(st.session_state[key])
    if key == "explorer_pick":
        session.switch_source(chosen)
    else:
        state = session.state_now()
        session.keep(replace(state, second=chosen, second_threshold=None))


def _kind_picked() -> None:
    kind = str(st.session_state["explorer_kind"])
    latest = next(reversed(session.stored_files()), "")
    usable, _ = active_descriptors()
    session.switch_source(
        {
            "weights": usable[0] if usable else "weights:",
            "study": session.DEFAULT_STUDY,
            "file": _latest_file(latest),
            "table": table_descriptor(EXAMPLE, "as"),
            "readings": "readings:::mr",
        }[kind]
    )


def _latest_file(digest: str) -> str:
    """The descriptor for the latest file of the session, or of none."""

    files = session.stored_files()
    return first_choice(files[digest]).descriptor if digest in files else "file:"


def _finding_picked() -> None:

    finding = str(st.session_state["explorer_finding"])
    source = session.state_now().source
    kind, *parts = parts_of(source, 4)
    if kind == "table":
        session.switch_source(table_descriptor(table_counts(source), finding))
    elif kind == "file":
        session.switch_source(replace(FileChoice.of(source), finding=finding).descriptor)
    else:
        session.switch_source(":".join(("readings", parts[0], parts[1], finding)))
