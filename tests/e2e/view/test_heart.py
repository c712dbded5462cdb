"""Heart size on the viewer: drawn, switched, moved by mouse and keys, and taken back."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.e2e.view.steps import pixels, press, runs, settle, state

if TYPE_CHECKING:
    from playwright.sync_api import Page


pytestmark = pytest.mark.browser

#: The hand-made heart on an image 2048 pixels wide: its left border, and a thorax of 90%.
LEFT, THORAX = 0.80 * 2048, 0.90 * 2048


def ratio(page: "Page", pane: int = 0) -> float:
    return float(page.locator(".pane").nth(pane).get_attribute("data-ctr") or "nan")


def end(page: "Page", name: str, pane: int = 0) -> tuple[float, float]:
    """Where a line end's handle lies on the screen."""
    box = page.locator(".pane").nth(pane).locator(f"[data-end={name}]").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag_end(page: "Page", name: str, across: float, down: float) -> None:
    x, y = end(page, name)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across, y + down, steps=4)


def test_the_layer_is_switched_without_the_server(viewer: Callable[..., "Page"]) -> None:
    page = viewer("heart=1")
    before, drawn = runs(page), pixels(page)
    assert state(page)["heart"] == "true"
    page.get_by_role("button", name="Heart size", exact=True).click()
    settle(page)
    assert pixels(page) != drawn
    assert not page.get_by_role("slider", name="Heart, left border").is_visible()
    press(page, "h")
    assert pixels(page) == drawn
    assert runs(page) == before
    page.wait_for_timeout(700)
    label = page.locator("canvas").get_attribute("aria-label") or ""
    assert "heart size: cardiothoracic ratio 0.50" in label


def test_the_ratio_follows_a_line_end_and_reaches_the_server_when_let_go(
    viewer: Callable[..., "Page"],
) -> None:
    page = viewer("heart=1")
    before, scale = runs(page), float(state(page)["zoom"])
    assert ratio(page) == pytest.approx(0.5)
    drag_end(page, "heartLeft", 40, 12)
    settle(page)
    moved = 40 / scale
    assert ratio(page) == pytest.approx(0.5 + moved / THORAX, abs=0.002)
    assert runs(page) == before
    page.mouse.up()
    page.get_by_text(f"kept 0: {LEFT + moved:.0f}").wait_for()
    assert ratio(page) == pytest.approx(0.5 + moved / THORAX, abs=0.002)
    assert page.locator(".pane").get_attribute("data-corrected") == "true"
    page.get_by_role("button", name="Heart size as measured").click()
    page.get_by_text("kept 0: measured").wait_for()
    settle(page)
    assert ratio(page) == pytest.approx(0.5)
    assert page.locator(".pane").get_attribute("data-corrected") == "false"


def test_arrow_keys_move_a_line_end_as_seen(viewer: Callable[..., "Page"]) -> None:
    page = viewer("heart=1")
    handle = page.get_by_role("slider", name="Heart, left border")
    page.locator("canvas").focus()
    for _ in range(2):
        page.keyboard.press("Tab")
    assert handle.evaluate("handle => handle.getRootNode().activeElement === handle")
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowRight"):
        page.keyboard.press(key)
    settle(page)
    assert ratio(page) == pytest.approx(0.5 + 12 / THORAX, abs=2e-4)
    assert "CTR 0.51, corrected by the reader" in (handle.get_attribute("aria-valuetext") or "")
    page.get_by_text(f"kept 0: {LEFT + 12:.0f}").wait_for()
    # Mirrored, the left border is seen on the left, and an arrow still points where it moves.
    press(page, "m")
    x, y = end(page, "heartLeft")
    handle.press("Shift+ArrowLeft")
    settle(page)
    assert end(page, "heartLeft")[0] < x
    assert ratio(page) == pytest.approx(0.5 + 22 / THORAX, abs=2e-4)
    press(page, "r")
    # A quarter turn further, across the chest is down the screen.
    x, y = end(page, "heartLeft")
    handle.press("Shift+ArrowUp")
    settle(page)
    assert end(page, "heartLeft")[0] == pytest.approx(x, abs=0.1)
    assert end(page, "heartLeft")[1] < y


def test_handles_stay_on_the_lines_under_every_view(viewer: Callable[..., "Page"]) -> None:
    page = viewer("heart=1&two=1")
    assert page.locator(".handle").count() == 8
    for key in ("+", "r", "m", "r"):
        press(page, key)
        for pane, width in ((0, 2048), (1, 900)):
            apart = [
                abs(a - b)
                for a, b in zip(
                    end(page, "thoraxRight", pane), end(page, "thoraxLeft", pane), strict=True
                )
            ]
            figure = page.locator(".pane").nth(pane)
            box = figure.bounding_box()
            assert box is not None
            turned = int(state(page)["turns"]) % 2
            rows, columns = (2048, 2048) if pane == 0 else (1300, 900)
            across, down = (rows, columns) if turned else (columns, rows)
            fit = min(box["width"] / across, box["height"] / down)
            zoom = float(figure.get_attribute("data-zoom") or "nan")
            assert max(apart) == pytest.approx(0.9 * width * fit * zoom, rel=0.01)
    assert ratio(page, 0) == ratio(page, 1) == pytest.approx(0.5)
