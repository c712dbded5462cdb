"""Which radiographs and exams make the cohort: rules on the left, what follows on the right."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from cxr_valve.findings import FINDINGS
from cxr_valve.ui.finding_card import network_name
from cxr_valve.ui.tables import table
from cxr_valve.ui.training.desk import PROBLEMS, Desk
from cxr_valve.ui.training.draft import Draft
from cxr_valve.ui.training.flow import flow_html, show_remarks, split_table
from cxr_valve.ui.training.recipe_step import PRESET_NAMES
from cxr_valve.ui.training.words import duration, size

PAIRINGS = {
    "nearest": "the nearest in time",
    "first": "the first",
    "all": "all (the worst grade)",
}
SPLITS = {"new": "drawn by patient", "given": "as the table has it"}


def show_cohort(desk: Desk, draft: Draft) -> bool:
    """Change rules and see at once what they keep; whether that can be trained on."""
    left, right = st.columns([1, 2.4], gap="large")
    with left:
        st.subheader("Rules", anchor=False)
        _rules(desk, draft)
    with right:
        try:
            with st.spinner("Reading the tables…"):
                cohort = desk.cohort(draft.rules)
        except PROBLEMS as problem:
            st.error(str(problem))
            return False
        _draw(cohort)
    return trainable(cohort)


def trainable(cohort: Mapping[str, Any]) -> bool:
    """Whether training and validation can tell anything: both classes, or several values."""
    splits = [cohort["splits"][name] for name in ("train", "validation")]
    if cohort["kind"] == "continuous":
        return all(split["images"] > 1 for split in splits)
    return all(0 < split["positives"] < split["images"] for split in splits)


def _rules(desk: Desk, draft: Draft) -> None:
    rules, findings = draft.rules, desk.sources()[draft.source].findings
    _choice(
        rules,
        "finding",
        "Finding",
        list(findings),
        findings.__getitem__,
        also=draft.forget_finding,
    )
    finding = FINDINGS.get(str(rules["finding"]))
    if finding and finding.grades:
        usual = rules["positive_from"] or finding.positive_from
        rules["positive_from"] = usual
        _choice(
            rules,
            "positive_from",
            "Positive from",
            finding.grades[1:],
            lambda grade: f"{grade} or worse",
            help=f"The study’s rule was {finding.positive_from} or worse.",
        )
    _days(rules)
    _choice(rules, "pairing", "Exam that counts", list(PAIRINGS), PAIRINGS.__getitem__)
    _toggle(rules, "exclude_prosthesis", "Leave out prosthetic valves", "")
    _toggle(
        rules,
        "missing_as_negative",
        "A missing grade means none",
        "Reports often mention only what is abnormal; whether that holds is for you to know. A "
        "grade that could not be read never counts as none.",
    )
    with st.expander("Split, dates, columns"):
        _choice(rules, "split", "Split", list(SPLITS), SPLITS.__getitem__)
        _seed(rules)
        _text(rules, "timezone", "Time zone", "As in Europe/Zurich; empty: dates as written.")


def _choice(
    rules: dict[str, Any],
    field: str,
    label: str,
    options: Sequence[str],
    names: Callable[[str], str],
    also: Callable[[], None] = lambda: None,
    help: str | None = None,
) -> None:
    key = f"rule-{field}"
    st.session_state[key] = rules[field] if rules[field] in options else options[0]

    def keep() -> None:
        rules[field] = st.session_state[key]
        also()

    st.selectbox(label, options, format_func=names, key=key, on_change=keep, help=help)


def _days(rules: dict[str, Any]) -> None:
    rules["window_days"] = st.slider(
        "Days between radiograph and exam, at most",
        0,
        365,
        int(rules["window_days"]),
        help="Before or after. The study’s rule was 30.",
    )


def _toggle(rules: dict[str, Any], field: str, label: str, tip: str) -> None:
    rules[field] = st.toggle(label, bool(rules[field]), key=f"rule-{field}", help=tip or None)


def _seed(rules: dict[str, Any]) -> None:
    rules["seed"] = int(
        st.number_input("Seed of the split", 0, 2**31 - 1, int(rules["seed"]), key="rule-seed")
    )


def _text(rules: dict[str, Any], field: str, label: str, tip: str) -> None:
    rules[field] = st.text_input(label, str(rules[field]), key=f"rule-{field}", help=tip).strip()


def _draw(cohort: Mapping[str, Any]) -> None:
    """Flow diagram, split table, adequacy, warnings."""
    st.subheader("What stays", anchor=False)
    st.caption(f"{str(cohort['label_rule']).capitalize()}.")
    if not trainable(cohort):
        st.error(
            "Training and validation need radiographs with and without the finding. Widen the "
            "window, change where positive begins, or bring more data."
        )
    st.html(flow_html(cohort["flow"], cohort["splits"]))
    show_remarks(cohort["warnings"], "what was passed over in the tables")
    st.html(split_table(cohort["splits"], cohort["proof"]))
    _adequacy(cohort["adequacy"])


def _adequacy(found: Mapping[str, Any]) -> None:
    """What these numbers will be able to tell, and what training on them takes."""
    st.subheader("Is it enough?", anchor=False)
    for check in found.get("checks", ()):
        icon = ":material/check:" if check["enough"] else ":material/warning:"
        st.markdown(f"{icon} {check['sentence']}")
    cost = found.get("cost") or {}
    rows = [
        [
            escape(PRESET_NAMES.get(name, name)),
            escape(", ".join(network_name(network) for network in preset["networks"])),
            duration(3600 * preset["hours"]),
            size(preset["disk_bytes"] / 1e6),
        ]
        for name, preset in cost.get("presets", {}).items()
    ]
    if rows:
        st.html(table(["", "Networks", "Time", "Disk"], rows, f"Expected on {cost['machine']}."))
