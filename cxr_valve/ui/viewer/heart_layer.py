"""Heart size over the image: the lines, and what the browser sends when a reader moved them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cxr_valve.anatomy.heart import HeartLines, Outline, Point, ctr_from_lines

#: The four ends as the browser names them.
ENDS = {
    "heartRight": "heart_right",
    "heartLeft": "heart_left",
    "thoraxRight": "thorax_right",
    "thoraxLeft": "thorax_left",
}


@dataclass(frozen=True)
class HeartLayer:
    """The lines of the cardiothoracic ratio in pixels of the radiograph shown, with the borders
    they were drawn from. ``corrected``: as a reader moved them.

    ``token`` comes back with every correction and says which image it belongs to; ``stamp`` is
    that of the last correction taken over, 0 before the first.
    """

    token: str
    measured: HeartLines
    outlines: Sequence[Outline] = ()
    corrected: HeartLines | None = None
    stamp: int = 0

    def document(self) -> dict[str, object]:
        """What the browser draws from."""
        return {
            "token": self.token,
            "stamp": self.stamp,
            "measured": _document(self.measured),
            "corrected": None if self.corrected is None else _document(self.corrected),
            "outlines": [
                {
                    "name": line.structure,
                    "points": [[round(x, 1), round(y, 1)] for y, x in line.points.tolist()],
                }
                for line in self.outlines
            ],
        }


@dataclass(frozen=True)
class HeartEdit:
    """Lines that a reader moved, on the image named by ``token``; None: back to the measured."""

    token: str
    stamp: int
    lines: HeartLines | None


def read_edit(sent: Mapping[str, Any]) -> HeartEdit:
    """What the browser sent.

    Raises:
        ValueError: it is not four ends and a midline from which a ratio follows.
    """
    token, stamp, lines = str(sent.get("token", "")), int(sent.get("stamp", 0)), sent.get("lines")
    if lines is None:
        return HeartEdit(token, stamp, None)
    try:
        ends = {ours: _point(lines[theirs]) for theirs, ours in ENDS.items()}
        found = HeartLines(midline=_finite(lines["midline"]), **ends)
    except (KeyError, TypeError) as error:
        raise ValueError("Expected a midline and four line ends; found others.") from error
    ctr_from_lines(found)
    return HeartEdit(token, stamp, found)


def _document(lines: HeartLines) -> dict[str, object]:
    ends: dict[str, object] = {}
    for theirs, ours in ENDS.items():
        row, column = getattr(lines, ours)
        ends[theirs] = {"x": float(column), "y": float(row)}
    return {"midline": float(lines.midline), **ends}


def _point(sent: Mapping[str, Any]) -> Point:
    return _finite(sent["y"]), _finite(sent["x"])


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("Expected finite coordinates of line ends; found others.")
    return number
