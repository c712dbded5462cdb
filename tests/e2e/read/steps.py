"""What a visitor does on the reading page, and what it shows."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


#: Planted in headers and file names; must never come back.
SECRETS = (
    "ZEBRAFISH",
    "QUAGGA",
    "kangaroo",
    "19370211",
    "20150613",
    "wombat",
    "Pangolin",
    "numbat",
)


#: Long enough to convert every network on a busy machine.
WAIT = 180_000


Open = Callable[..., "Page"]


def drop(page: "Page", *paths: Path) -> None:
    page.locator("input[type=file]").set_input_files([str(path) for path in paths])


def shown(page: "Page", name: str) -> None:
    """Wait until a case is on screen, findings and image."""
    page.locator(".facts b", has_text=re.compile(f"^{name}$")).wait_for(timeout=WAIT)
    page.locator('.viewer[data-ready="true"]').wait_for(timeout=WAIT)
    idle(page)


def idle(page: "Page") -> None:
    page.wait_for_timeout(150)
    page.wait_for_function(
        "!document.querySelector('[data-testid=stStatusWidget]')"
        " && document.querySelector('.stApp').dataset.testScriptState !== 'running'",
        timeout=WAIT,
    )


def example(page: "Page", number: int) -> None:
    page.get_by_role("button", name=f"Case {number}", exact=True).click()
    shown(page, f"Simulated case {number}")


def opened(page: "Page", name: str | re.Pattern[str]) -> None:
    """Open a popover."""
    page.get_by_role("button", name=name).click()
    page.locator('[data-testid="stPopoverBody"]').wait_for()
    idle(page)


def choose(page: "Page", option: str) -> None:
    page.locator(".st-key-prevalence-preset").get_by_role("combobox").click()
    page.get_by_role("option", name=option).click()
    idle(page)


def download(page: "Page", name: str) -> bytes:
    with page.expect_download(timeout=WAIT) as waiting:
        page.get_by_role("button", name=name, exact=True).click()
    assert not leaks(waiting.value.suggested_filename.encode())
    return Path(waiting.value.path()).read_bytes()


def leaks(content: bytes) -> list[str]:
    return [secret for secret in SECRETS if secret.lower().encode() in content.lower()]


def cards_shown(page: "Page") -> dict[str, tuple[str, str]]:
    """The large number and the side of each finding."""
    found = page.locator("section.finding").evaluate_all(
        "all => all.map(card => [card.dataset.finding, card.querySelector('.big').innerText,"
        " card.dataset.positive])"
    )
    return {finding: (number, side) for finding, number, side in found}


def picture(page: "Page") -> str:
    return str(page.locator("canvas").first.evaluate("canvas => canvas.toDataURL()"))
