"""Dropping files: a table of scores, or readings with labels, and which columns play which part."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from cxr_valve.evaluation.columns import as_number
from cxr_valve.evaluation.table_file import ScoreFileError, read_table
from cxr_valve.ui.explorer import session
from cxr_valve.ui.explorer.file_source import (
    NONE,
    PARTS,
    FileChoice,
    StoredFile,
    first_choice,
    split_names,
)
from cxr_valve.ui.explorer.readings_source import readings_descriptor
from cxr_valve.ui.explorer.source import parts_of
from cxr_valve.ui.explorer.state import State

ASKED = "explorer_upload", "explorer_readings", "explorer_labels"
HELP = (
    "One row a radiograph: a label (0/1 or yes/no), a score from 0 to 1, and if known patient, "
    "grade, sex, age, view. It stays in this session and is never written to disk."
)


def pick_file(state: State) -> None:
    """The place to drop a table of scores, and its columns once it is there."""
    choice = FileChoice.of(state.source)
    stored = session.stored_files().get(choice.digest)
    if stored is None:
        st.file_uploader(
            "Scores as CSV or Parquet",
            type=["csv", "tsv", "txt", "parquet"],
            key="explorer_upload",
            on_change=_file_dropped,
            help=HELP,
        )
        return
    with st.expander(f"{stored.name}: columns, split, meaning of the scores"):
        _edit(stored, choice)


def _edit(stored: StoredFile, choice: FileChoice) -> None:
    st.button("Use another file", on_click=session.switch_source, args=("file:",))
    try:
        frame = read_table(stored.content, stored.name)
    except ScoreFileError:
        return
    options = [NONE, *map(str, frame.columns)]
    columns = st.columns(4)
    for place, part in enumerate(PARTS):
        key = f"explorer_column_{part}"
        named = getattr(choice.columns, part) or NONE
        st.session_state[key] = named if named in options else NONE
        columns[place % 4].selectbox(
            part.capitalize(), options, key=key, on_change=_columns_edited, args=(choice,)
        )
    splits = split_names(frame)
    if splits:
        st.session_state["explorer_split"] = choice.split if choice.split in splits else ""
        columns[-1].selectbox(
            "Split",
            ["", *splits],
            format_func=lambda name: name or "all rows",
            key="explorer_split",
            on_change=_columns_edited,
            args=(choice,),
        )
    st.session_state["explorer_calibrated"] = choice.calibrated
    st.checkbox(
        "The scores are calibrated probabilities at the prevalence of this file",
        key="explorer_calibrated",
        on_change=_columns_edited,
        args=(choice,),
        help="The net benefit’s threshold probability can then follow the threshold.",
    )


def _columns_edited(choice: FileChoice) -> None:
    named = {part: str(st.session_state[f"explorer_column_{part}"]) for part in PARTS}
    columns = replace(
        choice.columns, **{p: (None if name == NONE else name) for p, name in named.items()}
    )
    split = str(st.session_state.get("explorer_split", choice.split))
    calibrated = bool(st.session_state["explorer_calibrated"])
    changed = replace(choice, columns=columns, split=split, calibrated=calibrated)
    session.switch_source(changed.descriptor)


def _file_dropped() -> None:
    stored = _taken("explorer_upload")
    if stored is None:
        return
    state = session.state_now()
    wanted = FileChoice.of(state.source)
    if wanted.digest and wanted.digest == stored.digest:
        # The file a link was made with: everything else in the link stays.
        return
    if wanted.digest:
        st.session_state["explorer_notice"] = (
            "This is another file than the link was made with: expected SHA-256 "
            f"{wanted.digest[:12]}…, found {stored.digest[:12]}…. It has its own settings."
        )
    session.switch_source(first_choice(stored, wanted.finding).descriptor)


def _taken(key: str) -> StoredFile | None:
    dropped = st.session_state.get(key)
    return session.store(dropped.name, dropped.getvalue()) if dropped is not None else None


def pick_readings(state: State) -> None:
    """The two places to drop readings and labels."""
    _, readings, labels, finding = parts_of(state.source, 4)
    files = session.stored_files()
    left, right = st.columns(2)
    for column, digest, key, title, types in (
        (
            left,
            readings,
            "explorer_readings",
            "Readings (JSON lines or CSV)",
            ["jsonl", "json", "csv"],
        ),
        (right, labels, "explorer_labels", "Labels (CSV: path, label)", ["csv", "tsv", "parquet"]),
    ):
        with column:
            if digest in files:
                st.write(f"{title}: **{files[digest].name}**")
            else:
                st.file_uploader(
                    title, type=types, key=key, on_change=_reading_dropped, args=(key, state.source)
                )
    if readings in files or labels in files:
        st.button(
            "Use other files", on_click=session.switch_source, args=(f"readings:::{finding}",)
        )


def _reading_dropped(key: str, descriptor: str) -> None:
    stored = _taken(key)
    if stored is None:
        return
    _, readings, labels, finding = parts_of(descriptor, 4)
    expected = readings if key == "explorer_readings" else labels
    if expected == stored.digest:
        return
    if expected:
        st.session_state["explorer_notice"] = (
            f"This is another file than the link was made with: expected SHA-256 {expected[:12]}…, "
            f"found {stored.digest[:12]}…."
        )
    if key == "explorer_readings":
        readings = stored.digest
    else:
        labels = stored.digest
    session.switch_source(readings_descriptor(readings, labels, finding))


def score_choices(state: State) -> dict[str, str]:
    """Other columns of scores in the file that is shown: a comparison on the same cases."""
    if parts_of(state.source)[0] != "file":
        return {}
    choice = FileChoice.of(state.source)
    stored = session.stored_files().get(choice.digest)
    if stored is None:
        return {}
    try:
        frame = read_table(stored.content, stored.name)
    except ScoreFileError:
        return {}
    used = set(choice.columns.given().values())
    names = [c for c in map(str, frame.columns) if c not in used and _is_score(frame[c])]
    return {
        replace(
            choice, columns=replace(choice.columns, score=name)
        ).descriptor: f"{name}, same cases"
        for name in names
    }


def _is_score(cells: pd.Series[str]) -> bool:
    numbers = as_number(cells)
    return bool(numbers.between(0, 1).all()) and not bool(numbers.isin([0, 1]).all())
