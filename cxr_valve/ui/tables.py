"""Tables of measured figures and of facts, as HTML with numbers in line and intervals softer."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from cxr_valve.cards import Figure
from cxr_valve.evaluation.figure_names import FIGURES, SHARES, figure_name, share_text


def number(key: str, value: float) -> str:
    """A metric's value: proportions in percent, the rest with two digits after the point."""
    if value != value:
        return "–"
    return share_text(value) if key in SHARES else f"{value:.2f}".replace("-", "−")


def estimate(key: str, value: float, low: float, high: float, n: int) -> str:
    """Value, interval in a lighter tone, n."""
    if value != value:
        return '<span class="soft">undefined</span>'
    if low != low or high != high:
        return measured(number(key, value), "no interval", n)
    between = "–" if key in SHARES else " to "
    limits = f"{number(key, low).removesuffix('%')}{between}{number(key, high)}"
    return measured(number(key, value), limits, n)


def figure(key: str, found: Mapping[str, Any]) -> str:
    """A figure of an evaluation as plain text: value, interval, n."""
    value, low, high = (
        math.nan if found[x] is None else found[x] for x in ("value", "low", "high")
    )
    limits = "no interval" if low != low else f"{number(key, low)} to {number(key, high)}"
    return f"{number(key, value)} ({limits}, n {found['n']:,})"


def measured(value: str, limits: str, n: int) -> str:
    """A value that is written already, its interval in a lighter tone, n."""
    return f'<b>{escape(value)}</b> <span class="soft limits">({escape(limits)}, n {n:,})</span>'


def figures_table(splits: Mapping[str, Mapping[str, Figure]], caption: str) -> str:
    """One row a metric, one column a split."""
    keys = {key for figures in splits.values() for key in figures}
    order = [key for key in FIGURES if key in keys] + sorted(keys - set(FIGURES))
    rows = []
    for key in order:
        found = [figures.get(key) for figures in splits.values()]
        cells = [
            estimate(key, f.value, f.low, f.high, f.n) if f else '<span class="soft">none</span>'
            for f in found
        ]
        rows.append([escape(figure_name(key)), *cells])
    return table(["", *(name.capitalize() for name in splits)], rows, caption)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """A table whose cells are HTML already; the first cell of a row names it."""
    top = "".join(f'<th scope="col">{escape(text)}</th>' for text in head)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>' + "".join(f"<td>{cell}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )  # fmt: skip
    return (
        f'<div class="scroll-x"><table class="figures"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """Names and what they are, one pair a line; both plain text."""
    items = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in pairs if value
    )
    return f'<dl class="facts-list">{items}</dl>'


def facts_row(pairs: Sequence[tuple[str, str]]) -> str:
    """The same side by side, for facts of a word or two."""
    items = "".join(
        f"<span><b>{escape(name)}</b>{escape(value)}</span>" for name, value in pairs if value
    )
    return f'<div class="facts-row">{items}</div>'
