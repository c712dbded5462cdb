"""Do the masks look like a heart between two lungs? What does not is said, and costs confidence."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cxr_valve.anatomy.heart import HeartLines
from cxr_valve.anatomy.masks import Masks
from cxr_valve.imaging.geometry import Box

#: What is measured of the masks, and what it means when it lies below or above what occurred in
#: training. All are ratios, so that neither the size of the patient nor of the image matters.
WORDS: dict[str, tuple[str, str]] = {
    "ratio": ("The heart is unusually narrow", "The heart is unusually wide"),
    "heart_area": (
        "The heart's outline is small for these lungs",
        "The heart's outline is large for these lungs",
    ),
    "lung_balance": (
        "The right lung's outline is far smaller than the left's",
        "The left lung's outline is far smaller than the right's",
    ),
    "heart_side": (
        "The heart lies unusually far to the left of the image",
        "The heart lies unusually far to the right of the image",
    ),
    "heart_level": ("The heart lies unusually high", "The heart lies unusually low"),
    "heart_form": ("The heart's outline is narrow for its height", "The heart's outline is flat"),
    "thorax_form": ("The lungs are narrow for their height", "The lungs are low for their width"),
}
#: Every departure leaves this share of the confidence.
COST = 0.6
#: Border softness, as a share of the ratio, from which the borders are called unclear.
UNCLEAR = 0.06
#: Pixels of the network's input from the image's edge within which a border lies at it.
AT_EDGE = 2.0
#: Share of a structure's pixels that its largest piece must hold.
WHOLE = 0.9


@dataclass(frozen=True)
class Verdict:
    """``confidence`` in [0, 1], and in words what lowered it."""

    confidence: float
    notes: tuple[str, ...]


def shape_measures(found: Masks, lines: HeartLines) -> dict[str, float]:
    """The measures named in ``WORDS``, of masks in which nothing is missing."""
    heart, right, left = (np.nonzero(mask) for mask in found.masks)
    areas = [float(len(rows)) for rows, _ in (heart, right, left)]
    top = min(right[0].min(), left[0].min())
    height = float(max(right[0].max(), left[0].max()) + 1 - top)
    heart_height = float(np.ptp(heart[0]) + 1)
    centre = float(heart[1].mean()) + 0.5
    return {
        "ratio": lines.heart_width / lines.thorax_width,
        "heart_area": areas[0] / (areas[1] + areas[2]),
        "lung_balance": float(np.log(areas[1] / areas[2])),
        "heart_side": (centre - lines.thorax_right[1]) / lines.thorax_width,
        "heart_level": (float(heart[0].mean()) - top) / height,
        "heart_form": lines.heart_width / heart_height,
        "thorax_form": lines.thorax_width / height,
    }


def judge(
    found: Masks,
    lines: HeartLines,
    softness: float,
    usual: Mapping[str, tuple[float, float]],
    field: Box,
) -> Verdict:
    """Hold the masks against the ``usual`` range of every measure.

    ``softness`` is how far the ratio moves when the border is taken at another probability;
    ``field`` is where the image lies in the masks' frame.
    """
    notes = []
    for name, value in shape_measures(found, lines).items():
        low, high = usual[name]
        if not low <= value <= high:
            notes.append(WORDS[name][int(value > high)])
    if softness > UNCLEAR:
        notes.append("The borders of heart or lungs are unclear")
    if min(found.kept) < WHOLE:
        notes.append("Heart or lungs were found in several pieces; the largest was measured")
    if _widest_at_edge(found, lines, field):
        notes.append(
            "The lungs are widest at the edge of the image, so the thorax may be wider than seen"
        )
    return Verdict(float(COST ** len(notes)), tuple(f"{note}." for note in notes))


def _widest_at_edge(found: Masks, lines: HeartLines, field: Box) -> bool:
    """Whether the thorax ends at a side of the image, or is still as wide where the image ends."""
    outer_right, outer_left = lines.thorax_right[1], lines.thorax_left[1]
    lowest = int(field.bottom - AT_EDGE)
    right, left = (np.flatnonzero(lung[lowest]) for lung in found.masks[1:])
    return bool(
        outer_right <= field.left + AT_EDGE
        or outer_left >= field.right - AT_EDGE
        or (right.size and right[0] <= outer_right + AT_EDGE)
        or (left.size and left[-1] + 1 >= outer_left - AT_EDGE)
    )
