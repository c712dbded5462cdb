"""The flow of radiographs into a cohort (STARD), and what each split holds; from cohort.json."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from cxr_valve.ui.tables import table
from cxr_valve.ui.training.words import count


def flow_html(flow: Sequence[Mapping[str, Any]], splits: Mapping[str, Mapping[str, Any]]) -> str:
    """The diagram: what was listed, what was left out in order, what stays, and its splits.

    ``flow`` is listed, exclusions in order, kept. An exclusion without a radiograph stays in the
    diagram, softer: that it was looked for is part of the report.
    """
    listed, *excluded, kept = flow
    left_out = "".join(_exclusion(step) for step in excluded)
    ends = "".join(
        f"<li><b>{escape(name.capitalize())}</b> {count(split['images'], 'radiograph')}, "
        f"{count(split['patients'], 'patient')}</li>"
        for name, split in splits.items()
    )
    return (
        '<div class="flow" role="group" aria-label="Flow of radiographs into the cohort">'
        f"{_box('Listed', listed)}<ol>{left_out}</ol>{_box('Kept', kept)}"
        f'<ul class="ends">{ends}</ul></div>'
    )


def show_remarks(remarks: Sequence[object], about: str) -> None:
    """Remarks behind one line that counts them, since an untidy export has many."""
    if remarks:
        with st.expander(f"{count(len(remarks), 'remark')}: {about}", icon=":material/info:"):
            st.html("".join(f"<p>{escape(str(remark))}</p>" for remark in remarks))


def _box(name: str, step: Mapping[str, Any]) -> str:
    return (
        f'<div class="box"><b>{name}</b> {count(step["images"], "radiograph")} of '
        f"{count(step['patients'], 'patient')}</div>"
    )


def _exclusion(step: Mapping[str, Any]) -> str:
    images = int(step["images"])
    reasons = step.get("reasons") or {}
    detail = "; ".join(f"{escape(str(text))} {number:,}" for text, number in reasons.items())
    lost = f", {count(int(step['patients']), 'patient')} lost" if step["patients"] else ""
    return (
        f'<li class="{"" if images else "none"}"><span class="left">'
        f"{int(step['images_left']):,}</span>"
        f'<span class="out"><b>− {images:,}</b> {escape(str(step["text"]))}{lost}'
        + (f"<em>{detail}</em>" if detail else "")
        + "</span></li>"
    )


def split_table(splits: Mapping[str, Mapping[str, Any]], proof: Mapping[str, Any]) -> str:
    """One column a split; what is unknown is said so, and whether anybody crosses is counted."""
    rows = [
        ["Radiographs", *(f"{split['images']:,}" for split in splits.values())],
        ["Patients", *(f"{split['patients']:,}" for split in splits.values())],
        _targets(splits),
        ["Age", *(_spread(split["age_mean"], split["age_sd"], " y") for split in splits.values())],
        ["Women", *(_share(split["female_share"]) for split in splits.values())],
        ["View", *(_counts(split["views"], split["images"]) for split in splits.values())],
        *_grades(splits),
    ]
    caption = f"Split by patient: {count(proof['patients_in_two_splits'], 'patient')} in two splits"
    caption += (
        f", {count(proof['images_in_two_splits'], 'image')} in two splits."
        if proof["hashed"]
        else "; images are compared when the run starts."
    )
    return table(["", *(name.capitalize() for name in splits)], rows, caption)


def _grades(splits: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """A row each, in the order of the grades."""
    names = list(dict.fromkeys(name for split in splits.values() for name in split["grades"]))
    return [
        [
            f"Grade {escape(str(name)) or 'unknown'}",
            *(_part(split["grades"].get(name, 0), split["images"]) for split in splits.values()),
        ]
        for name in names
    ]


def _part(number: int, total: int) -> str:
    return f"{number:,} <em>({_share(number / total) if total else 'none'})</em>"


def _targets(splits: Mapping[str, Mapping[str, Any]]) -> list[str]:
    if any(split["positives"] is not None for split in splits.values()):
        return [
            "Positive",
            *(f"{s['positives']:,} <em>({_share(s['prevalence'])})</em>" for s in splits.values()),
        ]
    return ["Value", *(_spread(s["target_mean"], s["target_sd"], "") for s in splits.values())]


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1%}" if value < 0.1 else f"{value:.0%}"


def _spread(mean: float | None, deviation: float | None, unit: str) -> str:
    if mean is None:
        return "unknown"
    return f"{mean:.1f}{unit}" + (f" <em>± {deviation:.1f}</em>" if deviation is not None else "")


def _counts(counts: Mapping[str, int], total: int) -> str:
    parts = [
        f"{escape(str(name) or 'unknown')} {number / max(total, 1):.0%}"
        for name, number in counts.items()
    ]
    return ", ".join(parts) or "unknown"
