"""ROC and calibration of a finding, or predicted against measured values, as charts and words."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cxr_valve.ui.tables import figure
from cxr_valve.ui.training.curves import COLOURS, GREY, draw


def show_quality(found: Mapping[str, Any], key: str) -> None:
    """Two charts of an evaluation, side by side."""
    left, right = st.columns(2, gap="large")
    if found["kind"] == "binary":
        with left:
            _roc(found, key)
        with right:
            _calibration(found["splits"]["test"]["calibration"], key)
        return
    with left:
        _values(found, key)


def _roc(found: Mapping[str, Any], key: str) -> None:
    traces: list[dict[str, Any]] = [_diagonal()]
    for split, colour in (("validation", GREY), ("test", COLOURS[0])):
        curve = found["splits"][split]["roc"]
        traces.append(
            {
                "x": curve["false_positive_rate"],
                "y": curve["sensitivity"],
                "mode": "lines",
                "name": split,
                "line": {"color": colour},
            }
        )
    point = found["fitted"]["operating_point"]
    negatives, positives = point["fp"] + point["tn"], point["tp"] + point["fn"]
    if negatives and positives:
        traces.append(
            {
                "x": [point["fp"] / negatives],
                "y": [point["tp"] / positives],
                "mode": "markers",
                "name": "operating point",
                "marker": {"size": 11, "color": COLOURS[1]},
            }
        )
    draw(traces, "1 − specificity", "Sensitivity", f"roc-{key}", unit=True)
    st.caption("ROC. Dotted: what guessing gives.")


def _calibration(found: Mapping[str, Any], key: str) -> None:
    bins = [item for item in found["bins"] if item["n"]]
    values = [item["observed"]["value"] for item in bins]
    traces: list[dict[str, Any]] = [
        _diagonal(),
        {
            "x": [item["mean_probability"] for item in bins],
            "y": values,
            "error_y": {
                "array": [i["observed"]["high"] - i["observed"]["value"] for i in bins],
                "arrayminus": [i["observed"]["value"] - i["observed"]["low"] for i in bins],
                "color": COLOURS[0],
            },
            "mode": "markers",
            "name": "test, tenths",
            "marker": {"color": COLOURS[0], "size": 8},
        },
        {
            "x": found["smooth"]["probability"],
            "y": found["smooth"]["observed"],
            "mode": "lines",
            "name": "smoothed",
            "line": {"color": GREY},
        },
    ]
    draw(traces, "Predicted probability", "Observed share", f"calibration-{key}", unit=True)
    said = "Calibration on test, bars: 95% intervals."
    for name, right in (("slope", 1), ("intercept", 0)):
        if found[name]["value"] is not None:
            said += f" {name.capitalize()} {figure(name, found[name])}; {right} is right."
    st.caption(said)


def _values(found: Mapping[str, Any], key: str) -> None:
    pairs = found["splits"]["test"]["pairs"]
    measured = pairs["measured"]
    ends = [min(measured, default=0.0), max(measured, default=1.0)]
    line = {"x": ends, "y": ends, "mode": "lines", "name": "equal", "line": {"color": GREY}}
    points = {
        "x": measured,
        "y": pairs["predicted"],
        "mode": "markers",
        "name": "test",
        "marker": {"color": COLOURS[0], "size": 6},
    }
    unit = found["fitted"]["unit"]
    draw([line, points], f"Measured ({unit})", f"Predicted ({unit})", f"values-{key}")
    st.caption("Each point is a test radiograph; on the line both values are equal.")


def _diagonal() -> dict[str, Any]:
    return {
        "x": [0, 1],
        "y": [0, 1],
        "mode": "lines",
        "line": {"color": GREY, "dash": "dot", "width": 1},
        "showlegend": False,
        "hoverinfo": "skip",
    }
