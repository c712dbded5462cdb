"""The explorer for eyes that need contrast, and for hands without a mouse."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.e2e.access import in_this_order, tab_stops, too_faint
from tests.e2e.explore.steps import MR_TEST, caption, settled

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_every_text_has_the_contrast_that_aa_asks(
    explore: Callable[..., "Page"], theme: str
) -> None:
    faint = {}
    for name, query in {
        "two thresholds, a patient, a mix": {
            "src": MR_TEST, "src2": "same", "x": "0.4", "mix": "10,20,70", "p": "0.017",
        },
        "a small table, warned about": {"src": "table:7,43,0,12:mr", "p": "0.1"},
        "a model": {"src": "study:mr"},
    }.items():  # fmt: skip
        page = explore(theme=theme, **query)
        page.get_by_text("What do these numbers mean?").click()
        faint[name] = too_faint(page)
    page = explore(theme=theme, wait=False, src="file:")
    page.get_by_text("Drop a table").wait_for()
    faint["no file yet"] = too_faint(page)
    assert {state: texts for state, texts in faint.items() if texts} == {}


def test_the_keyboard_rules_the_page(explore: Callable[..., "Page"]) -> None:
    page = explore(src=MR_TEST, p="0.017")
    stops = tab_stops(page)
    expected = [
        "Weights", "Held-out scores", "Compare with", "Threshold", "Threshold, typed",
        "Rule that chooses", "False alarms", "Prevalence in the target", "Prevalence in percent",
        "These cases", "What do these numbers mean?", "Save the figure ROC as SVG", "Share of",
        "Printable summary", "Bootstrap", "All operating points",
    ]  # fmt: skip
    assert in_this_order(stops, expected), [stop.name for stop in stops]
    assert [stop for stop in stops if not stop.name and stop.tag != "MAIN"] == []
    assert [stop for stop in stops if not stop.marked and stop.tag != "MAIN"] == []
    words = caption(page)
    page.get_by_label("Threshold", exact=True).focus()
    for _ in range(5):
        page.keyboard.press("PageUp")
    settled(page)
    assert caption(page) != words
    assert "rule=manual" in page.url
