"""Evidence is drawn where the network saw it, warm for and cool against, on a fixed scale."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from cxr_valve.imaging.geometry import Box, Geometry
from cxr_valve.imaging.prepare import prepare
from cxr_valve.phantom.render import simulate
from cxr_valve.reading.overlay import (
    AGAINST_COLOUR,
    FOR_COLOUR,
    FULL_OPACITY,
    colourise,
    grey_image,
    overlay,
    place,
)

LIMIT, EPSILON = 2.0, 0.1


@settings(max_examples=50)
@given(
    st.tuples(st.integers(80, 300), st.integers(80, 300)),
    st.tuples(st.floats(0, 0.2), st.floats(0, 0.2)),
    st.integers(3, 8),
    st.tuples(st.integers(0, 7), st.integers(0, 7)),
)
def test_a_hot_cell_lands_where_the_geometry_says(shape, trimmed, cells: int, hot) -> None:
    rows, columns = shape
    crop = Box(rows * trimmed[0], columns * trimmed[1], float(rows), float(columns))
    scale = 96 / max(crop.height, crop.width)
    height, width = crop.height * scale, crop.width * scale
    top, left = (96 - height) / 2, (96 - width) / 2
    geometry = Geometry(rows, columns, 96, crop, Box(top, left, top + height, left + width))
    cell = hot[0] % cells, hot[1] % cells
    grid = np.zeros((cells, cells), np.float32)
    grid[cell] = 1.0
    centre = geometry.to_original(*((index + 0.5) * 96 / cells for index in cell))
    drawn = place(grid, geometry, rows, columns)
    if crop.top < centre[0] < crop.bottom and crop.left < centre[1] < crop.right:
        # Where the hottest cell is an outermost one it stays hot up to the edge. A pixel centre is
        # up to half a pixel off along each axis, and a cell at least 8 wide: 1 − (15/16)² < .13.
        at = drawn[min(int(centre[0]), rows - 1), min(int(centre[1]), columns - 1)]
        assert at == pytest.approx(drawn.max(), abs=0.13)
        inner = 0 < min(cell) <= max(cell) < cells - 1
        if inner and at > 0.9:
            found = np.unravel_index(np.argmax(drawn), drawn.shape)
            np.testing.assert_allclose(np.array(found) + 0.5, centre, atol=1.01)


def test_a_picture_half_as_large_has_its_evidence_in_the_same_place() -> None:
    geometry = Geometry(200, 100, 50, Box(0, 0, 200, 100), Box(0, 12.5, 50, 37.5))
    grid = np.random.default_rng(1).normal(size=(4, 4)).astype(np.float32)
    full, half = place(grid, geometry, 200, 100), place(grid, geometry, 100, 50)
    np.testing.assert_allclose(full.reshape(100, 2, 50, 2).mean(axis=(1, 3)), half, atol=0.05)


def test_what_the_network_did_not_see_has_no_evidence() -> None:
    geometry = Geometry(100, 100, 50, Box(20, 30, 100, 100), Box(0, 3, 50, 47))
    drawn = place(np.ones((3, 3), np.float32), geometry, 100, 100)
    assert not drawn[:20].any()
    assert not drawn[:, :30].any()
    np.testing.assert_allclose(drawn[20:, 30:], 1, rtol=1e-6)


def test_near_zero_is_transparent_and_the_limit_is_full() -> None:
    evidence = np.array([0, 0.09, -0.1, LIMIT, -LIMIT, 50, -50], np.float32)
    alpha = colourise(evidence, LIMIT, EPSILON)[..., 3]
    full = round(255 * FULL_OPACITY)
    assert alpha.tolist() == [0, 0, 0, full, full, full, full]


@given(st.floats(0, 4), st.floats(0, 4))
def test_stronger_evidence_is_never_fainter_on_either_side(first: float, second: float) -> None:
    first, second = sorted((first, second))
    for sign in (1, -1):
        values = np.array([sign * first, sign * second], np.float32)
        alpha = colourise(values, LIMIT, EPSILON)[..., 3]
        assert alpha[0] <= alpha[1]


def test_evidence_for_is_warm_and_evidence_against_is_cool() -> None:
    rgba = colourise(np.array([[1.0, -1.0]], np.float32), LIMIT, EPSILON)
    assert tuple(rgba[0, 0, :3]) == FOR_COLOUR
    assert tuple(rgba[0, 1, :3]) == AGAINST_COLOUR
    assert rgba[0, 0, 3] == rgba[0, 1, 3]


def test_a_limit_at_epsilon_does_not_divide_by_zero() -> None:
    assert colourise(np.array([0.2], np.float32), 0.1, 0.1)[0, 3] == round(255 * FULL_OPACITY)


def test_without_evidence_the_overlay_is_the_radiograph() -> None:
    radiograph = simulate(3, 0, side=128).radiograph
    geometry = prepare(radiograph, 96).geometry
    grey = grey_image(radiograph, 1024)
    assert grey.shape == (128, 128)
    np.testing.assert_array_equal(grey, radiograph.shown())
    drawn = overlay(radiograph, np.zeros((3, 3), np.float32), geometry, limit=2, epsilon=0.1)
    np.testing.assert_array_equal(np.asarray(drawn), np.repeat(grey[..., None], 3, axis=2))
    hidden = overlay(
        radiograph, np.full((3, 3), 9, np.float32), geometry, limit=2, epsilon=0.1, opacity=0
    )
    np.testing.assert_array_equal(np.asarray(hidden), np.asarray(drawn))


def test_a_picture_is_at_most_as_long_as_asked() -> None:
    radiograph = simulate(3, 0, side=200).radiograph
    geometry = prepare(radiograph, 96).geometry
    drawn = overlay(
        radiograph, np.zeros((3, 3), np.float32), geometry, limit=2, epsilon=0.1, longest=64
    )
    assert drawn.size == (64, 64)
