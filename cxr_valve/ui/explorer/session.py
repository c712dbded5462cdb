"""What the page keeps between reruns and page changes, and the address that mirrors it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from cxr_valve.findings import FINDINGS
from cxr_valve.ui.explorer.file_source import StoredFile, file_source
from cxr_valve.ui.explorer.payload import build_payload
from cxr_valve.ui.explorer.readings_source import readings_source
from cxr_valve.ui.explorer.source import Source, SourceError, parts_of
from cxr_valve.ui.explorer.state import SAME, State, from_query, to_query
from cxr_valve.ui.explorer.study import study_source
from cxr_valve.ui.explorer.table_source import table_source
from cxr_valve.ui.explorer.weights_source import active_descriptors, weights_source

STATE, QUERY, FILES, SOURCES, STAMP = (
    f"explorer_{name}" for name in ("state", "query", "files", "sources", "stamp")
)
#: Another page puts {"finding": "mr", "score": .63, "prevalence": .017, "doubts": ("unlike",)}
#: here; the last two may be left out.
PATIENT = "explorer_patient"
DEFAULT_STUDY = "study:mr"
_KEPT_FILES, _KEPT_SOURCES = 6, 4


class MissingFileError(SourceError):
    """A link names a file that this session has not been given; ``digests`` are their SHA-256."""

    def __init__(self, digests: list[str]) -> None:
        super().__init__(
            "This link was made with a file that is not part of the link. Drop it above; it is "
            f"recognised by its SHA-256 ({', '.join(d[:12] + '…' for d in digests)})."
        )
        self.digests = digests


def current_state() -> State:
    """The state of this run: of a patient handed over, a new address, or as it was left."""
    query = st.query_params.to_dict()
    kept: State | None = st.session_state.get(STATE)
    patient = st.session_state.pop(PATIENT, None)
    if patient:
        state = _of_patient(patient)
    elif query and query != st.session_state.get(QUERY):
        state = from_query(query)
    else:
        state = kept or State()
    if not state.source:
        state = replace(state, source=default_descriptor())
    keep(state)
    return state


def _of_patient(patient: dict[str, Any]) -> State:
    finding = str(patient.get("finding", ""))
    usable = [d for d in active_descriptors()[0] if parts_of(d)[1].startswith(f"{finding}-")]
    query = {"x": str(patient.get("score", "")), "p": str(patient.get("prevalence", ""))}
    query["but"] = ",".join(patient.get("doubts", ()))
    source = usable[0] if usable else default_descriptor(finding)
    return replace(from_query(query), source=source)


def default_descriptor(finding: str = "") -> str:
    """What a bare address shows: the first active weights, else the study's figures."""
    usable, _ = active_descriptors()
    if usable and not finding:
        return usable[0]
    return "study:as-test" if finding == "as" else DEFAULT_STUDY


def keep(state: State) -> None:
    """Remember the state and write it into the address."""
    query = to_query(state)
    st.session_state[STATE], st.session_state[QUERY] = state, query
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)


def next_stamp() -> int:
    """A number for each whole run, by which the browser knows that its state was set anew."""
    stamp = int(st.session_state.get(STAMP, 0)) + 1
    st.session_state[STAMP] = stamp
    return stamp


def state_now() -> State:
    """The state as it was kept last."""
    found: State = st.session_state.get(STATE) or State()
    return found


def switch_source(descriptor: str) -> None:
    """Show another source with its own threshold; prevalence stays within a finding."""
    state = state_now()
    same = _finding_of(state.source) == _finding_of(descriptor)
    keep(
        replace(
            State(),
            source=descriptor,
            prevalence=state.prevalence if same else None,
            ratio=state.ratio,
            follow=state.follow,
            second=state.second if state.second == SAME else "",
        )
    )


def _finding_of(descriptor: str) -> str:
    kind, *parts = parts_of(descriptor, 4)
    if kind in ("weights", "study"):
        return parts[0].split("-")[0]
    candidates = {"file": parts[1], "table": parts[1], "readings": parts[2]}
    return candidates.get(kind, "") if candidates.get(kind) in FINDINGS else descriptor


def store(name: str, content: bytes) -> StoredFile:
    """Keep a dropped file for this session, the last few only; never on disk."""
    stored = StoredFile(name, content)
    files: dict[str, StoredFile] = st.session_state.setdefault(FILES, {})
    files.pop(stored.digest, None)
    files[stored.digest] = stored
    for digest in list(files)[:-_KEPT_FILES]:
        del files[digest]
    return stored


def stored_files() -> dict[str, StoredFile]:
    """The files of this session by digest, the latest last."""
    found: dict[str, StoredFile] = st.session_state.get(FILES, {})
    return found


def resolve(descriptor: str) -> tuple[Source, dict[str, Any]]:
    """The source a descriptor names and its document for the browser, kept for the session.

    Raises:
        SourceError: it cannot be shown; MissingFileError where a file must be given first.
    """
    kept: dict[str, tuple[Source, dict[str, Any]]] = st.session_state.setdefault(SOURCES, {})
    if descriptor not in kept:
        source = _open(descriptor)
        kept[descriptor] = (source, build_payload(source))
        for old in list(kept)[:-_KEPT_SOURCES]:
            del kept[old]
    return kept[descriptor]


def _open(descriptor: str) -> Source:
    kind, *parts = parts_of(descriptor, 3)
    if kind == "weights":
        return weights_source(descriptor)
    if kind == "study":
        return study_source(descriptor)
    if kind == "table":
        return table_source(descriptor)
    if kind == "file":
        return file_source(descriptor, *_files(parts[0]))
    if kind == "readings":
        return readings_source(descriptor, *_files(*parts[:2]))
    raise SourceError(f"Expected a source, found {kind!r} in the address. Choose one above.")


def _files(*digests: str) -> list[StoredFile]:
    files = stored_files()
    missing = [digest for digest in digests if digest and digest not in files]
    if missing:
        raise MissingFileError(missing)
    if not all(digests):
        raise SourceError("")
    return [files[digest] for digest in digests]
