"""The worklist: every file of the visit with its state and scores; sort, filter, move, export."""

import json

import pandas as pd
import streamlit as st

from cxr_valve.anatomy.correction import changes_in_words
from cxr_valve.evaluation.safe_export import safe_csv
from cxr_valve.findings import FINDINGS
from cxr_valve.models.chain import at_prevalence
from cxr_valve.models.novelty import UNLIKE
from cxr_valve.reading.reading import Reading
from cxr_valve.reading.serialise import flatten, outcome_as_dict
from cxr_valve.reading.value_words import headline, interval
from cxr_valve.ui.finding_card import DEMONSTRATION, DISAGREEMENT, percent, spread
from cxr_valve.ui.thumbnails import data_uri
from cxr_valve.ui.visit import Case, Visit

#: What is said of a finding in the table.
PARTS = ("probability", "side", "score")
ALL, POSITIVE, DISAGREE, UNREAD = "All", "Positive", "Members disagree", "Not read"


def step(visit: Visit, name: str, by: int, key: str) -> None:
    """A button that moves through the worklist; the arrow key does the same."""

    def move() -> None:
        place = (visit.selected or 1) - 1
        visit.selected = (place + by) % len(visit.cases) + 1

    st.button(name, on_click=move, key=f"step-{key}", shortcut=key.capitalize())


def table(visit: Visit) -> None:
    """All cases: a click opens one, a heading sorts, the filter narrows."""
    with st.container(horizontal=True, gap="medium", key="worklist-body"):
        counts = {name: len(filtered(visit, name)) for name in (ALL, POSITIVE, DISAGREE, UNREAD)}
        shown = st.segmented_control(
            "Filter",
            list(counts),
            default=ALL,
            required=True,
            format_func=lambda name: f"{name} ({counts[name]})",
            key="worklist-filter",
            label_visibility="collapsed",
        )
        visit.show_names = st.toggle(
            "Show file names on this screen", value=visit.show_names, key="worklist-names",
            help="File names can identify a patient. They are never exported.",
        )  # fmt: skip
    cases = filtered(visit, shown or ALL)
    if cases:
        st.caption(terms(visit, cases))
        _choose(visit, cases, f"worklist-table-{len(visit.cases)}-{shown}-{visit.selected}")
    else:
        st.caption("No such radiograph.")
    exports(visit)


def filtered(visit: Visit, name: str) -> list[Case]:
    """The cases a filter lets through, in the order they were opened."""
    if name == POSITIVE:
        return [case for case in visit.cases if _positive(case)]
    if name == DISAGREE:
        return [case for case in visit.cases if _disagree(case)]
    return [case for case in visit.cases if name == ALL or not case.was_read]


def _positive(case: Case) -> bool:
    reading = case.outcome.reading
    return reading is not None and any(found.positive for found in reading.findings.values())


def _disagree(case: Case) -> bool:
    reading = case.outcome.reading
    found = reading.findings.values() if reading is not None else ()
    return any(spread(finding) > DISAGREEMENT for finding in found)


def _choose(visit: Visit, cases: list[Case], key: str) -> None:
    """The table; choosing a row or a cell shows that case."""

    def choose() -> None:
        selection = st.session_state[key]["selection"]
        rows = [*selection["rows"], *(row for row, _ in selection["cells"])]
        if rows:
            visit.selected = cases[rows[0]].number

    shorts = [finding.short for finding in FINDINGS.values()]
    number = st.column_config.NumberColumn
    st.dataframe(
        lines(visit, cases),
        hide_index=True,
        height=min(36 * len(cases) + 40, 460),
        selection_mode=["single-row", "single-cell"],
        on_select=choose,
        key=key,
        placeholder="",
        column_config={
            "": st.column_config.ImageColumn(width=44),
            "case": st.column_config.TextColumn(width=112),
            "state": st.column_config.TextColumn(width=96),
            "CTR": number(format="%.2f", width=60),
            "note": st.column_config.TextColumn(width=240),
            **{f"{short} probability": number(format="%.1f%%", width=106) for short in shorts},
            **{f"{short} score": number(format="%.2f", width=78) for short in shorts},
        },
        alt="Every radiograph of this visit with its state, probabilities, scores and sides",
    )


