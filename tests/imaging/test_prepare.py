"""One preparation for every archive: trimmed, evenly toned, undistorted, and traceable."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from cxr_valve.imaging.geometry import Box
from cxr_valve.imaging.prepare import (
    MAX_TRIM,
    MIDTONE_LIMITS,
    Framing,
    frame,
    prepare,
    prepare_sizes,
)
from cxr_valve.imaging.radiograph import Decoding, Radiograph
from cxr_valve.phantom.render import simulate

SIZE = 96


def radiograph(
    pixels: NDArray[Any],
    window: tuple[float, float] | None = None,
    display: tuple[float, float] = (0.0, 65535.0),
) -> Radiograph:
    facts = Decoding("PNG", None, None, "MONOCHROME2", 16, window, inverted=False)
    whole = np.clip(np.rint(pixels), 0, 65535).astype(np.uint16)
    return Radiograph(whole, 1.0, 0.0, display, None, None, None, facts, ())


def texture(rows: int, columns: int) -> NDArray[np.float64]:
    """Grey that is flat nowhere."""
    return np.random.default_rng(5).uniform(1000, 3000, (rows, columns))


@pytest.fixture(scope="module")
def chest_image() -> NDArray[np.float64]:
    """A simulated chest, 240 × 240, as shares of its own range."""
    pixels = simulate(4, 2, side=240).radiograph.pixels.astype(float)
    return (pixels - pixels.min()) / np.ptp(pixels)


@settings(max_examples=30)
@given(st.integers(40, 400), st.integers(40, 400), st.integers(75, 160))
def test_the_aspect_is_kept_and_the_rest_is_zero(rows: int, columns: int, size: int) -> None:
    prepared = prepare(radiograph(texture(rows, columns)), size)
    crop, placed = prepared.geometry.crop, prepared.geometry.placed
    assert (crop.height, crop.width) == pytest.approx((rows, columns))
    assert max(placed.height, placed.width) == size
    exact = size / max(rows, columns)
    assert abs(placed.height - rows * exact) <= 0.5
    assert abs(placed.width - columns * exact) <= 0.5
    padding = np.ones((size, size), bool)
    inside = np.s_[int(placed.top) : int(placed.bottom), int(placed.left) : int(placed.right)]
    padding[inside] = False
    assert not prepared.image[padding].any()
    assert prepared.image[inside].mean() > 0.3
    # Centred, to a pixel.
    assert abs(placed.top - (size - placed.bottom)) <= 1
    assert abs(placed.left - (size - placed.right)) <= 1


@settings(max_examples=60)
@given(npst.arrays(np.uint16, npst.array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_any_image_gives_an_input_between_0_and_1(pixels: NDArray[np.uint16]) -> None:
    prepared = prepare(radiograph(pixels), SIZE)
    assert prepared.image.shape == (SIZE, SIZE)
    assert prepared.image.dtype == np.float32
    assert np.isfinite(prepared.image).all()
    assert prepared.image.min() >= 0
    assert prepared.image.max() <= 1


@pytest.mark.parametrize("level", [0, 1, 2000, 65535])
@pytest.mark.parametrize("shape", [(1, 1), (300, 200), (3000, 2), (1, 700)])
def test_a_blank_image_keeps_its_whole_area(level: int, shape: tuple[int, int]) -> None:
    prepared = prepare(radiograph(np.full(shape, level)), SIZE)
    assert prepared.geometry.crop == Box(0, 0, *shape)
    assert not prepared.image.any()


@pytest.mark.parametrize("border", [0, 4095])
def test_collimation_borders_are_trimmed_on_every_side(border: int) -> None:
    pixels = np.full((400, 360), float(border))
    pixels[60:340, 30:310] = texture(280, 280)
    crop = frame(radiograph(pixels)).crop
    # The border is found on every second pixel.
    np.testing.assert_allclose(
        [crop.top, crop.left, crop.bottom, crop.right], [60, 30, 340, 310], atol=2
    )


def test_a_noisy_border_is_still_a_border() -> None:
    noise = np.random.default_rng(2).uniform(0, 40, (300, 300))
    noise[50:250, 50:250] = texture(200, 200)
    crop = frame(radiograph(noise)).crop
    np.testing.assert_allclose(
        [crop.top, crop.left, crop.bottom, crop.right], [50, 50, 250, 250], atol=2
    )


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_a_dark_side_is_never_cut_by_more_than_the_limit(side: str) -> None:
    pixels = np.zeros((200, 200))
    pixels[:, 120:] = texture(200, 80)
    turned = {"left": 0, "bottom": 1, "right": 2, "top": 3}[side]
    crop = frame(radiograph(np.rot90(pixels, turned))).crop
    assert min(crop.height, crop.width) == pytest.approx(200 * (1 - MAX_TRIM), abs=1)
    assert max(crop.height, crop.width) == 200


def test_a_grey_flat_side_is_no_border() -> None:
    pixels = texture(200, 200)
    pixels[:, :60] = 2000
    assert frame(radiograph(pixels)).crop == Box(0, 0, 200, 200)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("darker", lambda x: 4095 * x**1.5),
        ("brighter", lambda x: 4095 * x**0.7),
        ("washed out", lambda x: 1500 + 1200 * x),
        ("dim", lambda x: 300 * x),
        ("full range", lambda x: 65535 * x),
        ("dark and washed out", lambda x: 700 + 2000 * x**1.4),
    ],
)
def test_one_chest_processed_differently_prepares_alike(chest_image, name: str, change) -> None:
    expected = prepare(radiograph(4095 * chest_image), SIZE).image
    found = prepare(radiograph(change(chest_image)), SIZE).image
    assert np.abs(found - expected).mean() < 0.01
    # Not the largest: at the edge of a burned-in marker, white and black are averaged before the
    # tone is bent, so that single pixels differ by more.
    assert np.percentile(np.abs(found - expected), 99) < 0.03


def test_the_median_lies_at_mid_grey(chest_image) -> None:
    framing = frame(radiograph(4095 * chest_image**1.3))
    crop = framing.crop
    kept = 4095 * chest_image**1.3
    kept = kept[int(crop.top) : int(crop.bottom), int(crop.left) : int(crop.right)]
    share = (np.median(kept) - framing.low) / (framing.high - framing.low)
    assert share**framing.midtone == pytest.approx(0.5, abs=0.01)


def test_the_tone_is_bent_within_limits_only() -> None:
    dark = texture(100, 100)
    dark[:80] = 1010 + texture(80, 100) / 1000
    assert frame(radiograph(dark)).midtone == MIDTONE_LIMITS[0]
    assert frame(radiograph(5000 - dark)).midtone == MIDTONE_LIMITS[1]


def test_a_marker_does_not_set_the_scale() -> None:
    pixels = texture(300, 300)
    plain = frame(radiograph(pixels))
    pixels[5:15, 5:15] = 65535
    assert frame(radiograph(pixels)).high == pytest.approx(plain.high, rel=0.01)


def test_the_window_of_the_header_bounds_the_scale() -> None:
    pixels = texture(200, 200)
    windowed = frame(radiograph(pixels, window=(2000, 1200), display=(1400.0, 2600.0)))
    assert windowed.low == pytest.approx(1400, abs=1)
    assert windowed.high == pytest.approx(2600, abs=1)
    image = prepare(radiograph(pixels, (2000, 1200), (1400.0, 2600.0)), 200).image
    assert (image[pixels < 1399] == 0).all()
    assert (image[pixels > 2601] == 1).all()


@pytest.mark.parametrize("display", [(2900.0, 4000.0), (0.0, 1100.0), (5000.0, 9000.0)])
def test_a_window_that_blanks_out_more_than_half_is_passed_over(display) -> None:
    pixels = texture(200, 200)
    assert frame(radiograph(pixels, (1.0, 1.0), display)) == frame(radiograph(pixels))


def test_display_limits_that_the_file_did_not_give_are_not_used() -> None:
    pixels = texture(200, 200)
    assert frame(radiograph(pixels, None, (1400.0, 2600.0))) == frame(radiograph(pixels))


@settings(max_examples=25)
@given(
    st.tuples(st.integers(120, 500), st.integers(120, 500)),
    st.tuples(st.floats(0.1, 0.9), st.floats(0.1, 0.9)),
    st.sampled_from([75, 96, 160]),
    st.sampled_from([0, 30]),
)
def test_a_landmark_lands_where_the_geometry_says(shape, place, size: int, border: int) -> None:
    pixels = np.zeros(shape)
    pixels[border : shape[0] - border, border : shape[1] - border] = texture(
        shape[0] - 2 * border, shape[1] - 2 * border
    )
    row, column = (
        int(border + share * (length - 2 * border - 12))
        for share, length in zip(place, shape, strict=True)
    )
    marked = pixels.copy()
    marked[row : row + 12, column : column + 12] += 4000
    framing = replace(frame(radiograph(pixels)), low=0.0, high=8000.0, midtone=1.0)
    before = prepare(radiograph(pixels), size, framing)
    after = prepare(radiograph(marked), size, framing)
    difference = (after.image - before.image).astype(float)
    down, across = np.mgrid[0:size, 0:size] + 0.5
    found = (
        (difference * down).sum() / difference.sum(),
        (difference * across).sum() / difference.sum(),
    )
    expected = before.geometry.to_input(row + 6, column + 6)
    np.testing.assert_allclose(found, expected, atol=0.25)


def test_resizing_antialiases() -> None:
    """A grid finer than the input turns grey instead of into false stripes."""
    fine = np.tile([[0.0, 4000.0], [4000.0, 0.0]], (400, 400))
    framing = Framing(Box(0, 0, 800, 800), 0.0, 4000.0, 1.0)
    image = prepare(radiograph(fine), SIZE, framing).image
    np.testing.assert_allclose(image, 0.5, atol=0.02)


def test_several_sizes_at_once_are_those_of_one_at_a_time(chest_image) -> None:
    source = radiograph(4095 * np.pad(chest_image, ((30, 0), (0, 17))))
    found = prepare_sizes(source, (75, 160))
    assert list(found) == [75, 160]
    for size, prepared in found.items():
        assert prepared.geometry == prepare(source, size).geometry
        assert prepared.geometry.crop == frame(source).crop
        np.testing.assert_array_equal(prepared.image, prepare(source, size).image)
