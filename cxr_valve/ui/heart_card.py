"""The card on heart size: ratio, interval, scale with the usual limit, and what to bear in mind."""

from html import escape

import streamlit as st

from cxr_valve.anatomy.heart import USUAL_LIMIT, HeartReading
from cxr_valve.anatomy.heart_card import shipped_heart
from cxr_valve.anatomy.heart_reader import AP_NOTE
from cxr_valve.cards import CardError
from cxr_valve.reading.heart_words import heart_words
from cxr_valve.reading.reading import Reading

#: What the scale spans; ratios beyond it lie at its ends.
SHORTEST, LONGEST = 0.30, 0.80
NOT_FOUND = "Not measured: no heart between two lungs was found."

_EXPLANATION = f"""
**Cardiothoracic ratio (CTR)**: the widest width of the heart over the widest inner width of the
thorax, both drawn on the image. Move a line's end there where you would draw it elsewhere: the
ratio follows, and everything you take away gives yours beside the measured one.

**{USUAL_LIMIT:.2f}** is the usual upper limit in adults on an upright PA view in full inspiration
(Danzer, Am J Med Sci 1919;157:513). A shallow breath, lying down, a child's thymus or fat beside
the heart raise the ratio of a normal heart; an emphysema hides a large one. Above the limit means
large, not why.

**Interval**: made to hold a reader's own ratio in 95 of 100 images{{measured}}.

**{AP_NOTE.replace(":", ":**", 1)}

**mm at the detector**: the shadow's size where the header gives the detector's spacing. The heart
itself is smaller, by how much depends on distances that the image does not show.
"""


def explanation() -> str:
    """What the card shows, and how often the interval held what a reader drew."""
    try:
        found = shipped_heart().card.figures.get("ctr_interval_coverage")
    except CardError:
        found = None  # The page that opened the network has said so already.
    measured = ""
    if found is not None:
        limits = f"{100 * found.low:.0f}–{100 * found.high:.0f}"
        measured = f"; measured: in {100 * found.value:.0f} ({limits}) of 100, n {found.n}"
    return _EXPLANATION.format(measured=measured)


def show_heart(reading: Reading) -> None:
    """Draw the card; nothing for a refused image on which nothing was found."""
    heart = reading.heart
    if heart is None:
        if not reading.refused:
            st.html(
                '<section class="heart" aria-label="Heart size"><h3>Heart size</h3>'
                f'<p class="soft">{NOT_FOUND}</p></section>'
            )
        return
    with st.container(key="heart", gap=None):
        st.html(_card(heart, reading.input.view))
        with st.popover("What is the CTR?", type="tertiary", key="heart-explained"):
            st.markdown(explanation())


def _card(heart: HeartReading, view: str | None) -> str:
    said = heart_words(heart, view=view)
    # In one paragraph: the cards of the findings must still fit below.
    doubt = f' <span class="warn">{escape(said.doubt)}</span>' if said.doubt else ""
    ratio = heart.ctr if heart.corrected_ctr is None else heart.corrected_ctr
    sizes = f' <span class="sizes">{escape(said.sizes)}</span>' if said.sizes else ""
    return (
        f'<section class="heart" aria-label="Heart size" data-ctr="{ratio:.4f}" '
        f'data-corrected="{str(heart.corrected is not None).lower()}">'
        f'<h3>Heart size</h3><div class="row"><b class="big">{said.headline}</b>'
        f'<span><span class="soft">{escape(said.context)}</span>{sizes}{scale(heart)}</span></div>'
        f"<p>{escape(said.meaning)}{doubt}</p></section>"
    )


def scale(heart: HeartReading) -> str:
    """A line with the interval, the measured ratio, the reader's, and the limit, in words too."""
    low, high = _place(heart.low), _place(heart.high)
    corrected = heart.corrected_ctr
    own = "" if corrected is None else f'<i class="own" style="left:{_place(corrected):.1f}%"></i>'
    told = "" if corrected is None else f"; corrected by the reader to {corrected:.2f}"
    alternative = (
        f"On a scale from {SHORTEST:.2f} to {LONGEST:.2f} with the limit at {USUAL_LIMIT:.2f}: "
        f"measured {heart.ctr:.2f}, interval {heart.low:.2f} to {heart.high:.2f}{told}."
    )
    return (
        f'<span class="ctr" role="img" aria-label="{escape(alternative, quote=True)}">'
        f'<i class="limit" style="left:{_place(USUAL_LIMIT):.1f}%"></i>'
        f'<em style="left:{_place(USUAL_LIMIT):.1f}%">{USUAL_LIMIT:.2f}</em>'
        f'<i class="interval" style="left:{low:.1f}%;width:{high - low:.1f}%"></i>'
        f'<i class="measured" style="left:{_place(heart.ctr):.1f}%"></i>{own}</span>'
    )


def _place(ratio: float) -> float:
    """Where a ratio lies on the scale, in percent."""
    return min(max(100 * (ratio - SHORTEST) / (LONGEST - SHORTEST), 0.0), 100.0)
