"""What a reader changes: the lines of the heart size, and how an image lies."""

from dataclasses import replace

import numpy as np
import pytest

from cxr_valve.anatomy.correction import changes_in_words, corrected, restored
from cxr_valve.anatomy.gate import Offer
from cxr_valve.anatomy.heart import correct
from cxr_valve.phantom.render import simulate
from tests.hand_made import dragged, heart


def test_a_correction_stands_beside_what_was_measured_and_can_be_taken_back() -> None:
    found = heart(heart_mm=90.0, thorax_mm=180.0)
    by_reader = correct(found, dragged(found, 0.05))
    assert by_reader.ctr == 0.5
    assert by_reader.corrected_ctr == pytest.approx(0.55)
    # The thorax is 90 pixels and 180 mm wide: two mm a pixel.
    assert by_reader.corrected_mm == pytest.approx((99.0, 180.0))
    assert correct(by_reader, None) == found
    assert correct(heart(), dragged(found, 0.05)).corrected_mm is None


def test_lines_that_give_no_ratio_are_refused() -> None:
    found = heart()
    with pytest.raises(ValueError, match="right ends on the left of the image"):
        correct(found, dragged(found, -0.6))
    with pytest.raises(ValueError, match="midline between the heart's borders"):
        correct(found, replace(found.lines, midline=10.0))


@pytest.mark.parametrize("offer", ["rotate-90", "rotate-180", "rotate-270", "invert"])
def test_every_change_can_be_undone_to_the_pixel(offer: Offer) -> None:
    radiograph = simulate(3, 0, side=96).radiograph
    radiograph = replace(radiograph, pixels=radiograph.pixels[:, :80].copy(), spacing_mm=(0.2, 0.3))
    changed = corrected(radiograph, offer)
    assert changed.pixels.shape != radiograph.pixels.shape or not np.array_equal(
        changed.pixels, radiograph.pixels
    )
    back = restored(corrected(changed, "invert"), (offer, "invert"))
    np.testing.assert_array_equal(back.pixels, radiograph.pixels)
    assert (back.spacing_mm, back.display) == (radiograph.spacing_mm, radiograph.display)


def test_changes_are_said_in_their_order() -> None:
    assert changes_in_words(()) == ""
    assert changes_in_words(("rotate-270", "invert")) == (
        "Turned by 90° anticlockwise and inverted by the reader before it was read."
    )
