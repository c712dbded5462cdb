"""Simulated radiographs: reproducible, anatomical, and true to what they show."""

import numpy as np
import pytest

from cxr_valve.findings import MR
from cxr_valve.phantom.render import Phantom, simulate

SIDE = 128
STRUCTURES = {
    "lv", "rv", "ra", "la", "appendage", "ascending_aorta", "aortic_arch", "descending_aorta",
    "pulmonary_trunk", "svc",
}  # fmt: skip


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return simulate(7, 1, side=SIDE)


def test_the_same_arguments_give_the_same_bytes(phantom: Phantom) -> None:
    again = simulate(7, 1, side=SIDE)
    assert again.radiograph.pixels.tobytes() == phantom.radiograph.pixels.tobytes()
    assert again.patient == phantom.patient
    for name, thickness in phantom.thickness.items():
        assert again.thickness[name].tobytes() == thickness.tobytes()


@pytest.mark.parametrize(("seed", "index"), [(8, 1), (7, 2)])
def test_another_seed_or_index_gives_another_radiograph(phantom, seed: int, index: int) -> None:
    other = simulate(seed, index, side=SIDE)
    assert (other.radiograph.pixels != phantom.radiograph.pixels).mean() > 0.5
    assert other.patient != phantom.patient


def test_a_radiograph_says_that_it_is_simulated_and_uses_its_range(phantom: Phantom) -> None:
    radiograph = phantom.radiograph
    assert radiograph.decoding.container == "simulated"
    assert radiograph.spacing_source == "simulated"
    assert (radiograph.view, radiograph.warnings) == ("PA", ())
    assert radiograph.pixels.shape == (SIDE, SIDE)
    assert radiograph.pixels.dtype == np.uint16
    assert (radiograph.pixels.min(), radiograph.pixels.max()) == (0, 4095)
    assert radiograph.spacing_mm == (350 / SIDE, 350 / SIDE)


@pytest.mark.parametrize("index", range(6))
def test_every_structure_lies_within_the_image(index: int) -> None:
    phantom = simulate(9, index, side=SIDE)
    assert set(phantom.masks) == STRUCTURES
    for name, mask in phantom.masks.items():
        assert mask.shape == (SIDE, SIDE)
        assert mask.dtype == bool
        assert mask.sum() > 20, name
        # The descending aorta goes on into the abdomen.
        below = mask[-1] & (name != "descending_aorta")
        edge = np.concatenate([mask[0], below, mask[:-1, 0], mask[:-1, -1]])
        assert not edge.any(), name


def test_the_heart_lies_to_the_patients_left_and_is_dense(phantom: Phantom) -> None:
    masks = phantom.masks
    assert np.argwhere(masks["lv"])[:, 1].mean() > np.argwhere(masks["ra"])[:, 1].mean()
    assert np.argwhere(masks["lv"])[:, 1].mean() > SIDE / 2
    assert np.argwhere(masks["la"])[:, 0].mean() < np.argwhere(masks["lv"])[:, 0].mean()
    heart = masks["lv"] | masks["rv"] | masks["ra"]
    pixels = phantom.radiograph.pixels
    rows = np.flatnonzero(heart.any(axis=1))
    beside = np.zeros_like(heart)
    columns = np.flatnonzero(heart.any(axis=0))
    beside[rows[0] : rows[len(rows) // 2], columns[0] - 14 : columns[0] - 4] = True
    assert pixels[heart].mean() > pixels[beside].mean() + 500


def area(phantom: Phantom, name: str) -> int:
    return int(phantom.masks[name].sum())


@pytest.mark.parametrize("index", [0, 3])
def test_the_left_atrium_grows_with_the_grade_of_the_same_patient(index: int) -> None:
    drawn = [simulate(2, index, side=SIDE, mr=grade, as_="none") for grade in MR.grades]
    sizes = [phantom.patient.measurements.la for phantom in drawn]
    areas = [area(phantom, "la") for phantom in drawn]
    # The finding decides age and rhythm too, so grades are compared on one side of the rule.
    assert sizes[0] < sizes[1]
    assert sizes[2] < sizes[3] < sizes[4]
    assert areas[0] <= areas[1]
    assert areas[2] < areas[3] < areas[4]
    assert areas[4] > 1.2 * areas[0]


def test_the_ascending_aorta_widens_with_aortic_stenosis() -> None:
    drawn = [simulate(2, 0, side=SIDE, mr="none", as_=grade) for grade in ("mild", "severe")]
    mild, severe = (area(phantom, "ascending_aorta") for phantom in drawn)
    assert severe > mild
