"""Borders of a structure as polygons, by marching squares (after Lorensen and Cline, 1987)."""

import numpy as np
from numpy.typing import NDArray

from cxr_valve.anatomy.heart import Outline, Point
from cxr_valve.anatomy.masks import STRUCTURES, Masks
from cxr_valve.imaging.geometry import Geometry

#: A side of a cell: the cell's row and column, and 0 for its upper or 1 for its left side.
_Edge = tuple[int, int, int]
#: Pixels of the network's input between two points of a polygon.
STEP = 2

# For corners (upper left 1, upper right 2, lower right 4, lower left 8) inside: the sides that the
# border crosses, from one to the other with the inside on the right. Sides: 0 up, 1 right, 2 down,
# 3 left. Two corners that face each other are taken as apart.
_CROSSED: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),), 2: ((0, 1),), 3: ((3, 1),), 4: ((1, 2),), 5: ((3, 0), (1, 2)), 6: ((0, 2),),
    7: ((3, 2),), 8: ((2, 3),), 9: ((2, 0),), 10: ((0, 1), (2, 3)), 11: ((2, 1),),
    12: ((1, 3),), 13: ((1, 0),), 14: ((0, 3),),
}  # fmt: skip


def outlines(found: Masks, geometry: Geometry) -> tuple[Outline, ...]:
    """The longest border of each structure that was found, in pixels of the radiograph."""
    drawn = []
    for structure, mask, probability in zip(
        STRUCTURES, found.masks, found.probabilities, strict=True
    ):
        # Holes that were filled lie inside, whatever their probability.
        loop = longest_border(np.where(mask, np.maximum(probability, 0.5 + 1e-3), probability))
        if loop:
            points = tuple(geometry.to_original(row, column) for row, column in loop[::STEP])
            drawn.append(Outline(structure, points))
    return tuple(drawn)


def longest_border(probability: NDArray[np.float32], level: float = 0.5) -> list[Point]:
    """The longest closed line at ``level`` in (S, S) values, as (row, column) in pixels."""
    padded = np.pad(probability, 1)
    inside = padded >= level
    corners = (
        inside[:-1, :-1] + 2 * inside[:-1, 1:] + 4 * inside[1:, 1:] + 8 * inside[1:, :-1]
    ).astype(int)
    after: dict[_Edge, _Edge] = {}
    for row, column in zip(*np.nonzero((corners > 0) & (corners < 15)), strict=True):
        for start, stop in _CROSSED[int(corners[row, column])]:
            after[_side(int(row), int(column), start)] = _side(int(row), int(column), stop)
    loop: list[_Edge] = []
    while after:
        edge, onward = after.popitem()
        current = [edge]
        while onward in after:
            current.append(onward)
            onward = after.pop(onward)
        loop = max(loop, current, key=len)
    return [_crossing(padded, edge, level) for edge in loop]


def _side(row: int, column: int, side: int) -> _Edge:
    """A side of a cell, named by the cell whose upper or left side it is."""
    if side == 1:
        return row, column + 1, 1
    if side == 2:
        return row + 1, column, 0
    return row, column, int(side == 3)


def _crossing(padded: NDArray[np.float32], edge: _Edge, level: float) -> Point:
    """Where the values cross ``level`` along a side, between the centres of its two pixels."""
    row, column, upright = edge
    first = float(padded[row, column])
    second = float(padded[row + upright, column + 1 - upright])
    share = (level - first) / (second - first)
    # The padding moved everything by a pixel, and a pixel's centre lies half a pixel inside it.
    return row - 0.5 + upright * share, column - 0.5 + (1 - upright) * share
