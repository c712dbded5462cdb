"""What is laid over the radiograph: evidence, contours, the network's view, words."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.e2e.view.steps import pixels, press, settle, state

if TYPE_CHECKING:
    from playwright.sync_api import Page


pytestmark = pytest.mark.browser


def test_opens_showing_the_evidence_asked_for(
    viewer: Callable[..., "Page"], console_errors: list[str]
) -> None:
    page = viewer("finding=as")
    shown = state(page)
    assert shown["layer"] == "as/consensus"
    assert (shown["windowLow"], shown["windowHigh"]) == ("0.00", "4095.00")
    assert page.get_by_text("23% of the evidence lies outside the body or image").is_visible()
    assert page.get_by_text("Image 1 · PA").is_visible()
    assert not console_errors


def test_evidence_by_finding_network_opacity_and_contours(viewer: Callable[..., "Page"]) -> None:
    page = viewer("finding=mr")
    seen = {"mr": pixels(page)}
    page.get_by_role("button", name="Evidence for aortic stenosis").click()
    settle(page)
    seen["consensus"] = pixels(page)
    page.get_by_label("Network whose evidence is shown").select_option("DenseNet121")
    settle(page)
    assert state(page)["layer"] == "as/DenseNet121"
    assert page.get_by_text("No positive evidence").is_visible()
    seen["member"] = pixels(page)
    page.get_by_role("button", name="Contour lines").click()
    settle(page)
    seen["contours"] = pixels(page)
    page.get_by_role("button", name="Contour lines").click()
    page.get_by_label("Opacity of the evidence").fill("0")
    settle(page)
    seen["invisible"] = pixels(page)
    page.get_by_role("button", name="Evidence", exact=True).click()
    settle(page)
    assert state(page)["layer"] == "off"
    assert not page.get_by_text("No positive evidence").is_visible()
    assert len(set(seen.values())) == len(seen)
    assert pixels(page) == seen["invisible"]


def test_colours_lie_where_the_evidence_does(viewer: Callable[..., "Page"]) -> None:
    page = viewer("finding=mr")
    press(page, "o")
    # Evidence for MR rises from the first row to the last: cool above, warm below.
    above, below = (
        page.locator("canvas").evaluate(
            """(canvas, share) => {
              const context = canvas.getContext("2d");
              const [x, y] = [canvas.width / 2, canvas.height * share].map(Math.round);
              return [...context.getImageData(x, y, 1, 1).data];
            }""",
            share,
        )
        for share in (0.06, 0.94)
    )
    assert above[2] > above[0]
    assert below[0] > below[2]


def test_what_the_network_saw_is_one_click_away(viewer: Callable[..., "Page"]) -> None:
    page = viewer()
    press(page, "e", "o")
    drawn = pixels(page)
    page.get_by_role("button", name="What the network saw").click()
    settle(page)
    assert page.get_by_text("what the network saw, 64 × 64 pixels").is_visible()
    assert pixels(page) != drawn
    page.get_by_role("button", name="What the network saw").click()
    settle(page)
    assert pixels(page) == drawn


@pytest.mark.parametrize("width", [1440, 800])
def test_everything_has_a_name_and_fits(viewer: Callable[..., "Page"], width: int) -> None:
    page = viewer("two=1", width=width)
    page.wait_for_timeout(900)
    label = page.locator("canvas").first.get_attribute("aria-label")
    assert label is not None
    for words in ("Image 1: chest radiograph, PA", "window 4095", "Evidence for mitral", "cell"):
        assert words in label
    unnamed = page.locator(".viewer").evaluate(
        """root => [...root.querySelectorAll("button, select, input, canvas")]
          .filter(part => !part.getAttribute("aria-label")?.trim()).map(part => part.outerHTML)"""
    )
    assert unnamed == []
    outside = page.locator(".viewer").evaluate(
        """root => [...root.querySelectorAll("button:not([hidden]), select, .legend, .corner span")]
          .filter(part => {
            const [box, all] = [part.getBoundingClientRect(), root.getBoundingClientRect()];
            return box.right > all.right + 1 || box.bottom > all.bottom + 1 || box.left < all.left;
          }).map(part => part.outerHTML)"""
    )
    assert outside == []
