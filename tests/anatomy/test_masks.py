import numpy as np
import pytest
from scipy import ndimage

from cxr_valve.anatomy.masks import clean_masks, extent, filled, probabilities
from tests.anatomy.chest import DrawnChest


def test_specks_are_dropped_and_holes_filled() -> None:
    seen = DrawnChest().probabilities()
    clean = clean_masks(seen)
    dirty = seen.copy()
    dirty[0, 2:6, 2:6] = 1
    dirty[0, 76:80, 68:72] = 0
    found = clean_masks(dirty)
    assert np.array_equal(found.masks, clean.masks)
    assert found.kept[1:] == (1.0, 1.0)
    # 16 pixels in the corner, 16 missing from the middle of what was kept.
    size = clean.masks[0].sum() - 16
    assert found.kept[0] == pytest.approx(size / (size + 16))
    assert found.probabilities[0, 4, 4] == 0


def test_a_pixel_that_both_lungs_claim_goes_to_the_likelier() -> None:
    seen = DrawnChest().probabilities()
    seen[1, 60:64, 60:64], seen[2, 60:64, 60:64] = 0.9, 0.6
    seen[1, 60:64, 50:60] = 1
    found = clean_masks(seen)
    assert found.masks[1, 62, 62]
    assert not found.masks[2, 62, 62]
    assert not (found.masks[1] & found.masks[2]).any()


@pytest.mark.parametrize("seed", range(5))
def test_holes_are_filled_as_scipy_fills_them(seed) -> None:
    noise = np.random.default_rng(seed).random((40, 40)) < 0.55
    noise[:3, 10:20] = True
    assert np.array_equal(filled(noise), ndimage.binary_fill_holes(noise))


def test_the_extent_holds_the_mask_and_a_margin_as_far_as_the_image_goes() -> None:
    mask = np.zeros((40, 50), bool)
    mask[2:9, 20:31] = True
    assert mask[extent(mask, 0)].shape == (7, 11)
    assert mask[extent(mask, 0)].all()
    rows, columns = extent(mask, 4)
    assert (rows.start, columns.start) == (0, 16)
    assert mask[rows, columns].shape == (13, 19)
    assert mask[extent(~mask, 60)].shape == (40, 50)
    assert mask[extent(mask & ~mask, 4)].shape == (0, 0)


def test_a_border_may_be_sought_around_the_piece_kept_and_nowhere_else() -> None:
    seen = DrawnChest().probabilities()
    soft = np.maximum(seen, np.float32(0.3))
    found = clean_masks(soft)
    away = ndimage.distance_transform_cdt(~clean_masks(seen).masks[0], "chessboard")
    assert (found.probabilities[0][away <= 4] >= 0.3).all()
    assert (found.probabilities[0][away > 4] == 0).all()


def test_the_input_is_left_as_it_was() -> None:
    seen = DrawnChest().probabilities()
    before = seen.copy()
    clean_masks(seen)
    assert np.array_equal(seen, before)


def test_nothing_found_is_nothing_kept() -> None:
    found = clean_masks(np.zeros((3, 32, 32), np.float32))
    assert not found.masks.any()
    assert found.kept == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("shape", [(2, 32, 32), (3, 32, 31), (32, 32)])
def test_another_shape_is_refused(shape) -> None:
    with pytest.raises(ValueError, match=r"Expected probabilities \(3, S, S\); found shape"):
        clean_masks(np.zeros(shape, np.float32))


def test_logits_become_probabilities_without_overflow() -> None:
    found = probabilities(np.array([-1e9, -1.0, 0.0, 1.0, 1e9], np.float32))
    assert found == pytest.approx([0, 0.2689414, 0.5, 0.7310586, 1], abs=1e-6)
    assert found.dtype == np.float32
