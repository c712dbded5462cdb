"""A cohort described beside the weights learnt from it, and said in every reading."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cxr_valve import active, cards
from cxr_valve.cards import CardError, read_card
from cxr_valve.phantom.render import simulate
from cxr_valve.reading.reader import open_reader
from tests.train.small_cohort import small_cohort
from train.novelty import attach, describe, describe_radiographs, gate_size, keep_looks


@pytest.fixture(scope="module")
def described() -> np.ndarray:
    return describe_radiographs(simulate(8, number, side=160).radiograph for number in range(110))


@pytest.fixture
def toy(make_set, tmp_path: Path) -> cards.WeightSet:
    return make_set(tmp_path / "weights", "mr", "toy")


def test_a_reading_says_how_unlike_the_cohort_an_image_is(
    toy, described, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = attach(toy.folder, described[:55], described[55:])
    assert (named.images, named.held_out) == (55, 55)
    for module in (cards, active):
        monkeypatch.setattr(module, "shipped_root", lambda: toy.folder.parent)
    reader = open_reader()
    like = reader.read(simulate(8, 200, side=160).radiograph).findings["mr"].novelty
    assert like.percentile < 100
    other = replace(simulate(8, 200, side=160).radiograph)
    noise = np.random.default_rng(0).integers(0, 4095, other.pixels.shape).astype(np.uint16)
    unlike = reader.read(replace(other, pixels=noise), read_anyway=True).findings["mr"].novelty
    assert unlike.percentile == 100
    assert unlike.words.startswith("Unlike the simulated radiographs these weights learnt from")


def test_a_cohort_described_by_another_gate_is_not_compared(toy, described, monkeypatch) -> None:
    attach(toy.folder, described[:55], described[55:])
    card = read_card(toy.folder).card
    cards.write_card(replace(card, novelty=replace(card.novelty, gate="0" * 64)), toy.folder)
    for module in (cards, active):
        monkeypatch.setattr(module, "shipped_root", lambda: toy.folder.parent)
    reading = open_reader().read(simulate(8, 0, side=160).radiograph)
    assert reading.findings["mr"].novelty is None


def test_a_damaged_description_is_refused(toy, described) -> None:
    attach(toy.folder, described[:55], described[55:])
    found = read_card(toy.folder)
    with found.novelty_file().open("ab") as stream:
        stream.write(b"!")
    with pytest.raises(CardError, match=r"mr-toy/novelty\.safetensors: Expected checksum"):
        found.novelty_file()


def test_images_are_described_alike_as_bytes_and_as_grey() -> None:
    grey = np.linspace(0, 1, gate_size() ** 2, dtype=np.float32).reshape(gate_size(), -1)
    as_bytes = np.rint(grey * 255).astype(np.uint8)
    found = describe([as_bytes, (as_bytes / np.float32(255)).astype(np.float32)])
    np.testing.assert_array_equal(found[0], found[1])


def test_images_of_another_size_or_none_are_refused() -> None:
    with pytest.raises(ValueError, match=r"Expected images of 224 × 224 pixels, found \(8, 8\)"):
        describe([np.zeros((8, 8), np.uint8)])
    with pytest.raises(ValueError, match="Expected at least one image, found none"):
        describe([])


def test_a_cohort_is_described_from_its_own_files(toy, tmp_path: Path) -> None:
    cohort = small_cohort(tmp_path, patients=130, side=96)
    keep_looks(toy.folder, cohort)
    named = read_card(toy.folder).card.novelty
    assert named is not None
    assert (named.images, named.held_out) == (78, 52)


def test_a_cohort_too_small_to_know_how_it_looks_goes_without(toy, tmp_path: Path) -> None:
    keep_looks(toy.folder, small_cohort(tmp_path, patients=10, side=96))
    assert read_card(toy.folder).card.novelty is None
