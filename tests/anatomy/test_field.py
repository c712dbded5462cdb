"""A lung that reaches the edge of the image."""

import numpy as np
import pytest

from cxr_valve.anatomy.field import edge_contacts
from cxr_valve.anatomy.heart import HeartLines, HeartReading, Outline
from cxr_valve.imaging.geometry import Box

FIELD = Box(0, 0, 200, 200)


def reading(*lungs: tuple[float, float, float, float]) -> HeartReading:
    """Lungs as boxes (top, left, bottom, right), and a heart that fills the image."""
    lines = HeartLines(50, (60, 40), (60, 60), (70, 0), (70, 100))
    names = ("heart", "right lung", "left lung")
    outlines = tuple(
        Outline(name, np.array([(t, le), (t, (le + r) / 2), (t, r), (b, r), (b, le)], np.float32))
        for name, (t, le, b, r) in zip(names, [(0, 0, 200, 200), *lungs], strict=False)
    )
    return HeartReading(0.2, 0.1, 0.3, None, None, 1.0, (), lines, outlines, "heart-toy")


def test_lungs_inside_the_image_touch_no_edge_whatever_the_heart_does() -> None:
    found = edge_contacts(reading((20, 20, 150, 90), (20, 110, 150, 180)), FIELD)
    assert found == {"upper": 0, "lower": 0, "left": 0, "right": 0}


def test_the_larger_share_of_two_lungs_counts_at_each_edge() -> None:
    found = edge_contacts(reading((0, 20, 150, 90), (20, 110, 150, 199)), FIELD)
    assert found == pytest.approx({"upper": 1, "lower": 0, "left": 0, "right": 1})


def test_the_edge_is_that_of_what_the_image_shows_without_its_border() -> None:
    lungs = reading((20, 20, 150, 90), (20, 110, 150, 180))
    found = edge_contacts(lungs, Box(0, 20, 152, 200))
    assert found == pytest.approx({"upper": 0, "lower": 1, "left": 1, "right": 0})
