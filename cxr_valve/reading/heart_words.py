"""What a heart size says, in sentences: the same on the page, in pictures and on paper."""

from dataclasses import dataclass

from cxr_valve.anatomy.heart import USUAL_LIMIT, HeartReading
from cxr_valve.anatomy.heart_reader import AP_NOTE

#: From this confidence on, what is unusual is mentioned; below it, the number is called doubtful.
DOUBTFUL = 0.5


@dataclass(frozen=True)
class HeartWords:
    """The sentences on heart size; "" where there is nothing to say.

    ``headline`` is the ratio that holds: the reader's where there is one.
    """

    headline: str
    context: str
    meaning: str
    sizes: str
    doubt: str

    @property
    def lines(self) -> tuple[str, ...]:
        """All of it, one line after another, for exports."""
        first = f"Cardiothoracic ratio {self.headline}, {self.context}"
        return tuple(line for line in (first, self.meaning, self.sizes, self.doubt) if line)


def heart_words(heart: HeartReading, *, view: str | None) -> HeartWords:
    """Put a heart size into words; ``view`` as the file gives it."""
    interval = f"{heart.low:.2f}–{heart.high:.2f}"
    corrected = heart.corrected_ctr
    if corrected is None:
        headline, context = f"{heart.ctr:.2f}", f"95% interval {interval}."
    else:
        headline = f"{corrected:.2f}"
        context = f"corrected by the reader. Measured: {heart.ctr:.2f} ({interval})."
    return HeartWords(headline, context, _meaning(heart, view), _sizes(heart), _doubt(heart))


def _meaning(heart: HeartReading, view: str | None) -> str:
    if view == "AP":
        return f"AP view: drawn larger; the limit of {USUAL_LIMIT:.2f} is one for PA views."
    limit = f"{USUAL_LIMIT:.2f}, the usual upper limit"
    low, high = heart.low, heart.high
    if heart.corrected_ctr is not None:
        low = high = heart.corrected_ctr
    assumed = " on a PA view" if view == "PA" else " if this is a PA view"
    if low > USUAL_LIMIT:
        return f"Above {limit}{assumed}."
    if high <= USUAL_LIMIT:
        return f"Not above {limit}{assumed}."
    return f"Too close to {limit}{assumed}, to tell the side."


def _sizes(heart: HeartReading) -> str:
    sizes = heart.corrected_mm
    if sizes is None and heart.heart_mm is not None and heart.thorax_mm is not None:
        sizes = heart.heart_mm, heart.thorax_mm
    if sizes is None:
        return ""
    return f"Heart {sizes[0]:.0f}, thorax {sizes[1]:.0f} mm at the detector."


def _doubt(heart: HeartReading) -> str:
    """What lowers confidence; nothing once a reader has drawn the lines."""
    notes = [note for note in heart.notes if note != AP_NOTE]
    if not notes or heart.corrected is not None:
        return ""
    lead = "Doubtful." if heart.confidence < DOUBTFUL else "Check the lines."
    return f"{lead} {' '.join(notes)}"
