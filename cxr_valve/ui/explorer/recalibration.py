"""Validate before you retrain: another calibration for the same weights, made and undone here."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import streamlit as st

from cxr_valve.active import activate, active_sets, revert
from cxr_valve.cards import CardError, WeightSet
from cxr_valve.evaluation.calibration import Platt, safe_logit
from cxr_valve.evaluation.checks import FloatArray
from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.reliability import calibration
from cxr_valve.evaluation.rules import Rule
from cxr_valve.recalibration import Proposal, preferred_update, propose, write_recalibrated
from cxr_valve.ui.explorer import session
from cxr_valve.ui.explorer.readings_source import join
from cxr_valve.ui.explorer.source import Source, SourceError, parts_of
from cxr_valve.ui.explorer.weights_source import find_set, weights_descriptor

UPDATES = {"intercept": "Intercept only", "slope": "Slope and intercept"}
RULES = {
    "": "Keep the card’s threshold",
    "youden": "Youden",
    "sensitivity=0.9": "Sensitivity at least 90%",
    "specificity=0.9": "Specificity at least 90%",
}
WRITTEN = "explorer_recalibrated"


def show_recalibration(source: Source) -> None:
    """The whole of it, for readings of one set of weights joined with labels."""
    cohort = source.cohort
    if cohort is None or parts_of(source.descriptor)[0] != "readings":
        return
    with st.expander("Validate before you retrain: recalibrate these weights on your radiographs"):
        try:
            frame = _joined(source.descriptor)
            found = _weights(frame)
        except SourceError as problem:
            st.info(str(problem))
            return
        proposal = _choose(found, cohort)
        if proposal is None:
            return
        _compare(found, cohort, proposal)
        if st.button("Write a new card", key="explorer_write", type="primary"):
            _write(found, proposal, cohort, frame, source)
        _switch(found)


def _joined(descriptor: str) -> pd.DataFrame:
    _, readings, labels, finding = parts_of(descriptor, 4)
    files = session.stored_files()
    return join(files[readings], files[labels], finding).frame


def _weights(frame: pd.DataFrame) -> WeightSet:
    """The one set of weights behind all readings.

    Raises:
        SourceError: the readings do not say, come from several, or from one that is not here.
    """
    names = sorted(set(frame["weights"])) if "weights" in frame.columns else []
    if len(names) != 1 or not names[0]:
        raise SourceError(
            "Expected readings that name one set of weights, found "
            f"{', '.join(filter(None, names)) or 'none'}. Read the folder again with one set "
            "active."
        )
    return find_set(names[0])


def _choose(found: WeightSet, cohort: Cohort) -> Proposal | None:
    left, right = st.columns(2)
    updates = list(UPDATES)
    update = left.radio(
        "What is fitted",
        updates,
        index=updates.index(preferred_update(cohort)),
        format_func=UPDATES.__getitem__,
        key="explorer_update",
        help="An intercept mends probabilities that are too high or too low everywhere and needs "
        "few radiographs; a slope needs at least 50 of each class.",
    )
    text = right.selectbox(
        "Threshold", list(RULES), format_func=RULES.__getitem__, key="explorer_new_rule"
    )
    try:
        rule = Rule.parse(text) if text else None
        return propose(found.binary, cohort, "slope" if update == "slope" else "intercept", rule)
    except ValueError as problem:
        st.warning(str(problem))
        return None


def _compare(found: WeightSet, cohort: Cohort, proposal: Proposal) -> None:
    st.dataframe(
        [
            {"": "as it is", **_quality(proposal.before, cohort)},
            {"": "recalibrated, on the same radiographs", **_quality(proposal.own, cohort)},
        ],
        hide_index=True,
        width="content",
    )
    old, c = found.binary.operating_point, proposal.counts
    crossed = "" if proposal.rule == old.rule else ", cross-validated by patient"
    st.write(
        f"Threshold {old.threshold:.4g} → {proposal.threshold:.4g} ({proposal.rule}). 2×2 table "
        f"here{crossed}: TP {c.tp}, FN {c.fn}, FP {c.fp}, TN {c.tn}."
    )


def _quality(platt: Platt, cohort: Cohort) -> dict[str, str]:
    found = calibration(cohort.labels, platt.apply(safe_logit(cohort.scores)))
    told = {"intercept": found.intercept, "slope": found.slope, "Brier": found.brier}
    return {
        name: f"{e.value:.3f} ({e.low:.3f} to {e.high:.3f}, n = {e.n})" if e.defined else "–"
        for name, e in told.items()
    }


def _write(
    found: WeightSet, proposal: Proposal, cohort: Cohort, frame: pd.DataFrame, source: Source
) -> None:
    _, readings, labels, _ = parts_of(source.descriptor, 4)
    origin = f"readings SHA-256 {readings}; labels SHA-256 {labels}"
    try:
        written = write_recalibrated(
            found,
            proposal,
            cohort,
            _members(found, frame),
            date=datetime.now(UTC).strftime("%Y-%m-%d"),
            origin=origin,
        )
    except (CardError, OSError) as problem:
        st.error(f"The new card was not written. {problem}")
        return
    st.session_state[WRITTEN] = written.card.name


def _members(found: WeightSet, frame: pd.DataFrame) -> dict[str, FloatArray]:
    columns = {m.label: f"members.{m.label}" for m in found.card.members}
    if not all(column in frame.columns for column in columns.values()):
        return {}
    return {name: np.asarray(frame[column], dtype=np.float64) for name, column in columns.items()}


def _switch(found: WeightSet) -> None:
    """Activate what was written, or go back."""
    name = st.session_state.get(WRITTEN, "")
    try:
        now = active_sets().get(found.card.finding)
    except CardError as problem:
        st.error(str(problem))
        now = None
    if now is not None:
        st.write(f"Active now: **{now.card.name}**.")
    left, right = st.columns(2)
    if name and (now is None or now.card.name != name):
        left.button(
            f"Make {name} active", on_click=_activate, args=(name,), key="explorer_activate"
        )
    if now is not None and "-recalibrated-" in now.card.tag:
        right.button(
            "Revert to the set before it",
            on_click=_revert,
            args=(found.card.finding, now.card.name),
            key="explorer_revert",
        )
        st.button(
            "Show its scores",
            on_click=session.switch_source,
            args=(weights_descriptor(now.card),),
            key="explorer_show_new",
        )


def _activate(name: str) -> None:
    try:
        activate(name)
    except CardError as problem:
        st.session_state["explorer_notice"] = f"{name} was not made active. {problem}"


def _revert(finding: str, name: str) -> None:
    try:
        revert(finding, name)
    except CardError as problem:
        st.session_state["explorer_notice"] = str(problem)