def row(visit: Visit, case: Case) -> dict[str, object]:
    """A line of the table; the file name only where the user asked to see it.

    The ratio (CTR) is the reader's where there is one, which the note then says.
    """
    mark = "▸ " if case.number == visit.selected else ""
    cells: dict[str, object] = {"": data_uri(case.thumbnail), "case": mark + case.name}
    if visit.show_names:
        cells["file"] = case.file_name
    reading = case.outcome.reading
    anyway = reading is not None and reading.read_anyway
    cells["state"] = "read anyway" if anyway else case.outcome.status
    if reading and reading.heart:
        cells["CTR"] = reading.heart.corrected_ctr or reading.heart.ctr
    for key, found in (reading.findings if reading else {}).items():
        prevalence = visit.prevalence(key, found.prevalence)
        short = FINDINGS[key].short
        probability = at_prevalence(found.probability, found.prevalence, prevalence)
        cells[f"{short} probability"] = 100 * probability
        cells[f"{short} side"] = "positive" if found.positive else "negative"
        cells[f"{short} score"] = found.score
    for key, value in (reading.values if reading else {}).items():
        cells[FINDINGS[key].short] = f"{headline(value)} ({interval(value)})"
    cells["note"] = case.outcome.reason or (_note(reading) if reading else "")
    return cells


def lines(visit: Visit, cases: list[Case]) -> pd.DataFrame:
    """The table: columns in one order, whichever line came first, the note before the numbers."""
    table = pd.DataFrame([row(visit, case) for case in cases])
    first = ["", "case", "file", "state", "note", "CTR"]
    rest = [f"{found.short} {part}" for found in FINDINGS.values() for part in PARTS]
    known = [name for name in (*first, *rest) if name in table]
    return table[[*known, *(name for name in table if name not in known)]]


def terms(visit: Visit, cases: list[Case]) -> str:
    """At which prevalence the probabilities stand, and whose weights gave them."""
    readings = [case.outcome.reading for case in cases if case.outcome.reading]
    found = {key: one for reading in readings for key, one in reading.findings.items()}
    at = ", ".join(
        f"{FINDINGS[key].short} {percent(visit.prevalence(key, one.prevalence))}"
        for key, one in found.items()
    )
    said = f"Probabilities at the prevalence chosen: {at}. " if at else ""
    return said + (DEMONSTRATION if any(one.simulated for one in found.values()) else "")


def _note(reading: Reading) -> str:
    """What sets the reading of an image apart: passed by the gate, turned, corrected, unlike."""
    said = [reading.gate.reason] if reading.read_anyway else []
    placed = [one.novelty for one in reading.findings.values() if one.novelty is not None]
    if any(one.percentile >= UNLIKE for one in placed):
        said.append("Unlike the training radiographs.")
    said.append(changes_in_words(reading.changes))
    if reading.heart and reading.heart.corrected:
        said.append(f"CTR corrected by the reader; measured {reading.heart.ctr:.2f}.")
    return " ".join(filter(None, said))


def records(visit: Visit) -> list[dict[str, object]]:
    """Every case as the command line's JSON, under its neutral or typed name."""
    return [outcome_as_dict(case.outcome, path=visit.label(case)) for case in visit.cases]


def exports(visit: Visit) -> None:
    """The whole worklist as JSON lines or CSV; neutral names, no file names."""
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "All as JSON",
            lambda: "".join(json.dumps(record) + "\n" for record in records(visit)),
            "readings.jsonl",
            "application/jsonl",
            on_click="ignore",
            key="export-json",
        )
        st.download_button(
            "All as CSV",
            lambda: safe_csv(pd.DataFrame([flatten(record) for record in records(visit)])),
            "readings.csv",
            "text/csv",
            on_click="ignore",
            key="export-csv",
        )
