"""Masks → outlines the viewer can draw."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cxr_valve.ui.viewer.layers import Outline

Point = tuple[float, float]

#: Masks are traced at this many pixels on their long side: smooth on screen, short to send.
TRACE_SIDE = 192
#: Loops shorter than this share of the mask's long side are specks, not structures.
MIN_LOOP = 0.15


def trace_mask(
    name: str, mask: NDArray[np.bool_], *, rows: int | None = None, columns: int | None = None
) -> tuple[Outline, ...]:
    """The borders of a mask (h, w), one closed outline a connected border.

    ``rows`` and ``columns`` of the radiograph, where the mask was drawn at another size.
    An empty mask gives no outlines.

    Raises:
        ValueError: the mask is not two-dimensional.
    """
    if mask.ndim != 2:
        raise ValueError(f"Expected a mask (h, w) for {name!r}; found shape {mask.shape}.")
    height, width = mask.shape
    step = max(1.0, max(height, width) / TRACE_SIDE)
    size = (max(1, round(width / step)), max(1, round(height / step)))
    image = Image.fromarray(mask.astype(np.uint8) * 255).resize(size, Image.Resampling.BOX)
    small = np.asarray(image) > 127
    across = (columns or width) / small.shape[1]
    down = (rows or height) / small.shape[0]
    shortest = MIN_LOOP * max(small.shape)
    return tuple(
        Outline(name, [(round(x * across, 1), round(y * down, 1)) for x, y in _smooth(loop)])
        for loop in _loops(small)
        if len(loop) >= max(shortest, 4)
    )


def _loops(mask: NDArray[np.bool_]) -> list[list[Point]]:
    """Pixel borders joined head to tail, the mask always on the right-hand side."""
    after = _edges(mask)
    loops = []
    while after:
        start = next(iter(after))
        loop, point = [], start
        while point in after:
            loop.append((float(point[0]), float(point[1])))
            following = after[point]
            # Two pixels touching at a corner give a point two ways on; either closes both loops.
            onward = following.pop()
            if not following:
                del after[point]
            point = onward
        loops.append(loop)
    return sorted(loops, key=len, reverse=True)


def _edges(mask: NDArray[np.bool_]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Every side of a mask pixel that faces the outside, as start → ends, clockwise."""
    padded = np.pad(mask, 1)
    after: dict[tuple[int, int], list[tuple[int, int]]] = {}
    sides = (
        ((-1, 0), (0, 0), (1, 0)),
        ((0, 1), (1, 0), (1, 1)),
        ((1, 0), (1, 1), (0, 1)),
        ((0, -1), (0, 1), (0, 0)),
    )
    for (down, across), (x0, y0), (x1, y1) in sides:
        neighbour = np.roll(padded, (-down, -across), (0, 1))
        for row, column in zip(*np.nonzero(padded & ~neighbour), strict=True):
            x, y = int(column) - 1, int(row) - 1
            after.setdefault((x + x0, y + y0), []).append((x + x1, y + y1))
    return after


def _smooth(loop: list[Point]) -> list[Point]:
    """Corners of the pixel staircase averaged away over five points."""
    points = np.asarray(loop)
    mean = np.mean([np.roll(points, shift, 0) for shift in (-2, -1, 0, 1, 2)], axis=0)
    return [(float(x), float(y)) for x, y in mean]
