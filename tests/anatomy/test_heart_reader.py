from dataclasses import replace

import numpy as np
import pytest

from cxr_valve.anatomy.heart_card import IntervalRule
from cxr_valve.anatomy.heart_reader import AP_NOTE, HeartReader, half_width, softness
from cxr_valve.anatomy.masks import clean_masks
from cxr_valve.imaging.geometry import Box, Geometry
from cxr_valve.imaging.prepare import Prepared
from cxr_valve.phantom.render import simulate
from tests.anatomy.chest import SIDE


@pytest.fixture(scope="module")
def radiograph():
    """Any square radiograph: the network sees its own chest in it."""
    return simulate(1, 1, side=256).radiograph


@pytest.fixture
def prepared():
    everything = Box(0.0, 0.0, float(SIDE), float(SIDE))
    twice = Geometry(256, 256, SIDE, Box(0.0, 0.0, 256.0, 256.0), everything)
    return Prepared(np.zeros((SIDE, SIDE), np.float32), twice)


def test_a_reading_holds_ratio_interval_lines_and_outlines(
    heart_card, drawn_network, chest, radiograph, prepared
) -> None:
    found = HeartReader(heart_card, drawn_network).read(radiograph, prepared)
    assert found.ctr == pytest.approx(chest.ratio, abs=0.005)
    soft = softness(clean_masks(chest.probabilities()), (0.3, 0.7))
    half = 2.0 * np.hypot(0.01, soft)
    assert (found.low, found.high) == pytest.approx((found.ctr - half, found.ctr + half), abs=1e-5)
    # Twice the input, so pixels of the radiograph.
    assert found.lines.heart_left[1] == pytest.approx(2 * (70 + 24), abs=0.5)
    assert found.lines.thorax_right[1] == pytest.approx(2 * (38 - 20), abs=0.5)
    assert [outline.structure for outline in found.outlines] == ["heart", "right lung", "left lung"]
    assert (found.confidence, found.notes, found.weights) == (1.0, (), "heart-toy")


def test_nothing_is_measured_beyond_the_image(heart_card, drawn_network, chest, radiograph) -> None:
    # The network's chest is wider than the image, whose input is padded on either side.
    narrow = Geometry(
        256, 160, SIDE, Box(0.0, 0.0, 256.0, 160.0), Box(0.0, 24.0, float(SIDE), 104.0)
    )
    image = Prepared(np.zeros((SIDE, SIDE), np.float32), narrow)
    found = HeartReader(heart_card, drawn_network).read(radiograph, image)
    assert found.lines.thorax_right[1] == pytest.approx(0, abs=0.01)
    assert found.lines.thorax_left[1] == pytest.approx(160, abs=0.01)
    assert found.ctr == pytest.approx(48 / 80, abs=0.005)
    columns = np.concatenate([outline.points[:, 1] for outline in found.outlines])
    assert columns.min() >= -1
    assert columns.max() <= 161
    assert "widest at the edge of the image" in " ".join(found.notes)
    assert found.confidence < 1


def test_sizes_are_given_at_the_detector_and_nowhere_else(
    heart_card, drawn_network, radiograph, prepared
) -> None:
    reader = HeartReader(heart_card, drawn_network)
    at_detector = replace(radiograph, spacing_mm=(0.3, 0.7), spacing_source="ImagerPixelSpacing")
    found = reader.read(at_detector, prepared)
    # Widths run along columns.
    assert found.heart_mm == pytest.approx(found.lines.heart_width * 0.7)
    assert found.thorax_mm == pytest.approx(found.lines.thorax_width * 0.7)
    elsewhere = reader.read(replace(at_detector, spacing_source="PixelSpacing"), prepared)
    assert (elsewhere.heart_mm, elsewhere.thorax_mm) == (None, None)
    assert reader.read(replace(at_detector, spacing_mm=None), prepared).heart_mm is None


def test_an_ap_view_is_flagged_and_not_corrected(
    heart_card, drawn_network, radiograph, prepared
) -> None:
    reader = HeartReader(heart_card, drawn_network)
    frontal = reader.read(replace(radiograph, view="PA"), prepared)
    portable = reader.read(replace(radiograph, view="AP"), prepared)
    assert portable.notes == (*frontal.notes, AP_NOTE)
    assert (portable.ctr, portable.confidence) == (frontal.ctr, frontal.confidence)


def test_without_a_lung_there_is_no_reading(heart_card, chest, radiograph, prepared) -> None:
    def one_lung(images):
        logits = chest.logits()
        logits[1] = -9
        return (logits[None],)

    assert HeartReader(heart_card, one_lung).read(radiograph, prepared) is None


def test_the_interval_widens_with_softness() -> None:
    rule = IntervalRule(0.03, 2.0, (0.3, 0.7), "by hand")
    assert half_width(rule, 0.0) == pytest.approx(0.06)
    assert half_width(rule, 0.04) == pytest.approx(0.1)


def test_blurred_borders_are_soft(chest) -> None:
    from scipy.ndimage import gaussian_filter

    sharp = chest.probabilities()
    blurred = np.stack([gaussian_filter(one, 3) for one in sharp])
    assert softness(clean_masks(sharp), (0.3, 0.7)) < 0.01
    # The heart grows while the thorax grows too, so the ratio moves less than either.
    assert softness(clean_masks(blurred), (0.3, 0.7)) > 0.015
    assert softness(clean_masks(np.zeros_like(sharp)), (0.3, 0.7)) == 1.0


def test_borders_are_drawn_at_the_probabilities_of_the_card(
    heart_card, drawn_network, chest, radiograph, prepared
) -> None:
    from scipy.ndimage import gaussian_filter

    def blurred(images):
        soft = np.stack([gaussian_filter(one, 3) for one in chest.probabilities()])
        soft = np.clip(soft, 1e-4, 1 - 1e-4)
        return (np.log(soft / (1 - soft)).astype(np.float32)[None],)

    def width(heart: float, lungs: float) -> tuple[float, float]:
        card = replace(heart_card, borders=replace(heart_card.borders, heart=heart, lungs=lungs))
        lines = HeartReader(card, blurred).read(radiograph, prepared).lines
        return lines.heart_width, lines.thorax_width

    even = width(0.5, 0.5)
    assert width(0.8, 0.5)[0] < even[0] - 2
    assert width(0.8, 0.5)[1] == pytest.approx(even[1])
    assert width(0.5, 0.2)[1] > even[1] + 2
