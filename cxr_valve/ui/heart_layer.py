"""Heart size between the reading and the viewer: lines drawn, and lines a reader moved."""

from dataclasses import replace

import numpy as np

from cxr_valve.anatomy.heart import HeartLines, Outline, Point, correct
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.ui.viewer import HeartEdit, HeartLayer
from cxr_valve.ui.visit import Case, Visit


def heart_layer(visit: Visit, case: Case, radiograph: Radiograph) -> HeartLayer | None:
    """The heart size of a case on ``radiograph``, which may be a reduced copy of what was read."""
    reading = case.outcome.reading
    if reading is None or reading.heart is None:
        return None
    heart = reading.heart
    down, across = radiograph.rows / reading.input.rows, radiograph.columns / reading.input.columns
    return HeartLayer(
        token=_token(case),
        measured=_scaled(heart.lines, down, across),
        outlines=tuple(
            Outline(line.structure, line.points * np.array((down, across), np.float32))
            for line in heart.outlines
        ),
        corrected=None if heart.corrected is None else _scaled(heart.corrected, down, across),
        stamp=visit.heart_stamps.get(case.number, 0),
    )


def take_edit(visit: Visit, edit: HeartEdit) -> None:
    """Keep the lines that a reader moved, in the pixels of the image that was read.

    An edit of an image that is no longer what it was (turned since, say) is let go.
    """
    case = next((one for one in visit.cases if _token(one) == edit.token), None)
    radiograph, _ = visit.pixels(case) if case else (None, False)
    reading = case.outcome.reading if case else None
    if case is None or radiograph is None or reading is None or reading.heart is None:
        return
    visit.heart_stamps[case.number] = edit.stamp
    down, across = reading.input.rows / radiograph.rows, reading.input.columns / radiograph.columns
    lines = None if edit.lines is None else _scaled(edit.lines, down, across)
    visit.revise(case, replace(reading, heart=correct(reading.heart, lines)))


def _token(case: Case) -> str:
    """Names an image as it lies: another after it was turned."""
    reading = case.outcome.reading
    return "-".join((str(case.number), *(reading.changes if reading else ())))


def _scaled(lines: HeartLines, down: float, across: float) -> HeartLines:
    ends = (lines.heart_right, lines.heart_left, lines.thorax_right, lines.thorax_left)
    return HeartLines(lines.midline * across, *(_moved(end, down, across) for end in ends))


def _moved(point: Point, down: float, across: float) -> Point:
    return point[0] * down, point[1] * across
