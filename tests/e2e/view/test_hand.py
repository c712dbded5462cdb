"""The viewer under a hand: window, zoom, pan, turn, keys, without a round trip."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.e2e.view.steps import (
    PIXEL_BYTES,
    drag,
    middle,
    pixels,
    press,
    ready,
    runs,
    settle,
    state,
    window,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request


pytestmark = pytest.mark.browser


def test_dragging_windows_the_image_without_a_rerun(viewer: Callable[..., "Page"]) -> None:
    page = viewer()
    before, drawn, low_high = runs(page), pixels(page), window(page)
    drag(page, 120, 0)
    low, high = window(page)
    # 120 of 600 CSS pixels to the right: a fifth of the range wider, about the same centre.
    assert high - low == pytest.approx(4095 * 1.2, rel=0.02)
    assert (low + high) / 2 == pytest.approx(sum(low_high) / 2, abs=2)
    drag(page, 0, -60)
    assert sum(window(page)) < low + high
    assert pixels(page) != drawn
    assert runs(page) == before
    press(page, "x")
    assert window(page) == low_high
    assert pixels(page) == drawn


def test_pixels_are_sent_once_and_settings_outlive_reruns(
    url: str, visit: Callable[..., "Page"]
) -> None:
    page = visit("about:blank")
    fetched: list[tuple[str, int]] = []
    frames: list[int] = []
    page.on("websocket", lambda s: s.on("framereceived", lambda data: frames.append(len(data))))

    def note(request: "Request") -> None:
        if request.url.startswith(f"{url}/media/"):
            fetched.append((request.url, request.sizes()["responseBodySize"]))

    page.on("requestfinished", note)
    page.goto(url)
    ready(page)
    assert sorted(size for _, size in fetched) == [64 * 64 + 32, PIXEL_BYTES]
    drag(page, 90, 30)
    press(page, "+", "e")
    before, kept = runs(page), state(page)
    frames.clear()
    page.get_by_role("button", name="rerun").click()
    page.get_by_text(f"runs: {before + 1}").wait_for()
    settle(page)
    assert len(fetched) == 2
    assert sum(frames) < 50_000
    changed = {name for name, value in state(page).items() if kept[name] != value}
    assert changed <= {"frameCount"}


def test_another_image_starts_with_a_view_of_its_own(viewer: Callable[..., "Page"]) -> None:
    page = viewer()
    drag(page, 90, 30)
    press(page, "+", "m", "c")
    page.get_by_text("next").click()
    page.get_by_text("Image 2 · PA").wait_for()
    ready(page)
    assert window(page) == (0, 4095)
    assert state(page)["mirror"] == "false"
    # What was switched on is the reader's choice, not the image's.
    assert state(page)["contours"] == "true"


def test_the_wheel_zooms_about_the_cursor(viewer: Callable[..., "Page"]) -> None:
    page = viewer()
    x, y = middle(page)
    page.mouse.move(x + 70, y - 90)
    settle(page)
    reading = page.locator(".bottom-right").inner_text()
    assert re.match(r"[\d.]+, [\d.]+ mm at the detector · grey \d+ · evidence ", reading)
    zoom = float(state(page)["zoom"])
    page.mouse.wheel(0, -300)
    settle(page)
    assert float(state(page)["zoom"]) > 1.5 * zoom
    here, there = (
        [float(number) for number in re.findall(r"[\d.]+", text)[:2]]
        for text in (reading, page.locator(".bottom-right").inner_text())
    )
    # A tenth of a millimetre each way is the rounding of what is shown.
    assert here == pytest.approx(there, abs=0.11)


def test_panning_turning_and_mirroring_come_back(viewer: Callable[..., "Page"]) -> None:
    page = viewer()
    drawn = pixels(page)
    press(page, "p")
    drag(page, 60, 40)
    assert window(page) == (0, 4095)
    centre = page.locator(".pane").get_attribute("data-centre")
    assert centre is not None
    assert all(float(part) < 0.5 for part in centre.split(","))
    press(page, "0")
    assert pixels(page) == drawn
    for key, times in (("r", 4), ("m", 2), ("i", 2)):
        press(page, key)
        assert pixels(page) != drawn
        press(page, *[key] * (times - 1))
        assert pixels(page) == drawn
    press(page, "r", "m")
    assert page.get_by_text("mirrored").is_visible()
    assert page.get_by_text("turned 270°").is_visible()


def test_two_images_of_different_size_move_together_until_unlinked(
    viewer: Callable[..., "Page"],
) -> None:
    page = viewer("two=1")
    panes = page.locator(".pane")

    def views() -> list[tuple[str | None, ...]]:
        names = ("data-zoom", "data-centre", "data-window-low")
        return [tuple(panes.nth(i).get_attribute(name) for name in names) for i in (0, 1)]

    drag(page, 80, 20)
    x, y = middle(page)
    page.mouse.move(x + 40, y)
    page.mouse.wheel(0, -200)
    settle(page)
    first, second = views()
    assert first == second
    page.get_by_role("button", name="Link the two images").click()
    drag(page, 100, 0, pane=1)
    assert views()[0] == first
    assert views()[1] != first
    page.get_by_role("button", name="Link the two images").click()
    settle(page)
    first, second = views()
    assert first == second


def test_shortcuts_stay_inside_the_viewer(viewer: Callable[..., "Page"]) -> None:
    page = viewer()
    before = runs(page)
    # Streamlit itself reruns on R and offers to clear caches on C.
    press(page, "r", "c", "ArrowLeft", "Shift+ArrowUp")
    page.wait_for_timeout(500)
    assert runs(page) == before
    assert not page.get_by_role("dialog").is_visible()
    assert state(page)["turns"] == "1"
    press(page, "?")
    assert page.get_by_role("dialog", name="Shortcuts and help").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()


def test_full_screen_and_back(viewer: Callable[..., "Page"]) -> None:
    page = viewer()
    press(page, "f")
    page.wait_for_function("document.fullscreenElement !== null")
    press(page, "f")
    page.wait_for_function("document.fullscreenElement === null")
