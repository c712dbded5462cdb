"""What can be taken away from a case: JSON, a picture, a printable page. No identifiers."""

import json
import re
from collections.abc import Callable

import streamlit as st

from cxr_valve.cards import WeightSet
from cxr_valve.reading.report import Report, html_report, png_report
from cxr_valve.reading.serialise import outcome_as_dict
from cxr_valve.reading.value_words import context, headline, meaning, members
from cxr_valve.ui.finding_card import words
from cxr_valve.ui.resources import held_out_scores
from cxr_valve.ui.visit import Case, Visit


def downloads(visit: Visit, case: Case, sets: dict[str, WeightSet]) -> None:
    """Three buttons, and a label that only the user can fill in."""
    typed = st.text_input(
        "Label printed on the exports (optional)",
        value=visit.labels.get(case.number, ""),
        key=f"label-{case.number}",
        help="Empty: the neutral name. Nothing from the file, its name included, is exported.",
    )
    visit.labels[case.number] = typed.strip()
    name = visit.label(case)
    stem = re.sub(r"[^a-z0-9]+", "-", case.name.lower())
    takes: tuple[tuple[str, str, str, Callable[[], str | bytes]], ...] = (
        (
            "JSON",
            "json",
            "application/json",
            lambda: json.dumps(outcome_as_dict(case.outcome, path=name), indent=1),
        ),
        ("Picture (PNG)", "png", "image/png", lambda: png_report(_report(visit, case, sets, name))),
        (
            "Printable page (HTML)",
            "html",
            "text/html",
            lambda: html_report(_report(visit, case, sets, name)),
        ),
    )
    for title, ending, kind, make in takes:
        st.download_button(
            title, make, f"{stem}.{ending}", kind, on_click="ignore", key=f"download-{ending}"
        )


def _report(visit: Visit, case: Case, sets: dict[str, WeightSet], name: str) -> Report:
    reading = case.outcome.reading
    radiograph, _ = visit.pixels(case)
    if reading is None or radiograph is None:
        raise ValueError("Expected a case that was read; open the file again.")
    lines: dict[str, tuple[str, ...]] = {}
    for key, found in reading.findings.items():
        prevalence = visit.prevalence(key, found.prevalence)
        said = words(found, sets[key].binary, prevalence, held_out_scores(sets[key]))
        lines[key] = (
            f"{said.headline} {said.context}", said.meaning,
            f"{said.nearby} {said.members}".strip(), *([said.novelty] if said.novelty else []),
        )  # fmt: skip
    for key, value in reading.values.items():
        card = sets[key].continuous
        said_of_value = (context(value, card), meaning(value, card), members(value))
        lines[key] = (headline(value), *(line for line in said_of_value if line))
    return Report(name, reading, radiograph, lines)
