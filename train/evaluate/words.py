"""Figures as people read them: values with interval and n."""

import math
from collections.abc import Mapping
from typing import Any

from cxr_valve.evaluation.figure_names import SHARES, share_text

_TWO_DECIMALS = ("auc", "correlation", "slope")


def figure_text(name: str, figure: Mapping[str, Any]) -> str:
    """``0.81 (0.76–0.86), n 240``; a dash where these data do not define it."""
    value, low, high = (_number(figure[part]) for part in ("value", "low", "high"))
    if math.isnan(value):
        return f"– (n {figure['n']})"
    shown = [_shown(name, number) for number in (value, low, high)]
    if math.isnan(low) or math.isnan(high):
        return f"{shown[0]}, n {figure['n']}"
    between = "–" if low >= 0 else " to "
    return f"{shown[0]} ({shown[1]}{between}{shown[2]}), n {figure['n']}"


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _shown(name: str, value: float) -> str:
    if math.isnan(value):
        return "–"
    if name in SHARES:
        return share_text(value)
    if name in _TWO_DECIMALS or name.startswith("auc_"):
        return f"{value:.2f}"
    return f"{value:.1f}".replace("-", "−")
