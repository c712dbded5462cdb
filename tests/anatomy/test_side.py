"""On which side the heart lies."""

import numpy as np
import pytest
from numpy.typing import NDArray

from cxr_valve.anatomy.heart import HeartLines, HeartReading, Outline
from cxr_valve.anatomy.side import centre_column, lean


def box(top: float, left: float, bottom: float, right: float) -> NDArray[np.float32]:
    return np.array([(top, left), (top, right), (bottom, right), (bottom, left)], np.float32)


def reading(heart: float, *, lungs: int = 2) -> HeartReading:
    """A heart 20 wide that begins at column ``heart``, between lungs from column 0 to 100."""
    lines = HeartLines(50, (60, heart), (60, heart + 20), (70, 0), (70, 100))
    outlines = [
        Outline("heart", box(40, heart, 80, heart + 20)),
        Outline("right lung", box(0, 0, 80, 40)),
        Outline("left lung", box(0, 60, 80, 100)),
    ]
    return HeartReading(
        0.2, 0.1, 0.3, None, None, 1.0, (), lines, tuple(outlines[: 1 + lungs]), "heart-toy"
    )


def test_a_heart_to_the_right_of_the_image_leans_positive() -> None:
    assert lean(reading(45)) == pytest.approx(0.05)
    assert lean(reading(40)) == pytest.approx(0)
    assert lean(reading(30)) == pytest.approx(-0.1)


def test_without_both_lungs_there_is_no_lean() -> None:
    assert lean(reading(45, lungs=1)) is None


def test_the_centre_is_that_of_the_area() -> None:
    triangle = np.array([(0, 0), (0, 30), (30, 0)], float)
    assert centre_column(triangle) == pytest.approx(10)
    assert centre_column(triangle[::-1]) == pytest.approx(10)
    assert centre_column(np.array([(0.0, 4.0), (1.0, 6.0)])) == pytest.approx(5)
