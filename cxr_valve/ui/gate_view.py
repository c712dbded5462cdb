"""The first lines beside an image: what it is, whether it can be read, and what can be done."""

from dataclasses import replace
from html import escape

import streamlit as st

from cxr_valve.anatomy.correction import changes_in_words, corrected, restored
from cxr_valve.anatomy.gate import Offer
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.reading.reading import Reading
from cxr_valve.ui.intake import opened_reader
from cxr_valve.ui.visit import Case, Visit

#: What the button does, and its icon.
OFFERS: dict[Offer, tuple[str, str]] = {
    "rotate-90": ("Turn 90° clockwise", ":material/rotate_right:"),
    "rotate-180": ("Turn 180°", ":material/rotate_right:"),
    "rotate-270": ("Turn 90° anticlockwise", ":material/rotate_left:"),
    "invert": ("Invert", ":material/invert_colors:"),
}
REDUCED = "Only a reduced copy is kept of this image. Open its file again."


def show_gate(visit: Visit, case: Case, reading: Reading) -> None:
    """The image's kind and facts, warnings, a refusal with its ways on, and what was changed."""
    radiograph, reduced = visit.pixels(case)
    st.html(f'<div class="facts">{_facts(case, reading, reduced=reduced)}</div>')
    # What is read again needs all pixels.
    whole = None if reduced else radiograph
    changed = changes_in_words(reading.changes)
    if reading.refused:
        st.html(f'<div class="facts">{_refusal(reading)}<div class="warn">{changed}</div></div>')
        with st.container(horizontal=True, gap="small", key="gate"):
            _ways_on(visit, case, reading, whole)
    elif reading.read_anyway or changed:
        with st.container(horizontal=True, gap="small", key="gate", vertical_alignment="center"):
            st.html(
                f'<div class="facts">{_refusal(reading)}<div class="warn">{changed}</div></div>'
            )
            _undo(visit, case, reading, whole)


def _facts(case: Case, reading: Reading, *, reduced: bool) -> str:
    facts = reading.input
    if reading.gate.accepted:
        verdict = "frontal chest radiograph, can be read"
    else:
        verdict = "read anyway" if reading.read_anyway else "not read"
    parts = [
        f"{facts.view} view" if facts.view else "view not stated",
        # A simulated case says in its name that it comes from no file.
        *(() if case.truth else (facts.container,)),
        f"{facts.columns} × {facts.rows}",
        f"{facts.bits_stored} bits",
    ]
    if facts.inverted and "invert" not in reading.changes:
        parts.append("stored inverted (MONOCHROME1)")
    if reduced:
        parts.append("shown from a reduced copy; open the file again for all pixels")
    said = (*reading.gate.warnings, *facts.warnings)
    warnings = "".join(f'<div class="warn">{escape(text)}</div>' for text in said)
    told = " · ".join(map(escape, parts))
    return f"<b>{escape(case.name)}</b>: {verdict} · {told}{warnings}"


def _refusal(reading: Reading) -> str:
    """Why the gate refused; "" where it did not."""
    if reading.gate.accepted:
        return ""
    lead = "Read although refused." if reading.read_anyway else "Not read."
    reason = escape(reading.gate.reason)
    return f'<div class="refused" role="status"><b>{lead}</b> {reason}</div>'


def _ways_on(visit: Visit, case: Case, reading: Reading, whole: Radiograph | None) -> None:
    """Buttons: the change that the gate offers, reading anyway, and the way back."""
    offer = reading.gate.offer
    disabled = whole is None
    if reading.refused and offer is not None:
        label, icon = OFFERS[offer]
        told = "Reads the turned image; the file stays as it is, and every export says so."
        if st.button(
            label, key="gate-offer", icon=icon, disabled=disabled,
            help=REDUCED if disabled else told,
        ):  # fmt: skip
            _change(visit, case, reading, whole, (*reading.changes, offer))
    if reading.refused:
        told = "The networks know nothing of such images. Page and exports will say so."
        if st.button(
            "Read anyway", key="gate-anyway", disabled=disabled, help=REDUCED if disabled else told
        ):
            _read(visit, case, reading, whole, anyway=True)
    if reading.read_anyway or reading.changes:
        _undo(visit, case, reading, whole)


def _undo(visit: Visit, case: Case, reading: Reading, whole: Radiograph | None) -> None:
    """The last step back: from reading anyway to the refusal, else to the image as it came."""
    told = "Back to the refusal." if reading.read_anyway else "Back to the image as it was opened."
    disabled = whole is None
    if st.button("Undo", key="gate-undo", disabled=disabled, help=REDUCED if disabled else told):
        if reading.read_anyway:
            _read(visit, case, reading, whole, anyway=False)
        else:
            _change(visit, case, reading, whole, ())


def _change(
    visit: Visit,
    case: Case,
    reading: Reading,
    whole: Radiograph | None,
    changes: tuple[Offer, ...],
) -> None:
    """Read the image with other changes: the last one new, or none at all."""
    assert whole is not None, "the button is disabled without all pixels"
    turned = corrected(whole, changes[-1]) if changes else restored(whole, reading.changes)
    again = replace(opened_reader().read(turned), changes=changes)
    visit.put_back(case, again, turned)
    st.rerun()


def _read(
    visit: Visit, case: Case, reading: Reading, whole: Radiograph | None, *, anyway: bool
) -> None:
    """Read the same pixels past the gate, or stop at it again; a reader's lines stay."""
    assert whole is not None, "the button is disabled without all pixels"
    again = replace(opened_reader().read(whole, read_anyway=anyway), changes=reading.changes)
    if again.heart is not None and reading.heart is not None:
        again = replace(again, heart=replace(again.heart, corrected=reading.heart.corrected))
    visit.put_back(case, again, whole)
    st.rerun()
