from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxr_valve.anatomy.heart_reader import half_width
from cxr_valve.anatomy.plausibility import WORDS
from cxr_valve.imaging.geometry import Box, Geometry
from tests.anatomy.chest import DrawnChest
from train.segmentation import data
from train.segmentation.data import Pictures, place_mask, read_manifest
from train.segmentation.measure import (
    Measured,
    coverage,
    dice,
    figures,
    fit_interval,
    judged,
    left_out_coverage,
    usual_ranges,
)
from train.segmentation.pseudo import trusted

LEVELS = (0.3, 0.7)


def measured(count: int, seed: int = 0) -> Measured:
    """Residuals whose size is truly 1.5 · √(.01² + softness²)."""
    rng = np.random.default_rng(seed)
    truth, soft = rng.uniform(0.4, 0.65, count), rng.uniform(0, 0.03, count)
    residual = rng.normal(size=count) * 1.5 * np.hypot(0.01, soft)
    return Measured(truth, truth + residual, soft, rng.uniform(0.9, 1, (count, 3)))


def test_the_interval_covers_ninety_five_of_a_hundred() -> None:
    rule = fit_interval(measured(400), LEVELS)
    assert rule.factor == pytest.approx(1.5 * 1.966, rel=0.1)
    unseen = measured(4000, seed=1)
    halves = np.array([half_width(rule, soft) for soft in unseen.soft])
    covered = np.mean(np.abs(unseen.found - unseen.truth) <= halves)
    assert 0.93 < covered < 0.97
    assert "400 held-out residuals" in rule.method


def test_leaving_one_out_judges_each_image_by_the_others() -> None:
    few = measured(20)
    far = Measured(few.truth, few.found.copy(), few.soft, few.dice)
    far.found[3] = far.truth[3] + 0.5
    rule = fit_interval(far, LEVELS)
    # The far image widens its own interval enough to be covered, but not that of the others.
    assert abs(far.found[3] - far.truth[3]) > half_width(fit_interval(few, LEVELS), far.soft[3])
    found = left_out_coverage(far, rule)
    assert (found.value, found.n) == (19 / 20, 20)
    assert "leave one out" in found.method


def test_a_rule_from_elsewhere_is_judged_as_it_is() -> None:
    rule = fit_interval(measured(400), LEVELS)
    unseen = measured(200, seed=1)
    unseen.found[:10] = np.nan
    found = coverage(unseen, rule)
    halves = np.array([half_width(rule, soft) for soft in unseen.soft[10:]])
    inside = np.abs(unseen.found - unseen.truth)[10:] <= halves
    assert (found.value, found.n) == (inside.sum() / 200, 200)
    assert 0.8 < found.low < found.value < found.high < 0.95


def test_a_ratio_that_was_not_found_counts_against_every_proportion() -> None:
    some = measured(30)
    some.found[:3] = np.nan
    found = figures(some, left_out_coverage(some, fit_interval(some, LEVELS)))
    assert found["ctr_within_0.04"].value <= 27 / 30
    assert found["ctr_interval_coverage"].value <= 27 / 30
    assert found["ctr_mean_absolute_error"].n == 27
    assert found["dice_heart"].value == pytest.approx(some.dice[:, 0].mean(), abs=1e-5)
    assert found["dice_heart"].low < found["dice_heart"].value < found["dice_heart"].high


def test_dice_of_masks() -> None:
    one, two = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    one[:2], two[1:3] = True, True
    assert dice(one, two) == 0.5
    assert dice(one, one) == 1.0
    assert dice(np.zeros((4, 4), bool), np.zeros((4, 4), bool)) == 0.0


def test_usual_is_what_was_drawn_and_a_margin() -> None:
    chests = [DrawnChest(), DrawnChest(heart=(78.0, 70.0, 22.0, 34.0))]
    masks = np.stack([np.rint(chest.probabilities() * 255).astype(np.uint8) for chest in chests])
    found = usual_ranges(Pictures(masks[:, 0], masks))
    assert found.keys() == WORDS.keys()
    low, high = found["heart_form"]
    span = 34 / 22 - 24 / 22
    assert (low, high) == pytest.approx((24 / 22 - 0.15 * span, 34 / 22 + 0.15 * span), abs=0.05)


def test_masks_are_trusted_only_where_views_agree_and_shapes_are_usual() -> None:
    masks = np.rint(DrawnChest().probabilities() * 255).astype(np.uint8)
    wide = dict.fromkeys(WORDS, (-9.0, 9.0))
    sure = masks.astype(np.float32) / 255
    assert trusted(sure, wide)
    assert not trusted(sure, wide | {"heart_area": (5.0, 9.0), "heart_form": (5.0, 9.0)})
    # Views that disagree leave a broad band between probable and possible.
    half = sure.copy()
    half[0, 70:90] *= 0.6
    assert not trusted(half, wide)
    half[2] = 0
    assert not trusted(half, wide)


def test_a_mask_follows_its_image_into_the_frame() -> None:
    mask = np.zeros((100, 200), bool)
    mask[20:60, 100:180] = True
    geometry = Geometry(100, 200, 64, Box(0.0, 40.0, 100.0, 200.0), Box(12.0, 0.0, 52.0, 64.0))
    placed = place_mask(mask, geometry)
    assert placed.shape == (64, 64)
    # 2.5 pixels of the radiograph are one of the input.
    assert placed.sum() / 255 == pytest.approx(40 * 80 / 2.5**2, rel=0.01)
    rows, columns = np.nonzero(placed > 127)
    assert (rows.min(), rows.max() + 1) == (20, 36)
    assert (columns.min(), columns.max() + 1) == (24, 56)


@pytest.fixture
def manifest() -> pd.DataFrame:
    rows = [(f"ctr/image/w{number:03}.png", "Wingspan", "PA", None) for number in range(100)]
    rows += [("nih/a.jpg", "NIH ChestX-ray14", "PA", "Cardiomegaly|Effusion")]
    rows += [("nih/b.jpg", "NIH ChestX-ray14", "PA", "No Finding")]
    rows += [("nih/c.jpg", "NIH ChestX-ray14", "AP", "Cardiomegaly")]
    rows += [("nih/d.jpg", "NIH ChestX-ray14", "PA", "Effusion")]
    rows += [("hannover/e.png", "Hannover", "AP", None)]
    return pd.DataFrame(rows, columns=["path", "source", "view", "labels"])


def test_images_that_judge_are_kept_from_training(manifest) -> None:
    train, held_out = data.labelled_names(manifest)
    assert len(held_out) == 30
    assert len(train) == 70
    assert not set(train) & set(held_out)
    assert data.labelled_names(manifest) == (train, held_out)
    assert data.unlabelled_names(manifest) == ["hannover/e.png", "nih/d.jpg"]
    assert list(judged(manifest)["path"]) == ["nih/a.jpg", "nih/b.jpg"]


def test_the_second_network_is_measured_on_images_that_the_first_was_not(manifest) -> None:
    train, held_out = data.labelled_names(manifest, network=1)
    assert (len(train), len(held_out)) == (40, 60)
    assert not set(train) & set(held_out)
    assert not set(held_out) & set(data.labelled_names(manifest)[1])


def test_a_folder_without_a_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"Expected a table of radiographs at .*manifest"):
        read_manifest(tmp_path)
