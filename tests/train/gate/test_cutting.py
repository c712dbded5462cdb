"""Radiographs cut so that a lung is cut off."""

from dataclasses import replace

import numpy as np
import pytest

from cxr_valve.anatomy.heart import HeartLines, HeartReading, Outline
from cxr_valve.phantom.render import simulate
from train.gate.cutting import cut_at

LINES = HeartLines(50, (60, 40), (60, 60), (70, 10), (70, 110))
LUNGS = (
    Outline("right lung", np.array([(10, 10), (10, 50), (90, 50), (90, 10)], np.float32)),
    Outline("left lung", np.array([(20, 60), (20, 110), (100, 110), (100, 60)], np.float32)),
)
HEART = HeartReading(0.2, 0.1, 0.3, None, None, 1.0, (), LINES, LUNGS, "heart-toy")


@pytest.mark.parametrize(
    ("edge", "shape"),
    [("upper", (110, 128)), ("lower", (92, 128)), ("left", (128, 114)), ("right", (128, 105))],
)
def test_a_tenth_of_the_outermost_lung_is_lost(edge, shape: tuple[int, int]) -> None:
    whole = simulate(3, 1, side=128).radiograph
    cut = cut_at(whole, HEART, edge, 0.1)
    assert cut.pixels.shape == shape


def test_without_a_lung_there_is_nothing_to_cut() -> None:
    bare = replace(HEART, outlines=())
    with pytest.raises(ValueError, match="Expected the outline of a lung, found none"):
        cut_at(simulate(3, 1, side=64).radiograph, bare, "upper", 0.1)
