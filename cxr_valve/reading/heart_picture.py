"""Heart size drawn on the radiograph: lines of the ratio, outlines, a reader's correction."""

from collections.abc import Callable, Iterable

import numpy as np
from PIL import Image, ImageDraw

from cxr_valve.anatomy.heart import HeartLines, HeartReading, Point
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.reading.overlay import grey_image

#: Neither a finding's hue nor the evidence's; measured lines are darker where a reader drew others.
COLOUR, MEASURED, EDGE = (244, 244, 240), (176, 178, 176), (0, 0, 0)
Place = Callable[[Point], tuple[float, float]]


def heart_picture(
    radiograph: Radiograph, heart: HeartReading, size: tuple[int, int], *, longest: int
) -> Image.Image:
    """The radiograph with the heart size over it, RGB, at most ``longest`` pixels a side.

    ``size``: rows and columns of the image that was measured, of which ``radiograph`` may be a
    reduced copy.
    """
    picture = Image.fromarray(grey_image(radiograph, longest)).convert("RGB")
    down, across = picture.height / size[0], picture.width / size[1]
    draw = ImageDraw.Draw(picture)

    def place(point: Point) -> tuple[float, float]:
        return point[1] * across, point[0] * down

    for outline in heart.outlines:
        loop = outline.points.tolist()
        border = [place((row, column)) for row, column in (*loop, loop[0])]
        draw.line(border, fill=MEASURED, width=1)
    if heart.corrected is not None:
        _lines(draw, heart, heart.lines, place, MEASURED)
    _lines(draw, heart, heart.corrected or heart.lines, place, COLOUR)
    return picture


def _lines(
    draw: ImageDraw.ImageDraw,
    heart: HeartReading,
    lines: HeartLines,
    place: Place,
    colour: tuple[int, int, int],
) -> None:
    """Midline, the two half-lines of the heart, and the thorax on the level between its ends."""
    ends = (lines.heart_right, lines.heart_left, lines.thorax_right, lines.thorax_left)
    borders = [outline.points[:, 0] for outline in heart.outlines]
    rows = np.concatenate(borders).tolist() if borders else [row for row, _ in ends]
    _stroke(draw, [(min(rows), lines.midline), (max(rows), lines.midline)], place, colour, 1)
    for end in ends[:2]:
        _stroke(draw, [(end[0], lines.midline), end], place, colour, 2)
    level = (lines.thorax_right[0] + lines.thorax_left[0]) / 2
    thorax = [ends[2], (level, ends[2][1]), (level, ends[3][1]), ends[3]]
    _stroke(draw, thorax, place, colour, 2)


def _stroke(
    draw: ImageDraw.ImageDraw,
    points: Iterable[Point],
    place: Place,
    colour: tuple[int, int, int],
    width: int,
) -> None:
    """A line over a dark edge, legible on any grey."""
    placed = [place(point) for point in points]
    draw.line(placed, fill=EDGE, width=width + 2)
    draw.line(placed, fill=colour, width=width)
