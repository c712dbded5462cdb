"""Borders of a structure as polygons."""

from typing import cast

import numpy as np
from contourpy import LineType, contour_generator
from numpy.typing import NDArray

from cxr_valve.anatomy.heart import Outline, Point
from cxr_valve.anatomy.masks import STRUCTURES, Masks
from cxr_valve.imaging.geometry import Geometry

#: Pixels of the network's input between two points of a polygon.
STEP = 2


def outlines(found: Masks, geometry: Geometry) -> tuple[Outline, ...]:
    """The longest border of each structure that was found, in pixels of the radiograph."""
    drawn = []
    for structure, mask, probability in zip(
        STRUCTURES, found.masks, found.probabilities, strict=True
    ):
        # Holes that were filled lie inside, whatever their probability.
        loop = longest_border(np.where(mask, np.maximum(probability, 0.5 + 1e-3), probability))
        if loop:
            points = [geometry.to_original(row, column) for row, column in loop[::STEP]]
            drawn.append(Outline(structure, np.array(points, np.float32)))
    return tuple(drawn)


def longest_border(probability: NDArray[np.float32], level: float = 0.5) -> list[Point]:
    """The longest closed line at ``level`` in (S, S) values, as (row, column) in pixels."""
    # Around the image lies nothing, so a structure at its edge has a closed border too.
    found = contour_generator(z=np.pad(probability, 1), line_type=LineType.Separate)
    lines = cast(list[NDArray[np.float64]], found.lines(level))
    if not lines:
        return []
    longest = max(lines, key=len)[:-1]
    # The padding moved everything by a pixel, and a pixel's centre lies half a pixel inside it.
    return [(row - 0.5, column - 0.5) for column, row in longest.tolist()]
