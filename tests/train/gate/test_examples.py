"""What the gate is taught: poses as they are called, and nothing of patients held back."""

import numpy as np
import pytest

from cxr_valve.anatomy.correction import corrected
from cxr_valve.anatomy.gate import KINDS
from cxr_valve.phantom.render import simulate
from train.gate.augment import SIDE, Pose, as_radiograph, laid, network_input
from train.gate.drawn import BODY_PARTS, PICTURES, fan
from train.gate.examples import COUNTS, PER_RADIOGRAPH, make, orders
from train.gate.sources import Original, is_held_back, reduced
from train.gate.volumes import body_only, projections, scaled


@pytest.fixture(scope="module")
def originals() -> list[Original]:
    chest = reduced(simulate(1, 0, side=160).radiograph)
    bars = np.tile(np.arange(160, dtype=np.uint8), (120, 1))
    return [
        Original(chest, "frontal", "nih", "one"),
        Original(chest, "frontal", "chest-ct", "0 degrees"),
        Original(chest[:, :90], "lateral", "chest-ct", "90 degrees"),
        Original(bars, "picture", "photo:bars", "bars"),
        Original(bars, "slice", "odd:ct", "ct"),
        Original(bars, "radiograph", "odd:hip", "hip"),
    ]


@pytest.mark.parametrize(
    ("pose", "back"),
    [
        (Pose(1, inverted=False, mirrored=False), "rotate-270"),
        (Pose(2, inverted=False, mirrored=False), "rotate-180"),
        (Pose(3, inverted=False, mirrored=False), "rotate-90"),
    ],
)
def test_a_taught_turn_is_undone_by_the_offer_for_it(pose: Pose, back) -> None:
    image = np.random.default_rng(0).random((6, 9)).astype(np.float32)
    lying = as_radiograph(laid(image, pose))
    np.testing.assert_array_equal(corrected(lying, back).pixels, as_radiograph(image).pixels)


def test_a_mirror_image_and_a_negative_are_what_they_say() -> None:
    image = np.random.default_rng(0).random((6, 9)).astype(np.float32)
    mirrored = laid(image, Pose(0, inverted=False, mirrored=True))
    np.testing.assert_array_equal(mirrored, image[:, ::-1])
    negative = laid(image, Pose(0, inverted=True, mirrored=False))
    np.testing.assert_allclose(negative, 1 - image)


def test_every_kind_is_ordered_as_often_as_planned(originals) -> None:
    listed = orders(originals, 3)
    counts = {kind: sum(order.kind == kind for order in listed) for kind in KINDS}
    assert {kind: counts[kind] for kind in COUNTS} == COUNTS
    assert sum(order.kind == "frontal" and order.original == 0 for order in listed) == (
        PER_RADIOGRAPH
    )
    assert len({order.seed for order in listed}) == len(listed)
    assert orders(originals, 3) == listed


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_is_the_same_for_the_same_order(originals, kind: str) -> None:
    order = next(one for one in orders(originals, 3) if one.kind == kind)
    image, pose = make(order, originals)
    assert (image.shape, image.dtype) == ((SIDE, SIDE), np.uint8)
    assert (pose is not None) == (kind == "frontal")
    np.testing.assert_array_equal(make(order, originals)[0], image)


@pytest.mark.parametrize("draw", sorted({*PICTURES, *BODY_PARTS, fan}, key=lambda f: f.__name__))
def test_drawn_images_are_grey_in_range(draw) -> None:
    for seed in range(12):
        image = draw(np.random.default_rng(seed))
        assert image.dtype == np.float32
        assert np.isfinite(image).all()
        assert 0 <= image.min() <= image.max() <= 1


def test_a_blank_example_can_be_prepared() -> None:
    assert network_input(np.zeros((50, 80), np.float32)).shape == (SIDE, SIDE)


def test_one_patient_in_five_is_held_back_and_always_the_same() -> None:
    patients = [f"patient {number}" for number in range(2000)]
    held = [patient for patient in patients if is_held_back(patient)]
    assert len(held) == pytest.approx(400, abs=60)
    assert [patient for patient in patients if is_held_back(patient)] == held


def test_a_projection_shows_dense_tissue_bright_and_the_left_on_the_right() -> None:
    water = np.full((40, 40, 20), -1000.0, np.float32)
    water[8:32, 8:32, :] = 0
    water[24:30, 16:24, 10:] = 800  # bone: to the patient's left, in the upper half
    [(angle, image)] = projections(water, (2.0, 4.0), iter([0.0]))
    assert angle == 0.0
    assert image.shape == (40, 40)
    assert image[5, 27] > image[5, 12] > image[5, 2]
    assert image[35, 27] == pytest.approx(image[35, 12], abs=0.02)


def test_what_lies_beside_the_body_is_left_out() -> None:
    volume = np.full((40, 40, 6), -1000.0, np.float32)
    volume[10:30, 10:30, :] = 20
    volume[2:38, 36:38, :] = 500  # the table
    assert body_only(volume)[20, 37, 3] == -1000
    assert body_only(volume)[20, 20, 3] == 20


def test_scaling_spans_black_to_white() -> None:
    image = scaled(np.random.default_rng(0).normal(50, 9, (60, 60)))
    assert (image.min(), image.max()) == (0, 1)
    assert not scaled(np.full((4, 4), 3.0)).any()
