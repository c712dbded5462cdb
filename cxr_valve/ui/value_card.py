"""The card of a finding that is a value: the number, its interval, where others lie."""

from html import escape

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from cxr_valve.cards import ValueCard
from cxr_valve.findings import FINDINGS
from cxr_valve.reading.reading import ValueReading
from cxr_valve.reading.value_words import context, headline, meaning, members
from cxr_valve.ui.finding_card import DEMONSTRATION
from cxr_valve.ui.frame import FINDING_COLOURS

BINS = 40


def show_value(found: ValueReading, card: ValueCard, scores: pd.DataFrame) -> None:
    """Draw the card; ``scores`` are the held-out rows of the set, with measured values."""
    st.html(value_html(found, card, scores))


def value_html(found: ValueReading, card: ValueCard, scores: pd.DataFrame) -> str:
    """The card as HTML."""
    finding = FINDINGS[found.finding]
    name = finding.name[0].upper() + finding.name[1:]
    origin = DEMONSTRATION if found.simulated else f"Weights: {found.weights}."
    colour = FINDING_COLOURS[found.finding]
    novelty = f"{found.novelty.words} " if found.novelty else ""
    return (
        f'<section class="finding" aria-label="{escape(name)}" data-finding="{found.finding}" '
        f'style="border-left-color:{colour}"><h3>{escape(name)}</h3>'
        f'<div class="row"><b class="big">{escape(headline(found))}</b>'
        f'<span class="soft">{escape(context(found, card))}</span></div>'
        f"{_strip(found, scores, colour)}<p>{escape(meaning(found, card))}</p>"
        f'<p class="soft">{escape(novelty)}{escape(members(found))} {escape(origin)}</p></section>'
    )


def _strip(found: ValueReading, scores: pd.DataFrame, colour: str) -> str:
    """Measured values of held-out patients, with this one, its interval and the cuts."""
    measured = scores["label"].to_numpy(np.float64)
    low, high = _range(found, measured)

    def place(value: float) -> float:
        return round(100 * (value - low) / (high - low), 2)

    counts = np.histogram(measured, bins=BINS, range=(low, high))[0]
    tallest = max(int(counts.max()), 1)
    bars = "".join(
        "<span>" + (f'<i style="height:{max(100 * n / tallest, 4):.0f}%"></i>' if n else "")
        + "</span>"
        for n in counts
    )  # fmt: skip
    cuts = "".join(f'<i class="cut" style="left:{place(cut)}%"></i>' for cut in found.cuts)
    span = place(found.high) - place(found.low)
    words = escape(_alternative(found, measured), quote=True)
    return (
        f'<div class="strip" role="img" aria-label="{words}">'
        f'<div class="lane" style="--bar:{colour}"><span class="name">measured'
        f'<br><em>n {len(measured)}</em></span><div class="bars">{bars}</div></div>'
        f'<div class="marks" style="height:34px">{cuts}'
        f'<i style="position:absolute;bottom:0;height:3px;background:currentColor;'
        f'opacity:.5;left:{place(found.low)}%;width:{span:.2f}%"></i>'
        f'<i class="here" style="left:{place(found.value)}%"></i></div>'
        f'<div class="axis"><span class="name">{escape(found.unit)}</span>'
        f"<span>{low:g}</span><span>{high:g}</span></div></div>"
    )


def _range(found: ValueReading, measured: NDArray[np.float64]) -> tuple[float, float]:
    """The bounds of the finding, or what all values here span."""
    low, high = FINDINGS[found.finding].bounds
    if np.isfinite([low, high]).all():
        return low, high
    seen = [*measured, found.low, found.high]
    return float(np.floor(min(seen))), float(np.ceil(max(seen)))


def _alternative(found: ValueReading, measured: NDArray[np.float64]) -> str:
    """The strip in words."""
    below = float(np.mean(measured < found.value)) if len(measured) else 0.0
    return (
        f"{headline(found)}, interval {found.low:.0f} to {found.high:.0f}. {below:.0%} of "
        f"{len(measured)} held-out patients had a lower measured value."
    )
