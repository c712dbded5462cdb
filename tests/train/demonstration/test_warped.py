"""Warping: the heart grows by as much as it should, and nothing far from it moves."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from cxr_valve.anatomy.masks import Masks
from train.demonstration.warped import RATIO, Growth, to_average, warp, warped_ratio

SIDE = 128
Y, X = np.mgrid[0:SIDE, 0:SIDE]
HEART = ((X - 70) / 26) ** 2 + ((Y - 80) / 20) ** 2 < 1
IMAGE = np.where(HEART, 0.8, 0.2 + 0.3 * X / SIDE).astype(np.float32)


def width(mask: np.ndarray) -> int:
    return int(mask.any(axis=0).sum())


def test_an_average_heart_leaves_the_radiograph_as_it_is() -> None:
    image, heart = warp(IMAGE, HEART, Growth(0.0, 0.0))
    np.testing.assert_allclose(image, IMAGE, atol=1e-5)
    assert (heart == HEART).all()


def test_a_large_ventricle_moves_the_left_border_and_hardly_the_right() -> None:
    _, heart = warp(IMAGE, HEART, Growth(0.3, 0.0))
    right, left = (np.flatnonzero(mask.any(axis=0))[[0, -1]] for mask in (HEART, heart))
    assert left[1] - right[1] > 4
    assert abs(left[0] - right[0]) <= 2


def test_a_large_atrium_grows_upwards_and_to_the_right() -> None:
    _, heart = warp(IMAGE, HEART, Growth(0.0, 0.6))
    before, after = (np.argwhere(mask) for mask in (HEART, heart))
    assert after.min(axis=0)[0] < before.min(axis=0)[0] - 1
    assert after.min(axis=0)[1] < before.min(axis=0)[1] - 1


@settings(max_examples=25)
@given(st.floats(-0.3, 0.5), st.floats(-0.4, 0.9))
def test_far_from_the_heart_nothing_moves_and_no_grey_value_is_new(lv: float, la: float) -> None:
    image, heart = warp(IMAGE, HEART, Growth(lv, la))
    np.testing.assert_allclose(image[:12], IMAGE[:12], atol=1e-6)
    assert image.min() >= IMAGE.min() - 1e-6
    assert image.max() <= IMAGE.max() + 1e-6
    # The mask follows the picture.
    assert image[heart].mean() > 0.75


@settings(max_examples=25)
@given(st.floats(-0.2, 0.3), st.floats(0.02, 0.1))
def test_a_larger_chamber_never_makes_a_narrower_heart(lv: float, more: float) -> None:
    smaller, larger = (warp(IMAGE, HEART, Growth(at, 0.0))[1] for at in (lv, lv + more))
    assert width(larger) >= width(smaller)


@settings(max_examples=25)
@given(st.floats(0.7, 1.5))
def test_a_factor_makes_the_whole_heart_so_much_wider(factor: float) -> None:
    _, heart = warp(IMAGE, HEART, Growth(0.0, 0.0), factor)
    assert width(heart) == pytest.approx(factor * width(HEART), abs=3)


def test_any_heart_is_brought_to_the_average_ratio() -> None:
    lungs = [(np.abs(X - centre) < 14) & (np.abs(Y - 60) < 45) for centre in (24, 112)]
    for shrunk in (0.8, 1.0, 1.2):
        _, heart = warp(IMAGE, HEART, Growth(0.0, 0.0), shrunk)
        masks = np.stack([heart, *lungs])
        found = Masks(masks, masks.astype(np.float32), (1.0, 1.0, 1.0))
        _, average = warp(IMAGE, heart, Growth(0.0, 0.0), to_average(found))
        after = Masks(np.stack([average, *lungs]), found.probabilities, found.kept)
        assert warped_ratio(after, average) == pytest.approx(RATIO, abs=0.03)


def test_a_mask_without_a_heart_is_refused() -> None:
    with pytest.raises(ValueError, match="Expected a heart in the mask"):
        warp(IMAGE, np.zeros_like(HEART), Growth(0.1, 0.1))
