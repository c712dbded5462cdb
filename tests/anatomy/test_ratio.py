from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from cxr_valve.anatomy.heart import HeartLines, correct, ctr_from_lines
from cxr_valve.anatomy.masks import clean_masks
from cxr_valve.anatomy.ratio import measure_lines, place_lines
from cxr_valve.imaging.geometry import Box, Geometry
from tests.anatomy.chest import SIDE, DrawnChest


def ratio(probabilities: np.ndarray) -> float:
    lines = measure_lines(clean_masks(probabilities))
    assert lines is not None
    return ctr_from_lines(lines)


@given(
    heart=st.floats(14, 34),
    right=st.floats(14, 24),
    left=st.floats(14, 24),
    middle=st.floats(60, 74),
)
@settings(max_examples=40)
def test_the_ratio_of_drawn_ellipses_is_found_between_pixels(heart, right, left, middle) -> None:
    drawn = DrawnChest(
        heart=(78.0, middle, 22.0, heart),
        right=(64.0, 38.0, 40.0, right),
        left=(64.0, 92.0, 40.0, left),
    )
    # A quarter of a pixel at each of four borders, of a thorax some 90 pixels wide.
    assert ratio(drawn.probabilities()) == pytest.approx(drawn.ratio, abs=0.008)


@given(down=st.integers(-12, 12), across=st.integers(-12, 12))
@settings(max_examples=25)
def test_moving_everything_leaves_the_ratio_and_moves_the_lines(down, across) -> None:
    still = DrawnChest().probabilities()
    moved = np.roll(still, (down, across), axis=(1, 2))
    before, after = measure_lines(clean_masks(still)), measure_lines(clean_masks(moved))
    assert ctr_from_lines(after) == pytest.approx(ctr_from_lines(before), abs=1e-9)
    assert after.heart_right[1] - before.heart_right[1] == pytest.approx(across)
    assert after.thorax_left[0] - before.thorax_left[0] == down
    assert after.midline - before.midline == pytest.approx(across)


@given(factor=st.sampled_from([0.5, 0.75, 1.5, 2.0]))
@settings(max_examples=4)
def test_the_size_of_the_image_does_not_matter(factor) -> None:
    chest = DrawnChest()
    scaled = DrawnChest(
        *(
            tuple(value * factor for value in part)
            for part in (chest.heart, chest.right, chest.left)
        ),
        side=int(SIDE * factor),
    )
    assert ratio(scaled.probabilities()) == pytest.approx(chest.ratio, abs=0.01)


def test_a_mirrored_chest_has_the_same_ratio() -> None:
    chest = DrawnChest()
    seen = chest.probabilities()
    # In the mirror the lung on the left of the image is the one the network calls right.
    mirrored = seen[[0, 2, 1]][:, :, ::-1]
    assert ratio(mirrored) == pytest.approx(ratio(seen), abs=1e-9)
    there, here = measure_lines(clean_masks(seen)), measure_lines(clean_masks(mirrored))
    assert here.heart_right[1] == pytest.approx(SIDE - there.heart_left[1])
    assert here.midline == pytest.approx(SIDE - there.midline)


def test_the_widest_points_may_lie_on_different_rows() -> None:
    chest = DrawnChest(left=(70.0, 92.0, 40.0, 18.0))
    lines = measure_lines(clean_masks(chest.probabilities()))
    assert lines.thorax_right[0] == pytest.approx(64, abs=1.5)
    assert lines.thorax_left[0] == pytest.approx(70, abs=1.5)
    assert ctr_from_lines(lines) == pytest.approx(chest.ratio, abs=0.005)


def test_the_midline_runs_between_the_lungs_and_inside_the_heart() -> None:
    chest = DrawnChest()
    lines = measure_lines(clean_masks(chest.probabilities()))
    # Above the heart the lungs' inner borders lie at 58 and 74 at most.
    assert 62 < lines.midline < 70
    # A heart that lies wholly on one side still holds the line that its halves start from.
    aside = replace(chest, heart=(78.0, 100.0, 22.0, 12.0))
    moved = measure_lines(clean_masks(aside.probabilities()))
    assert moved.midline == pytest.approx(88, abs=0.5)


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_without_heart_or_a_lung_nothing_is_measured(missing) -> None:
    seen = DrawnChest().probabilities()
    seen[missing] = 0
    assert measure_lines(clean_masks(seen)) is None


def test_a_heart_as_wide_as_the_thorax_is_no_measurement() -> None:
    wide = DrawnChest(heart=(78.0, 64.0, 22.0, 50.0))
    assert measure_lines(clean_masks(wide.probabilities())) is None


def test_lines_are_placed_on_the_radiograph() -> None:
    lines = HeartLines(60, (70, 40), (72, 80), (50, 20), (52, 100))
    # A radiograph of 600 × 500 of which the lower right 500 × 400 fills 125 × 100 of the input.
    geometry = Geometry(
        600, 500, 128, Box(100.0, 100.0, 600.0, 500.0), Box(0.0, 14.0, 125.0, 114.0)
    )
    placed = place_lines(lines, geometry)
    assert placed.midline == pytest.approx(100 + (60 - 14) * 4)
    assert placed.heart_right == pytest.approx((100 + 70 * 4, 100 + (40 - 14) * 4))
    assert ctr_from_lines(placed) == pytest.approx(ctr_from_lines(lines))


LINES = HeartLines(60, (70, 40), (72, 80), (50, 20), (52, 100))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (replace(LINES, heart_right=(70, 90)), r"heart -10\.0 and thorax 80\.0 pixels wide"),
        (replace(LINES, thorax_left=(52, 20)), r"heart 40\.0 and thorax 0\.0 pixels wide"),
        (replace(LINES, midline=81), "Expected the midline between the heart's borders"),
    ],
)
def test_lines_that_cross_are_refused(changed, message) -> None:
    with pytest.raises(ValueError, match=message):
        ctr_from_lines(changed)


def test_a_dragged_end_changes_the_ratio() -> None:
    assert ctr_from_lines(LINES) == 0.5
    assert ctr_from_lines(replace(LINES, heart_left=(72, 88))) == 0.6
    # Rows and the midline are for drawing: the sum of the halves does not depend on them.
    assert ctr_from_lines(replace(LINES, midline=50, heart_left=(99, 80))) == 0.5


def test_a_correction_is_checked_and_can_be_taken_back(heart_card, drawn_network, chest) -> None:
    from cxr_valve.anatomy.heart_reader import HeartReader
    from cxr_valve.imaging.prepare import prepare
    from cxr_valve.phantom.render import simulate

    radiograph = simulate(1, 1, side=SIDE).radiograph
    found = HeartReader(heart_card, drawn_network).read(radiograph, prepare(radiograph, SIDE))
    with pytest.raises(ValueError, match="midline"):
        correct(found, replace(found.lines, midline=0.0))
    wider = replace(found.lines, heart_left=(0.0, found.lines.heart_left[1] + 9))
    assert correct(found, wider).corrected_ctr > found.ctr
    assert correct(correct(found, wider), None) == found
