"""8 bits are kept where they were measured to be near enough, and nowhere else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cxr_valve import cards
from cxr_valve.engines.engine import CACHE_VARIABLE, NetworkSource
from cxr_valve.models.ensemble import network_source
from tests.train.small_cohort import small_cohort
from train import engine_check
from train.engine_check import EngineImages, check_engines, engine_errors, engine_images
from train.evaluate import FittedMember
from train.fit.images import prepare_images


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path_factory.mktemp("engines")))


@pytest.fixture
def toy(make_set, tmp_path: Path) -> cards.WeightSet:
    return make_set(tmp_path)


def noise(count: int, side: int, seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side), np.uint8)


@pytest.fixture
def sources(toy: cards.WeightSet) -> list[NetworkSource]:
    return [network_source(toy, member) for member in toy.card.members]


@pytest.fixture
def images(toy: cards.WeightSet) -> EngineImages:
    sides = [member.input_size for member in toy.card.members]
    return EngineImages(
        [noise(9, side, 1) for side in sides], [noise(4, side, 2) for side in sides]
    )


def test_ranges_that_leave_the_results_near_are_kept(toy, sources, images) -> None:
    ranges, errors = check_engines(toy.card, sources, images)
    assert ranges.keys() == {member.label for member in toy.card.members}
    assert all(ranges.values())
    assert errors["openvino-fast"].images == 4
    assert errors["openvino-fast"].maximum <= 0.03
    assert errors["openvino-fast"].mean > errors["openvino"].mean


def test_where_8_bits_move_the_results_too_far_there_are_none(
    toy, sources, images, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_ranges = check_engines(toy.card, sources, images)[1]["openvino-fast"]
    monkeypatch.setattr(engine_check, "LARGEST", with_ranges.maximum / 2)
    ranges, errors = check_engines(toy.card, sources, images)
    assert ranges == {}
    # What is said of the fast engine is then that of floats alone.
    assert errors == engine_errors(toy.card, sources, images.held_out)
    assert errors["openvino-fast"] != with_ranges


def test_a_set_without_training_images_goes_without(toy, sources, images) -> None:
    none = [stack[:0] for stack in images.training]
    assert check_engines(toy.card, sources, replace(images, training=none))[0] == {}


def test_training_images_are_spread_and_held_out_ones_are_those_of_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = small_cohort(tmp_path)
    rows = {
        split: np.flatnonzero((cohort.table["split"] == split).to_numpy())
        for split in ("train", "test")
    }
    member = FittedMember("test_resnet", Path("none"), 64, (0, 0))
    monkeypatch.setattr(engine_check, "RANGE_IMAGES", -(-len(rows["train"]) // 2))
    monkeypatch.setattr(engine_check, "CHECK_IMAGES", 2)
    found = engine_images(cohort, [member])
    prepared = prepare_images(cohort, [64])[64].images
    np.testing.assert_array_equal(found.training[0], prepared[rows["train"][::2]])
    np.testing.assert_array_equal(found.held_out[0], prepared[rows["test"][:2]])
