import numpy as np
import pytest

from cxr_valve.anatomy.masks import STRUCTURES, clean_masks
from cxr_valve.anatomy.outlines import longest_border, outlines
from cxr_valve.imaging.geometry import Box, Geometry
from tests.anatomy.chest import SIDE


def area(points) -> float:
    """Signed area of a polygon of (row, column) by the shoelace formula."""
    rows, columns = np.array(points).T
    return float(np.sum(columns * np.roll(rows, -1) - np.roll(columns, -1) * rows) / 2)


def test_a_border_encloses_the_area_of_its_ellipse(chest) -> None:
    loop = longest_border(chest.probabilities()[0])
    row, column, down, across = chest.heart
    assert abs(area(loop)) == pytest.approx(np.pi * down * across, rel=0.01)
    away = [((r - row) / down) ** 2 + ((c - column) / across) ** 2 for r, c in loop]
    assert np.sqrt(away) == pytest.approx(1.0, abs=0.03)


def test_neighbouring_points_are_close_and_the_line_closes(chest) -> None:
    loop = np.array(longest_border(chest.probabilities()[1]))
    steps = np.hypot(*(np.roll(loop, -1, axis=0) - loop).T)
    assert steps.max() < 1.5


def test_a_structure_at_the_edge_is_closed_along_it() -> None:
    values = np.zeros((16, 16), np.float32)
    values[4:10, :5] = 1
    loop = longest_border(values)
    assert abs(area(loop)) == pytest.approx(30, abs=1)
    assert min(column for _, column in loop) == pytest.approx(0.0, abs=0.01)


def test_the_longest_of_several_borders_is_taken() -> None:
    values = np.zeros((32, 32), np.float32)
    values[2:5, 2:5] = 1
    values[10:24, 10:28] = 1
    loop = longest_border(values)
    assert min(row for row, _ in loop) == pytest.approx(10.0)
    assert max(column for _, column in loop) == pytest.approx(28.0)


def test_without_a_border_there_is_no_point() -> None:
    assert longest_border(np.zeros((16, 16), np.float32)).shape == (0, 2)


def test_outlines_lie_on_the_radiograph(chest) -> None:
    found = clean_masks(chest.probabilities())
    everything = Box(0.0, 0.0, float(SIDE), float(SIDE))
    twice = Geometry(2 * SIDE, 2 * SIDE, SIDE, Box(0.0, 0.0, 2.0 * SIDE, 2.0 * SIDE), everything)
    drawn = outlines(found, twice)
    assert tuple(outline.structure for outline in drawn) == STRUCTURES
    row, column, down, across = chest.heart
    assert max(c for _, c in drawn[0].points) == pytest.approx(2 * (column + across), abs=1)
    assert min(r for r, _ in drawn[0].points) == pytest.approx(2 * (row - down), abs=1)


def test_a_structure_that_was_not_found_has_no_outline(chest, whole) -> None:
    seen = chest.probabilities()
    seen[2] = 0
    drawn = outlines(clean_masks(seen), whole)
    assert [outline.structure for outline in drawn] == ["heart", "right lung"]
