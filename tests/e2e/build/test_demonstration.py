"""The demonstration from click to a reading, through the death of the app and of the training."""

import json
import os
import re
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.build.conftest import Program

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

#: Enough that every split holds both classes; 600 in the product.
PATIENTS = "180"
#: The page tells the truth within so many milliseconds of a reload.
TRUTH = 15_000
#: Under two minutes on two idle cores; a busy machine is given more.
WAIT = 600_000


def badge(page: "Page", state: str, timeout: int) -> None:
    """Wait until the run that is looked at is said to be in that state."""
    page.locator(".st-key-run-state", has_text=state).wait_for(timeout=timeout)


def status(runs: Path) -> dict[str, object]:
    (file,) = runs.glob("*/status.json")
    found: dict[str, object] = json.loads(file.read_text())
    return found


def after_an_epoch(runs: Path) -> None:
    """Wait until training left its first checkpoint and goes on."""
    until = time.monotonic() + WAIT / 1000
    while time.monotonic() < until:
        found = status(runs)
        if found["state"] == "failed":
            raise AssertionError(found["error"])
        if found["stage"] == "training" and int(str(found["epoch"])) >= 1:
            return
        time.sleep(0.2)
    raise AssertionError(f"Expected a first epoch, found {found}")


@pytest.mark.timeout(1500)
def test_from_a_click_to_a_reading(program: Program) -> None:
    page = program.open()
    page.get_by_text("Nothing was trained here yet").wait_for(timeout=60_000)
    page.get_by_role("button", name="Patients").click()
    page.get_by_role("spinbutton", name="Simulated patients").fill(PATIENTS)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Run the demonstration").click()
    page.get_by_role("heading", name=f"Demonstration, {PATIENTS} patients").wait_for()
    badge(page, "Running", WAIT)
    after_an_epoch(program.runs)

    # The app dies: the run goes on, and a new app says so.
    program.kill()
    page.close()
    program.start()
    page = program.open()
    badge(page, "Running", TRUTH)

    # The training dies: the page that is open says so, and it goes on from its checkpoint.
    os.kill(int(str(status(program.runs)["pid"])), signal.SIGKILL)
    badge(page, "Interrupted", TRUTH)
    page.get_by_text("is gone without a word").wait_for(timeout=TRUTH)
    page.get_by_role("button", name="Resume").click()
    badge(page, "Running", WAIT)
    badge(page, "Finished", WAIT)

    # What it is worth.
    page.get_by_text("Measured on patients held out").wait_for()
    table = page.locator("table.figures").first.inner_text()
    assert re.search(r"AUC\s+0?\.?\d.*n \d+", table)
    page.get_by_role("button", name="Promote to weights").click()
    page.get_by_label("Name of the set").fill("first")
    page.keyboard.press("Enter")
    page.get_by_text("It will be called mr-first.").wait_for()
    page.get_by_role("button", name="Promote", exact=True).click()
    page.get_by_text("mr-first now reads MR").wait_for(timeout=WAIT)

    # A radiograph is read with the new weights.
    page.get_by_role("link", name="Radiograph").click()
    page.get_by_role("button", name="Case 12", exact=True).click(timeout=60_000)
    page.locator('section[data-finding="mr"]').wait_for(timeout=WAIT)
    page.get_by_role("button", name="What is this?").click()
    page.get_by_text("weights mr-first").wait_for()
