"""A gate and a heart size made by hand, for what is shown and exported of them."""

from dataclasses import replace
from typing import Any

import numpy as np

from cxr_valve.anatomy.gate import GateReading
from cxr_valve.anatomy.heart import HeartLines, HeartReading, Outline

ACCEPTED = GateReading(True, "", 0.99, None, ())
PHOTOGRAPH = GateReading(
    False,
    "Expected one upright frontal chest radiograph of a person, found a photograph, a document or "
    "a drawing. Open a chest radiograph.",
    0.01,
    None,
    (),
)
SIDEWAYS = GateReading(
    False,
    "Expected one upright frontal chest radiograph of a person, found a chest lying on its side. "
    "Turn it upright, as offered, and it is read.",
    0.02,
    "rotate-90",
    (),
)
UNLIKE = GateReading(
    False,
    "Expected one upright frontal chest radiograph of a person, found an image unlike every chest "
    "radiograph the gate learnt from. Check that it is one; if so, it can be read anyway.",
    0.45,
    None,
    (),
)


def heart(rows: int = 100, columns: int = 100, **changes: Any) -> HeartReading:
    """A heart of 45% and lungs of 90% of the width: a ratio of 0.50, within 0.47 to 0.53."""
    lines = HeartLines(
        midline=0.48 * columns,
        heart_right=(0.6 * rows, 0.35 * columns),
        heart_left=(0.7 * rows, 0.80 * columns),
        thorax_right=(0.76 * rows, 0.05 * columns),
        thorax_left=(0.80 * rows, 0.95 * columns),
    )
    box = ((0.4, 0.35), (0.4, 0.8), (0.8, 0.8), (0.8, 0.35))
    outline = Outline("heart", np.array(box, np.float32) * np.array((rows, columns), np.float32))
    found = HeartReading(
        0.5, 0.47, 0.53, None, None, 1.0, (), lines, (outline,), "heart-hand"
    )  # fmt: skip
    return replace(found, **changes)


def dragged(found: HeartReading, share: float) -> HeartLines:
    """Its lines after a reader moved the heart's left border by a share of the thorax's width."""
    row, column = found.lines.heart_left
    moved = column + share * found.lines.thorax_width
    return replace(found.lines, heart_left=(row, moved))
