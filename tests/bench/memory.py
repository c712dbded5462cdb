"""Does a long visit cost the server more memory than a short one? Minutes: not in ``make bench``.

``python -m tests.bench.memory``. Bars: after 200 readings within 10% of after 20; after 300 files
of 2048 × 2048 in 16 bits within 1.5 times of after 30.
"""

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from tests.bench.browser import LONG, app, browser, large_dicom, opened
from tests.e2e.read.steps import drop, idle

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def megabytes(process: psutil.Process) -> float:
    """Resident memory of the server and everything it started."""
    family = [process, *process.children(recursive=True)]
    return sum(one.memory_info().rss for one in family) / 1e6


def read_all(page: "Page", files: list[Path], total: int) -> None:
    """Drop files and wait until the visit has read ``total``."""
    drop(page, *files)
    if total > 1:
        worklist = re.compile(rf"^Worklist \({total}\)")
        page.get_by_role("button", name=worklist).wait_for(timeout=LONG)
    page.get_by_role("button", name="Stop reading").wait_for(state="detached", timeout=LONG)
    idle(page)


def visit(chromium: "Browser", folder: Path, files: list[Path], few: int) -> tuple[float, float]:
    """Memory in MB after ``few`` readings of one visit and after all of them."""
    with app(folder) as server:
        process = psutil.Process(server.process.pid)
        page = opened(chromium, server)
        read_all(page, files[:few], few)
        before = megabytes(process)
        # In tens, as a person would: the browser holds what it sends.
        for start in range(few, len(files), 10):
            batch = files[start : start + 10]
            read_all(page, batch, start + len(batch))
        after = megabytes(process)
        page.close()
    return before, after


def main() -> None:
    """Print both visits."""
    with tempfile.TemporaryDirectory() as name, browser() as chromium:
        folder = Path(name)
        distinct = [large_dicom(seed) for seed in range(5)]
        files = [folder / f"{number:03d}.dcm" for number in range(300)]
        for number, file in enumerate(files):
            file.write_bytes(distinct[number % len(distinct)])
        for few, many in ((20, 200), (30, 300)):
            before, after = visit(chromium, folder, files[:many], few)
            print(
                f"  {before:.0f} MB after {few} readings, {after:.0f} MB after {many}: "
                f"{after / before:.2f}×",
                flush=True,
            )


if __name__ == "__main__":
    main()
