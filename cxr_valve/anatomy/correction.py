"""What the gate offers where an image lies wrong: turned or inverted back, at full depth."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cxr_valve.anatomy.gate import Offer
from cxr_valve.imaging.radiograph import Radiograph

#: Quarter turns clockwise that each offer makes.
QUARTERS = {"rotate-90": 1, "rotate-180": 2, "rotate-270": 3}
#: What has been done, for people.
DONE: dict[Offer, str] = {
    "rotate-90": "turned by 90° clockwise",
    "rotate-180": "turned by 180°",
    "rotate-270": "turned by 90° anticlockwise",
    "invert": "inverted",
}
#: What takes each back.
_BACK: dict[Offer, Offer] = {
    "rotate-90": "rotate-270",
    "rotate-180": "rotate-180",
    "rotate-270": "rotate-90",
    "invert": "invert",
}
_TOP = 65535


def corrected(radiograph: Radiograph, offer: Offer) -> Radiograph:
    """The radiograph after the offered change: a rotation clockwise, or grey turned over.

    Spacing follows the axes, and slope, intercept, display and tone follow the grey values.
    """
    if offer == "invert":
        return _inverted(radiograph)
    quarters = QUARTERS[offer]
    spacing = radiograph.spacing_mm
    if spacing and quarters % 2:
        spacing = (spacing[1], spacing[0])
    pixels = np.ascontiguousarray(np.rot90(radiograph.pixels, -quarters))
    return replace(radiograph, pixels=pixels, spacing_mm=spacing)


def restored(radiograph: Radiograph, changes: Sequence[Offer]) -> Radiograph:
    """The radiograph as it was before these changes, the last of them taken back first."""
    for offer in reversed(changes):
        radiograph = corrected(radiograph, _BACK[offer])
    return radiograph


def changes_in_words(changes: Sequence[Offer]) -> str:
    """A sentence for page and exports; "" where nothing was changed."""
    if not changes:
        return ""
    done = " and ".join(DONE[offer] for offer in changes)
    return f"{done.capitalize()} by the reader before it was read."


def _inverted(radiograph: Radiograph) -> Radiograph:
    low, high = radiograph.display
    tone = radiograph.tone
    return replace(
        radiograph,
        pixels=np.asarray(_TOP - radiograph.pixels, np.uint16),
        slope=-radiograph.slope,
        intercept=radiograph.intercept + radiograph.slope * _TOP,
        display=(_TOP - high, _TOP - low),
        tone=None if tone is None else np.asarray(1 - tone[::-1], np.float32),
        decoding=replace(radiograph.decoding, inverted=not radiograph.decoding.inverted),
    )
