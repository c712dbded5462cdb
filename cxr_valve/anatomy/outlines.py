"""Borders of a structure as polygons."""

from typing import cast

import numpy as np
from contourpy import LineType, contour_generator
from numpy.typing import NDArray

from cxr_valve.anatomy.heart import Outline
from cxr_valve.anatomy.masks import STRUCTURES, Masks, extent
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
        if len(loop):
            rows, columns = geometry.to_original(*loop[::STEP].T)
            drawn.append(Outline(structure, np.stack([rows, columns], axis=1).astype(np.float32)))
    return tuple(drawn)


def longest_border(probability: NDArray[np.float32], level: float = 0.5) -> NDArray[np.float64]:
    """The longest closed line at ``level`` in (S, S) values: (N, 2) as (row, column) in pixels."""
    # Around the image lies nothing, so a structure at its edge has a closed border too.
    padded = np.pad(probability, 1)
    window = extent(padded > level, 1)
    if not padded[window].size:
        return np.empty((0, 2))
    found = contour_generator(z=padded[window], line_type=LineType.Separate)
    lines = cast(list[NDArray[np.float64]], found.lines(level))
    longest = max(lines, key=len)[:-1, ::-1]
    # The padding moved everything by a pixel, and a pixel's centre lies half a pixel inside it.
    moved = np.array([window[0].start, window[1].start]) - 0.5
    return np.asarray(longest + moved, np.float64)
