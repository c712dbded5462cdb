"""The linked charts: one component without a build step, which reports where it was released."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import streamlit as st

from cxr_valve.evaluation.prevalence import TRANSPORT_ASSUMPTION
from cxr_valve.ui.explorer.state import SAME, State

KEY = "explorer_charts"
_HERE = Path(__file__).parent
#: Joined in this order into one module; only the last file exports.
SCRIPTS = (
    "numbers.js",
    "statistics.js",
    "points.js",
    "rules.js",
    "plot.js",
    "drag.js",
    "roc.js",
    "predictive.js",
    "benefit.js",
    "histogram.js",
    "people.js",
    "severity.js",
    "glossary.js",
    "table.js",
    "caption.js",
    "strip.js",
    "export.js",
    "summary.js",
    "explorer.js",
)
STYLES = ("explorer.css", "figures.css")


def _joined(names: tuple[str, ...]) -> str:
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in names)


_mount = st.components.v2.component(
    "cxr_valve.explorer",
    html='<div class="explorer" data-ready="false"></div>',
    css=_joined(STYLES),
    js=_joined(SCRIPTS),
)


def document(
    first: dict[str, Any],
    second: dict[str, Any] | None,
    state: State,
    stamp: int,
    advice: Sequence[str] = (),
) -> dict[str, Any]:
    """What the component is given: one or two sources and the state to start from.

    The browser takes the state again only when ``stamp`` differs from the last one it saw, so a
    rerun after a release never pulls a control out of the user's hand. ``advice`` is about the
    point that was released last.
    """
    told = asdict(state)
    return {
        "stamp": stamp,
        "advice": list(advice),
        "assumption": TRANSPORT_ASSUMPTION,
        "first": first,
        "second": SAME if state.second == SAME else second,
        "state": {
            **{name: told[name] for name in ("threshold", "rule", "prevalence", "ratio", "follow")},
            "mix": list(state.mix),
            "second": state.second_threshold,
            "patient": state.patient,
            "doubts": list(state.doubts),
        },
    }


def show_charts(data: dict[str, Any], on_release: Callable[[], None]) -> None:
    """Mount the component; ``on_release`` runs after a control was let go."""
    _mount(key=KEY, data=data, on_point_change=on_release)


def released() -> dict[str, Any]:
    """Where the controls were released last, as the browser reported it."""
    found = st.session_state.get(KEY)
    point = found.get("point") if found else None
    return dict(point) if point else {}
