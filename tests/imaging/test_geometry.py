"""Coordinates of the radiograph and of the model input are tied to each other both ways."""

import json

import pytest
from hypothesis import given, strategies as st

from cxr_valve.imaging.geometry import Box, Geometry

WHOLE = Geometry(200, 100, 50, Box(0, 0, 200, 100), Box(0, 12, 50, 37))


@st.composite
def geometries(draw: st.DrawFn) -> Geometry:
    rows, columns = draw(st.integers(2, 5000)), draw(st.integers(2, 5000))
    size = draw(st.integers(75, 512))

    def inside(length: float) -> tuple[float, float]:
        start = draw(st.floats(0, 0.4)) * length
        return start, start + draw(st.floats(0.3, 0.6)) * length

    top, bottom = inside(rows)
    left, right = inside(columns)
    up, down = inside(size)
    near, far = inside(size)
    return Geometry(rows, columns, size, Box(top, left, bottom, right), Box(up, near, down, far))


def test_a_corner_of_the_crop_lies_at_the_corner_of_its_place() -> None:
    assert WHOLE.to_input(0, 0) == (0, 12)
    assert WHOLE.to_input(200, 100) == (50, 37)
    assert WHOLE.to_original(25, 24.5) == (100, 50)
    assert WHOLE.scale == (0.25, 0.25)


@given(geometries(), st.floats(-10, 5010), st.floats(-10, 5010))
def test_there_and_back_is_where_one_began(geometry: Geometry, row: float, column: float) -> None:
    back = geometry.to_original(*geometry.to_input(row, column))
    assert back == pytest.approx((row, column), abs=1e-6)
    forth = geometry.to_input(*geometry.to_original(row, column))
    assert forth == pytest.approx((row, column), abs=1e-6)


@given(geometries())
def test_the_crop_maps_onto_its_place_whole(geometry: Geometry) -> None:
    crop, placed = geometry.crop, geometry.placed
    assert geometry.to_input(crop.top, crop.left) == pytest.approx((placed.top, placed.left))
    assert geometry.to_input(crop.bottom, crop.right) == pytest.approx(
        (placed.bottom, placed.right)
    )


@given(geometries())
def test_the_extent_of_the_input_holds_the_crop(geometry: Geometry) -> None:
    extent, crop = geometry.input_extent(), geometry.crop
    slack = 1e-6
    assert extent.top <= crop.top + slack
    assert extent.left <= crop.left + slack
    assert extent.bottom >= crop.bottom - slack
    assert extent.right >= crop.right - slack
    down, across = geometry.scale
    assert extent.height * down == pytest.approx(geometry.size)
    assert extent.width * across == pytest.approx(geometry.size)


def test_the_geometry_written_as_json_says_all_of_it() -> None:
    written = json.loads(json.dumps(WHOLE.as_dict()))
    assert written == {
        "rows": 200,
        "columns": 100,
        "size": 50,
        "crop": {"top": 0, "left": 0, "bottom": 200, "right": 100},
        "placed": {"top": 0, "left": 12, "bottom": 50, "right": 37},
        "input_extent": {"top": 0, "left": -48, "bottom": 200, "right": 152},
    }
