"""Heart size as a radiologist measures it: lines, ratio, interval, and what limits them."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

#: (row, column) on the radiograph, continuous: pixel (r, c) covers [r, r+1) × [c, c+1).
Point = tuple[float, float]
Structure = Literal["heart", "right lung", "left lung"]
#: Usual upper limit of the cardiothoracic ratio in adults on an upright PA view (Danzer, Am J Med
#: Sci 1919;157:513).
USUAL_LIMIT = 0.50


@dataclass(frozen=True)
class HeartLines:
    """The lines of the cardiothoracic ratio, in pixels of the radiograph.

    Right and left are the patient's: a right point lies on the left of the image. Widths are
    horizontal distances, so only the points' columns count; their rows say where the borders are
    widest. ``midline`` is the column of the vertical line that the two heart half-lines start from.
    """

    midline: float
    heart_right: Point
    heart_left: Point
    thorax_right: Point
    thorax_left: Point

    @property
    def heart_width(self) -> float:
        """Midline to right border plus midline to left border, in pixels."""
        return self.heart_left[1] - self.heart_right[1]

    @property
    def thorax_width(self) -> float:
        """Widest inner thoracic width, in pixels."""
        return self.thorax_left[1] - self.thorax_right[1]


@dataclass(frozen=True, eq=False)
class Outline:
    """A closed border in pixels of the radiograph; the last point joins the first.

    ``points``: (N, 2) as (row, column). An array, since a visit keeps the borders of every case,
    and as numbers of Python's own they take fourteen times the memory.
    """

    structure: Structure
    points: NDArray[np.float32]


@dataclass(frozen=True)
class HeartReading:
    """Heart size in one radiograph.

    ``low`` and ``high`` bound the cardiothoracic ratio that a reader would measure, in 95 of 100
    images. ``heart_mm`` and ``thorax_mm`` are sizes at the detector, not in the body, and None
    where the header does not give the detector's pixel spacing. ``confidence`` in [0, 1] is no
    probability: it is 1 where heart and lungs look as they did in training and falls with every
    thing in ``notes`` that does not. ``corrected``: the lines as a reader moved them, from which
    its own ratio follows; what was measured stays.
    """

    ctr: float
    low: float
    high: float
    heart_mm: float | None
    thorax_mm: float | None
    confidence: float
    notes: tuple[str, ...]
    lines: HeartLines
    outlines: tuple[Outline, ...]
    weights: str
    corrected: HeartLines | None = None

    @property
    def corrected_ctr(self) -> float | None:
        """Cardiothoracic ratio of the reader's lines."""
        return None if self.corrected is None else ctr_from_lines(self.corrected)

    @property
    def corrected_mm(self) -> tuple[float, float] | None:
        """Heart and thorax of the reader's lines, in mm at the detector where that is known."""
        if self.corrected is None or self.thorax_mm is None:
            return None
        spacing = self.thorax_mm / self.lines.thorax_width
        return self.corrected.heart_width * spacing, self.corrected.thorax_width * spacing


def correct(heart: HeartReading, lines: HeartLines | None) -> HeartReading:
    """The reading with the lines that a reader drew; None takes them back.

    Raises:
        ValueError: as ``ctr_from_lines``.
    """
    if lines is not None:
        ctr_from_lines(lines)
    return replace(heart, corrected=lines)


def ctr_from_lines(lines: HeartLines) -> float:
    """Cardiothoracic ratio of lines, as found or as a reader dragged them.

    Raises:
        ValueError: a right end does not lie left of its left end, or the midline lies outside the
            heart.
    """
    if lines.thorax_width <= 0 or lines.heart_width <= 0:
        raise ValueError(
            "Expected the patient's right ends on the left of the image; found heart "
            f"{lines.heart_width:.1f} and thorax {lines.thorax_width:.1f} pixels wide."
        )
    if not lines.heart_right[1] <= lines.midline <= lines.heart_left[1]:
        raise ValueError("Expected the midline between the heart's borders; found it outside.")
    return lines.heart_width / lines.thorax_width
