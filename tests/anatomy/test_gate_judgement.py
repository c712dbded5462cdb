"""What the gate says of what its network answers."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from cxr_valve.anatomy.gate import KINDS, LOGITS, TURNS
from cxr_valve.anatomy.gate_card import Thresholds
from cxr_valve.anatomy.judgement import BLANK_SHARE, Answers, answers, exchanged, judge
from cxr_valve.imaging.prepare import prepare
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.phantom.render import simulate

LIMITS = Thresholds(0.6, 0.5, 0.5, 0.8, 100.0, 1.6, "for tests")


@pytest.fixture(scope="module")
def chest() -> Radiograph:
    return simulate(3, 1, side=128).radiograph


@pytest.fixture(scope="module")
def image(chest: Radiograph) -> np.ndarray:
    return prepare(chest, 96).image


def seen(**shares: float) -> Answers:
    """An upright frontal chest, but for what is named."""
    kinds = np.array([shares.get(kind, 0.0) for kind in KINDS])
    kinds[0] = shares.get("frontal", 1 - kinds[1:].sum())
    turns = np.array([shares.get(turn, 0.0) for turn in TURNS])
    turns[0] = 1 - turns[1:].sum()
    return Answers(
        kinds, turns, shares.get("inverted", 0.01), shares.get("mirrored", 0.01),
        shares.get("distance", 1.0), shares.get("lean"),
    )  # fmt: skip


def test_a_lung_at_the_edge_is_warned_of_by_name_and_never_refused(chest, image) -> None:
    at = replace(seen(), contacts={"upper": 0.4, "lower": 0.05, "left": 0.06, "right": 0.0})
    reading = judge(chest, image, at, replace(LIMITS, cut_off=0.05))
    assert reading.accepted
    assert reading.warnings == (
        "A lung reaches the upper and the left edge of the image: part of it may be cut off.",
    )
    # A card of an earlier release has no such threshold.
    assert judge(chest, image, at, LIMITS).warnings == ()


def test_an_upright_frontal_chest_is_accepted_without_a_word(chest, image) -> None:
    reading = judge(chest, image, seen(), LIMITS)
    assert reading.accepted
    assert (reading.reason, reading.offer, reading.warnings) == ("", None, ())
    assert reading.score == pytest.approx(0.99)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("lateral", "found a chest seen from the side or at a slant. Open the frontal view"),
        ("part", "found only a part of a chest. Open the whole image"),
        ("tilted", "found a chest lying at a slant. Straighten the image"),
        ("collage", "found several images in one. Save the frontal radiograph alone"),
        ("radiograph", "found a radiograph of something else than a person's chest. Open"),
        ("slice", "found a slice or a scan"),
        ("picture", "found a photograph, a document or a drawing"),
    ],
)
def test_every_other_kind_is_refused_by_what_was_seen(chest, image, kind: str, words: str) -> None:
    reading = judge(chest, image, seen(**{kind: 0.7}), LIMITS)
    assert not reading.accepted
    assert reading.reason.startswith("Expected one upright frontal chest radiograph of a person, ")
    assert words in reading.reason
    assert reading.offer is None


@pytest.mark.parametrize(
    ("turn", "offer", "words"),
    [
        ("turned-90", "rotate-270", "found a chest lying on its side. Turn it upright"),
        ("turned-180", "rotate-180", "found a chest upside down. Turn it upright"),
        ("turned-270", "rotate-90", "found a chest lying on its side. Turn it upright"),
    ],
)
def test_a_turned_chest_is_offered_the_way_back(chest, image, turn, offer, words) -> None:
    reading = judge(chest, image, seen(**{turn: 0.9}), LIMITS)
    assert (reading.accepted, reading.offer) == (False, offer)
    assert words in reading.reason


def test_exchanged_black_and_white_is_offered_an_inversion(chest, image) -> None:
    reading = judge(chest, image, seen(inverted=0.9), LIMITS)
    assert (reading.accepted, reading.offer) == (False, "invert")
    assert "black and white exchanged. Invert it" in reading.reason


def test_a_chest_turned_and_inverted_is_turned_first(chest, image) -> None:
    reading = judge(chest, image, seen(inverted=0.9, **{"turned-180": 0.9}), LIMITS)
    assert reading.offer == "rotate-180"
    assert "upside down and inverted" in reading.reason


def test_what_is_unlike_every_chest_is_refused_whatever_the_network_calls_it(chest, image) -> None:
    assert judge(chest, image, seen(distance=1.6), LIMITS).accepted
    reading = judge(chest, image, seen(distance=1.61), LIMITS)
    assert "found an image unlike every chest radiograph the gate learnt from" in reading.reason


@pytest.mark.parametrize("grey", [0.0, 0.4, 1.0])
def test_a_blank_image_is_refused(chest, grey: float) -> None:
    blank = np.full((96, 96), grey, np.float32)
    blank[0, :5] = 0.9
    assert "found a blank image" in judge(chest, blank, seen(), LIMITS).reason
    assert 5 / blank.size < 1 - BLANK_SHARE


def test_black_and_white_alone_is_refused(chest) -> None:
    mask = np.zeros((96, 96), np.float32)
    mask[20:70, 20:70] = 1
    assert "found an image of black and white alone" in judge(chest, mask, seen(), LIMITS).reason


def test_an_image_of_a_few_pixels_is_refused(chest, image) -> None:
    small = replace(chest, pixels=chest.pixels[:40, :63])
    assert "found an image of 63 × 40 pixels" in judge(small, image, seen(), LIMITS).reason


def test_a_file_that_names_another_modality_is_refused_however_it_looks(chest, image) -> None:
    reading = judge(replace(chest, modality="a CT slice"), image, seen(), LIMITS)
    assert "found a CT slice, as the file says. Open a chest radiograph." in reading.reason
    assert reading.score <= LIMITS.frontal


@pytest.mark.parametrize(
    ("change", "refused", "warned"),
    [
        ({"body_part": "a hand"}, "found a radiograph of a hand, as the file", "shows a hand; a"),
        ({"view": "LATERAL"}, "found a lateral view, as the file says", "names another view"),
    ],
)
def test_a_header_outweighs_an_image_that_is_not_clearly_a_chest(
    chest, image, change, refused: str, warned: str
) -> None:
    other = replace(chest, **change)
    assert refused in judge(other, image, seen(frontal=0.85, part=0.15), LIMITS).reason
    clear = judge(other, image, seen(), LIMITS)
    assert clear.accepted
    assert warned in clear.warnings[0]


def test_an_ap_view_is_warned_of(chest, image) -> None:
    [warning] = judge(replace(chest, view="AP"), image, seen(), LIMITS).warnings
    assert warning == "AP view: the heart appears larger than on a PA view."


def test_a_mirror_image_is_warned_of_and_never_refused(chest, image) -> None:
    reading = judge(chest, image, seen(mirrored=0.99, lean=-0.05), LIMITS)
    assert reading.accepted
    assert (
        "Left and right seem to be exchanged: a mirror image, or situs inversus"
        in (reading.warnings[0])
    )


def test_without_the_heart_nothing_is_said_of_the_side() -> None:
    assert not exchanged(seen(mirrored=0.999), LIMITS)
    assert exchanged(seen(mirrored=0.999, lean=0.0), LIMITS)


@given(st.floats(0.001, 0.999), st.floats(-0.3, 0.3), st.floats(0, 0.3))
def test_a_heart_further_to_its_usual_side_never_raises_the_alarm(p, lean, more) -> None:
    if exchanged(seen(mirrored=p, lean=lean + more), LIMITS):
        assert exchanged(seen(mirrored=p, lean=lean), LIMITS)


@given(st.lists(st.floats(-40, 40), min_size=len(LOGITS), max_size=len(LOGITS)))
def test_logits_become_probabilities(logits: list[float]) -> None:
    found = answers(np.array(logits, np.float32), 1.0)
    assert found.kinds.sum() == pytest.approx(1)
    assert found.turns.sum() == pytest.approx(1)
    for value in (found.inverted, found.mirrored):
        assert 0 < value < 1
        assert math.isfinite(math.log(value / (1 - value)))
    assert 0 <= found.score <= found.frontal <= 1


@given(frontal=st.floats(0, 1), inverted=st.floats(0, 1), distance=st.floats(0, 3))
def test_a_refused_image_never_scores_above_an_accepted_one(
    chest, image, frontal, inverted, distance
) -> None:
    found = seen(frontal=frontal, picture=1 - frontal, inverted=inverted, distance=distance)
    reading = judge(chest, image, found, LIMITS)
    assert reading.accepted == (reading.reason == "")
    if not reading.accepted:
        assert reading.score <= LIMITS.frontal
