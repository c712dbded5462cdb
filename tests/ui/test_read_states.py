"""What the reading page says of an image: accepted, warned of, refused, turned, read anyway."""

import io
import json
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cxr_valve.reading.serialise import outcome_as_dict
from cxr_valve.ui.finding_card import READ_ANYWAY
from cxr_valve.ui.heart_card import NOT_FOUND
from tests.hand_made import PHOTOGRAPH, SIDEWAYS, UNLIKE
from tests.reading.conftest import as_dicom
from tests.ui.hand_reader import AP_WARNING
from tests.ui.steps import drop, html, visit

Shown = Callable[..., AppTest]


def image(rows: int = 160, columns: int = 160) -> bytes:
    """Grey that rises from the left to the right, so that it is seen which way it lies."""
    pixels = np.linspace(20, 230, columns)[None, :].repeat(rows, 0).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def shown(page: AppTest) -> Shown:
    def show(content: bytes) -> AppTest:
        drop(page, ("a.png", content))
        return page

    return show


def labels(page: AppTest) -> list[str]:
    ours = ("gate-offer", "gate-anyway", "gate-undo")
    return [button.label for button in page.button if button.key in ours]


def test_an_accepted_image_is_read_with_its_heart_size_first(shown: Shown) -> None:
    page = shown(image())
    said = html(page)
    assert "<b>Image 1</b>: frontal chest radiograph, can be read · view not stated" in said
    assert said.index('data-ctr="0.5000"') < said.index('data-finding="mr"')
    assert labels(page) == []
    assert "Not read." not in said


def test_an_ap_view_is_warned_of_and_keeps_its_heart_size(shown: Shown) -> None:
    pixels = np.linspace(0, 4000, 160)[None, :].repeat(160, 0)
    said = html(shown(as_dicom(pixels, ViewPosition="AP")))
    assert f'<div class="warn">{AP_WARNING}</div>' in said
    assert "AP view: drawn larger; the limit of 0.50 is one for PA views." in said
    assert 'data-finding="mr"' in said


def test_lungs_not_found_are_said_in_place_of_a_number(shown: Shown) -> None:
    said = html(shown(image(161)))
    assert NOT_FOUND in said
    assert "data-ctr" not in said
    assert 'data-finding="as"' in said


def test_a_refused_photograph_shows_why_and_can_be_read_anyway(shown: Shown) -> None:
    page = shown(image(160, 100))
    said = html(page)
    assert f"<b>Not read.</b> {PHOTOGRAPH.reason}" in said
    assert "data-finding" not in said
    assert "Heart size" not in said
    assert labels(page) == ["Read anyway"]
    assert visit(page).pixels(visit(page).cases[0])[0] is not None

    page.button(key="gate-anyway").click().run()
    said = html(page)
    assert f"<b>Read although refused.</b> {PHOTOGRAPH.reason}" in said
    assert said.count(READ_ANYWAY) == 2
    case = visit(page).cases[0]
    assert case.was_read
    assert outcome_as_dict(case.outcome)["read_anyway"] is True
    page.button(key="gate-undo").click().run()
    assert "data-finding" not in html(page)
    assert not page.exception


def test_a_refused_chest_keeps_its_heart_size(shown: Shown) -> None:
    said = html(shown(image(300, 160)))
    assert UNLIKE.reason in said
    assert 'data-ctr="0.5000"' in said
    assert "data-finding" not in said


def test_a_sideways_image_is_turned_as_offered_read_and_turned_back(shown: Shown) -> None:
    page = shown(image(120, 160))
    assert SIDEWAYS.reason in html(page)
    # Across a chest that lies on its side there is no heart to measure.
    assert "data-ctr" not in html(page)
    assert labels(page) == ["Turn 90° clockwise", "Read anyway"]
    page.button(key="gate-offer").click().run()
    said = html(page)
    assert "can be read · view not stated · PNG · 120 × 160" in said
    assert "Turned by 90° clockwise by the reader before it was read." in said
    assert 'data-finding="mr"' in said
    case = visit(page).cases[0]
    assert json.loads(json.dumps(outcome_as_dict(case.outcome)))["changes"] == ["rotate-90"]
    radiograph, reduced = visit(page).pixels(case)
    assert radiograph is not None
    assert not reduced
    # What was on the left is on top after a quarter turn clockwise.
    assert radiograph.pixels[0].mean() < radiograph.pixels[-1].mean()
    page.button(key="gate-undo").click().run()
    assert SIDEWAYS.reason in html(page)
    assert outcome_as_dict(visit(page).cases[0].outcome)["changes"] == []
    assert not page.exception


def test_without_all_pixels_nothing_is_read_again(shown: Shown) -> None:
    page = shown(image(120, 160))
    visit(page).full.clear()
    page.run()
    assert [button.disabled for button in page.button if button.label in labels(page)] == [True] * 2
