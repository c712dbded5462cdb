"""What an offered change does to pixels, spacing and grey values."""

from dataclasses import replace

import numpy as np
import pytest

from cxr_valve.anatomy.correction import corrected
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.phantom.render import simulate


@pytest.fixture(scope="module")
def chest() -> Radiograph:
    whole = simulate(2, 0, side=96).radiograph
    tone = np.linspace(0, 1, 16, dtype=np.float32) ** 2
    return replace(whole, pixels=whole.pixels[:, 10:80], spacing_mm=(0.1, 0.3), tone=tone)


def test_a_turn_of_90_is_clockwise(chest) -> None:
    turned = corrected(chest, "rotate-90")
    assert turned.pixels.shape == (70, 96)
    # What lay at the left end of the bottom row comes to the top left corner.
    assert turned.pixels[0, 0] == chest.pixels[-1, 0]
    np.testing.assert_array_equal(turned.pixels[0], chest.pixels[::-1, 0])


def test_spacing_follows_its_axis(chest) -> None:
    assert corrected(chest, "rotate-90").spacing_mm == (0.3, 0.1)
    assert corrected(chest, "rotate-180").spacing_mm == (0.1, 0.3)
    assert corrected(replace(chest, spacing_mm=None), "rotate-270").spacing_mm is None


def test_an_inversion_shows_the_negative_and_keeps_every_grey_value(chest) -> None:
    negative = corrected(chest, "invert")
    np.testing.assert_allclose(
        negative.shown().astype(int), 255 - chest.shown().astype(int), atol=1
    )
    np.testing.assert_allclose(
        negative.slope * negative.pixels + negative.intercept,
        chest.slope * chest.pixels + chest.intercept,
    )
    assert negative.decoding.inverted is not chest.decoding.inverted
