"""The pages in a real browser: from start and from drop to findings, frames while a hand drags.

Bars: first reading within 5 s of the start with converted networks cached, 60 s without; a
2048 × 2048 16-bit DICOM on screen with its findings within 1.5 s of the drop; window and level at
30 frames a second, the explorer's drag at 20.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from cxr_valve import cards
from cxr_valve.engines.engine import CACHE_VARIABLE, cache_folder
from cxr_valve.phantom.render import simulate
from tests.e2e.explore.steps import READY, attribute, hold, settled
from tests.e2e.read.planted import dicom
from tests.e2e.read.steps import WAIT, drop, example, idle
from tests.e2e.server import BROWSER_ARGUMENTS, ROOT, Server, browser_path, start_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DROPS = 7
#: Converting every network takes a while on a busy machine; that is measured, not given up on.
LONG = 10 * WAIT


@contextmanager
def browser() -> Iterator["Browser"]:
    """A headless browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=browser_path(), args=list(BROWSER_ARGUMENTS)
        )
        yield opened
        opened.close()


@contextmanager
def app(folder: Path, cache: Path | None = None) -> Iterator[Server]:
    """The dashboard with the shipped weights only, and converted networks in ``cache``."""
    env = {
        cards.ROOT_VARIABLE: str(folder / "no-weights"),
        CACHE_VARIABLE: str(cache or cache_folder()),
    }
    server = start_server(ROOT / "app.py", folder / "log.txt", env)
    try:
        yield server
    finally:
        server.end()


def large_dicom(seed: int = 7) -> bytes:
    """A simulated radiograph as a 2048 × 2048 DICOM of 16 bits."""
    small = simulate(seed, 1, side=512).radiograph.pixels.astype(np.float32)
    large = np.asarray(Image.fromarray(small).resize((2048, 2048)))
    return dicom(np.rint(large * 16).clip(0, 65535).astype(np.uint16))


def opened(chromium: "Browser", server: Server) -> "Page":
    """The reading page, ready for a file."""
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.goto(server.url)
    page.locator("input[type=file]").wait_for(state="attached", timeout=WAIT)
    return page


def seconds_to_findings(page: "Page", file: Path, name: str) -> float:
    """From the drop until image and findings are on screen."""
    began = time.perf_counter()
    drop(page, file)
    page.locator(".facts b", has_text=name).wait_for(timeout=LONG)
    page.locator('.viewer[data-ready="true"]').wait_for(timeout=LONG)
    return time.perf_counter() - began


def first_reading(chromium: "Browser", folder: Path, file: Path, cache: Path) -> float:
    """From starting the server until the first file's findings are on screen."""
    began = time.perf_counter()
    with app(folder, cache) as server:
        page = opened(chromium, server)
        seconds_to_findings(page, file, "Image 1")
        taken = time.perf_counter() - began
        page.close()
    return taken


def frames_of_windowing(page: "Page") -> float:
    """Frames a second while the window is dragged for 60 frames."""
    box = page.locator("canvas").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    rate = page.locator(".viewer").evaluate(
        """root => new Promise(done => {
          const canvas = root.querySelector("canvas"), box = canvas.getBoundingClientRect();
          const first = Number(root.dataset.frameCount);
          let step = 0, start;
          const move = now => {
            start ??= now;
            if (step === 60) {
              return done((Number(root.dataset.frameCount) - first) / (now - start) * 1000);
            }
            const clientX = box.x + box.width / 2 + 60 * Math.sin(step / 9);
            const clientY = box.y + box.height / 2 + 50 * Math.cos(step++ / 7);
            canvas.dispatchEvent(new PointerEvent("pointermove", {pointerId: 1, clientX, clientY}));
            requestAnimationFrame(move);
          };
          requestAnimationFrame(move);
        })"""
    )
    page.mouse.up()
    return float(rate)


def frames_of_exploring(page: "Page") -> float:
    """Redraws of the whole explorer a second while the threshold is dragged for 3 s."""
    x, y, width = hold(page, ".field.threshold input[type=range]", 0.3)
    first, began, step = int(attribute(page, "data-frames")), time.monotonic(), 0
    while time.monotonic() - began < 3:
        step += 1
        page.mouse.move(x + (3 * step) % (0.5 * width), y)
    rate = (int(attribute(page, "data-frames")) - first) / (time.monotonic() - began)
    page.mouse.up()
    return rate


def main() -> None:
    """Print what a visitor waits for."""
    if browser_path() is None:
        print("  no Chromium on the path: not measured")
        return
    with tempfile.TemporaryDirectory() as name, browser() as chromium:
        folder = Path(name)
        file = folder / "large.dcm"
        file.write_bytes(large_dicom())
        for words in ("nothing cached", "networks cached"):
            seconds = first_reading(chromium, folder, file, folder / "cache")
            print(f"  start to first reading, {words:<16} {seconds:5.1f} s", flush=True)
        with app(folder, folder / "cache") as server:
            page = opened(chromium, server)
            example(page, 1)
            times = []
            for number in range(2, 2 + DROPS):
                times.append(seconds_to_findings(page, file, f"Image {number}"))
                idle(page)
            print(
                f"  2048 px 16-bit DICOM, drop to findings {statistics.median(times):.2f} s "
                f"(median of {DROPS}; {min(times):.2f}-{max(times):.2f})"
            )
            print(f"  window and level {frames_of_windowing(page):.0f} frames/s")
            page.goto(f"{server.url}/thresholds?src=weights:mr-demonstration:test:score")
            page.wait_for_selector(READY, timeout=WAIT)
            settled(page)
            print(f"  explorer, threshold dragged {frames_of_exploring(page):.0f} redraws/s")


if __name__ == "__main__":
    main()
