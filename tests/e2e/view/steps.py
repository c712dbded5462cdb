"""What a hand does on the viewer, and what it shows."""

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


SIDE = 2048


#: Sent for one image: two bytes a pixel and the digest.
PIXEL_BYTES = 2 * SIDE * SIDE + 32


def ready(page: "Page") -> None:
    page.locator('.viewer[data-ready="true"]').wait_for(timeout=30_000)
    settle(page)


def settle(page: "Page") -> None:
    """Wait until what was asked for has been drawn."""
    page.evaluate("() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
    page.wait_for_timeout(250)


def state(page: "Page") -> dict[str, str]:
    return page.locator(".viewer").evaluate("root => ({...root.dataset})")


def window(page: "Page", pane: int = 0) -> tuple[float, float]:
    figure = page.locator(".pane").nth(pane)
    low = figure.get_attribute("data-window-low")
    return float(low or "nan"), float(figure.get_attribute("data-window-high") or "nan")


def pixels(page: "Page", pane: int = 0) -> str:
    drawn = page.locator("canvas").nth(pane).evaluate("canvas => canvas.toDataURL()")
    return hashlib.sha256(drawn.encode()).hexdigest()


def runs(page: "Page") -> int:
    return int(re.findall(r"\d+", page.get_by_text(re.compile(r"^runs: \d+$")).inner_text())[0])


def middle(page: "Page", pane: int = 0) -> tuple[float, float]:
    box = page.locator("canvas").nth(pane).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: "Page", across: float, down: float, pane: int = 0) -> None:
    x, y = middle(page, pane)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across, y + down, steps=4)
    page.mouse.up()
    settle(page)


def press(page: "Page", *keys: str) -> None:
    page.locator("canvas").first.focus()
    for key in keys:
        page.keyboard.press(key)
    settle(page)
