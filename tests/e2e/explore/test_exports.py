"""What leaves the explorer, and what is said to those who do not see it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.explore.steps import MR_TEST, numbers, value

if TYPE_CHECKING:
    from playwright.sync_api import Page


pytestmark = pytest.mark.browser


def test_exports(explore: Callable[..., "Page"]) -> None:
    page = explore(src=MR_TEST, p="0.017")
    found = numbers(page)
    with page.expect_download() as saved:
        page.get_by_text("This table (CSV)").click()
    text = Path(saved.value.path()).read_text(encoding="utf-8-sig")
    assert f"{value(found, ': Sensitivity'):.6f}"[:7] in text
    assert "Simulated" in text
    with page.expect_download() as saved:
        page.get_by_text("All operating points (CSV)").click()
    text = Path(saved.value.path()).read_text()
    assert text.startswith("threshold,tp,fn,fp,tn,sensitivity")
    assert "simulated radiographs" in text
    with page.expect_download() as saved:
        page.get_by_text("Printable summary (HTML)").click()
    text = Path(saved.value.path()).read_text()
    assert page.locator(".caption .large").inner_text() in text
    assert "assumed to carry over" in text
    assert "<script" not in text
    assert text.count("<svg") == 8


@pytest.mark.parametrize(("kind", "start"), [("SVG", b"<svg"), ("PNG", b"\x89PNG")])
def test_figures_are_saved(explore: Callable[..., "Page"], kind: str, start: bytes) -> None:
    page = explore(src="study:as-test")
    page.locator("[data-figure=roc]").hover()
    with page.expect_download() as saved:
        page.get_by_label(f"Save the figure ROC as {kind}").click()
    content = Path(saved.value.path()).read_bytes()
    assert content.startswith(start)
    if kind == "SVG":
        assert b"not data" in content


def test_every_chart_has_a_text_alternative_that_moves(explore: Callable[..., "Page"]) -> None:
    page = explore(src=MR_TEST)
    alternatives = [svg.get_attribute("aria-label") for svg in page.locator("svg[role=img]").all()]
    assert len(alternatives) == 8
    slider = page.locator(".field.threshold input[type=range]")
    slider.focus()
    for _ in range(40):
        slider.press("ArrowRight")
    page.wait_for_timeout(200)
    moved = [svg.get_attribute("aria-label") for svg in page.locator("svg[role=img]").all()]
    changed = sum(a != b for a, b in zip(alternatives, moved, strict=True))
    assert changed >= 7


@pytest.mark.parametrize("width", [800, 1440])
def test_nothing_is_wider_than_the_window(explore: Callable[..., "Page"], width: int) -> None:
    page = explore(width=width, src=MR_TEST, src2="same", p="0.017")
    inner, outer = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert inner <= outer


def test_no_errors_in_the_console(
    explore: Callable[..., "Page"], console_errors: list[str]
) -> None:
    for source in ("study:mr", "table:0,0,3,4:", "table:0,0,0,0:", MR_TEST):
        explore(src=source)
    assert not console_errors
