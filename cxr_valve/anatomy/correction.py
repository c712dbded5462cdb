"""What the gate offers where an image lies wrong: turned or inverted back, at full depth."""

from dataclasses import replace

import numpy as np

from cxr_valve.anatomy.gate import Offer
from cxr_valve.imaging.radiograph import Radiograph

#: Quarter turns clockwise that each offer makes.
QUARTERS = {"rotate-90": 1, "rotate-180": 2, "rotate-270": 3}
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
