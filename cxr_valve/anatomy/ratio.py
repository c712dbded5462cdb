"""Lines and ratio from masks, between pixels.

The definition is that of the data it is measured against (Dong et al., MICCAI 2018): the heart's
extent across the image over the extent of both lungs together, each from the outermost point on
either side, wherever it lies.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_valve.anatomy.heart import HeartLines, Point
from cxr_valve.anatomy.masks import Masks
from cxr_valve.imaging.geometry import Geometry


@dataclass(frozen=True)
class _Span:
    """Outermost points of a structure, (row, column) in the network's input."""

    right: Point
    left: Point


def measure_lines(found: Masks, level: float = 0.5) -> HeartLines | None:
    """The lines in pixels of the network's input; None where heart or a lung is missing, or where
    they lie as in no chest.

    ``level`` is the probability taken for the border.
    """
    heart, right, left = (_span(probability, level) for probability in found.probabilities)
    if heart is None or right is None or left is None:
        return None
    width = heart.left[1] - heart.right[1]
    if not 0 < width < left.left[1] - right.right[1]:
        return None
    middle = _midline(found.masks, heart)
    return HeartLines(middle, heart.right, heart.left, right.right, left.left)


def place_lines(lines: HeartLines, geometry: Geometry) -> HeartLines:
    """Lines in pixels of the network's input → in pixels of the radiograph."""
    return HeartLines(
        geometry.to_original(0.0, lines.midline)[1],
        geometry.to_original(*lines.heart_right),
        geometry.to_original(*lines.heart_left),
        geometry.to_original(*lines.thorax_right),
        geometry.to_original(*lines.thorax_left),
    )


def _span(probability: NDArray[np.float32], level: float) -> _Span | None:
    rows = np.flatnonzero((probability >= level).any(axis=1))
    if rows.size == 0:
        return None
    lines = probability[rows]
    inside = lines >= level
    width = probability.shape[1]
    starts = _crossings(lines, inside.argmax(axis=1), level)
    stops = width - _crossings(lines[:, ::-1], inside[:, ::-1].argmax(axis=1), level)
    return _Span(
        (_middle_row(rows, starts - starts.min()), float(starts.min())),
        (_middle_row(rows, stops.max() - stops), float(stops.max())),
    )


def _middle_row(rows: NDArray[np.intp], short: NDArray[np.float64]) -> float:
    """The row in the middle of those that fall short of the outermost by a quarter pixel or less:
    where a border is nearly upright, the first of them would be chance."""
    widest = rows[short <= 0.25]
    return float(widest[len(widest) // 2]) + 0.5


def _crossings(
    lines: NDArray[np.float32], first: NDArray[np.intp], level: float
) -> NDArray[np.float64]:
    """Where each row's probability crosses ``level`` on its way to pixel ``first``, the mask's
    first: between the centres of that pixel and of the one before."""
    index = np.arange(len(lines))
    after = lines[index, first].astype(float)
    before = np.where(first > 0, lines[index, np.maximum(first - 1, 0)], 0.0).astype(float)
    step = np.maximum(after - before, 1e-6)
    back = np.clip((after - level) / step, 0.0, 1.0)
    # At the edge of the image the structure is cut off, and ends there.
    return np.asarray(np.where(first > 0, first + 0.5 - back, 0.0), np.float64)


def _midline(masks: NDArray[np.bool_], heart: _Span) -> float:
    """Middle between the lungs' inner borders above the heart, where the spine is seen.

    It is kept inside the heart: the two half-lines start from it.
    """
    both = masks[1].any(axis=1) & masks[2].any(axis=1)
    top = int(np.flatnonzero(masks[0].any(axis=1))[0])
    rows = np.flatnonzero(both)
    above = rows[rows < top]
    used = above if above.size >= 5 else rows
    if used.size == 0:
        return (heart.right[1] + heart.left[1]) / 2
    width = masks.shape[2]
    inner_right = width - masks[1][used, ::-1].argmax(axis=1)
    inner_left = masks[2][used].argmax(axis=1)
    middle = float(np.median((inner_right + inner_left) / 2))
    return float(np.clip(middle, heart.right[1], heart.left[1]))
