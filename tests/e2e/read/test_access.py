"""The reading page for eyes that need contrast, and for hands without a mouse."""

import re
from pathlib import Path

import pytest

from tests.e2e.access import in_this_order, tab_stops, too_faint
from tests.e2e.read.steps import WAIT, Open, drop, example, idle, opened

pytestmark = pytest.mark.browser

FAINT = """() => document.querySelector(".stApp").insertAdjacentHTML(
  "beforeend", '<p style="position:fixed;top:0;color:#888;background:#777">planted</p>')"""


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_every_text_has_the_contrast_that_aa_asks(start: Open, files: Path, theme: str) -> None:
    page = start(theme=theme)
    faint = {"landing": too_faint(page)}
    example(page, 5)
    opened(page, "Simulated cases")
    example(page, 10)
    page.get_by_role("button", name="Reveal the truth").click()
    page.get_by_text("Truth:").wait_for(timeout=WAIT)
    idle(page)
    faint["case"] = too_faint(page)
    for name in ("What is this?", "Export", "Compare", re.compile("^Worklist")):
        opened(page, name)
        faint[str(name)] = too_faint(page)
        page.keyboard.press("Escape")
        idle(page)
    page.get_by_role("button", name="Shortcuts and help").click()
    faint["help"] = too_faint(page)
    drop(page, files / "broken_wombat.dcm")
    page.get_by_text("was not read").wait_for(timeout=WAIT)
    idle(page)
    faint["refused"] = too_faint(page)
    assert {state: texts for state, texts in faint.items() if texts} == {}
    # The measure itself sees what is too faint.
    page.evaluate(FAINT)
    assert any("planted" in text for text in too_faint(page))


def test_the_keyboard_reaches_everything_in_reading_order(start: Open) -> None:
    page = start()
    example(page, 5)
    stops = tab_stops(page)
    expected = [
        "Radiograph", "Operating points", "Upload", "Simulated cases", "Worklist", "Export",
        "What is this?", "Window", "Pan", "Zoom in", "Fit", "Invert", "Rotate", "Mirror",
        "What the network saw", "Shortcuts and help", "Full screen", "chest radiograph, PA",
        "Evidence", "Evidence for aortic stenosis", "Opacity", "Contour lines", "Prevalence",
        "Explore this operating point", "Explore this operating point", "MR", "Reveal the truth",
    ]  # fmt: skip
    assert in_this_order(stops, expected), [stop.name for stop in stops]
    assert [stop for stop in stops if not stop.name and stop.tag != "MAIN"] == []
    assert [stop for stop in stops if not stop.marked and stop.tag != "MAIN"] == []


def test_a_case_is_read_without_a_mouse(start: Open) -> None:
    # Imported here: browser tests are skipped, not broken, where playwright is missing.
    from playwright.sync_api import expect

    page = start()
    page.get_by_role("button", name="Case 3", exact=True).focus()
    page.keyboard.press("Enter")
    page.locator(".facts b", has_text="Simulated case 3").wait_for(timeout=WAIT)
    page.locator('.viewer[data-ready="true"]').wait_for(timeout=WAIT)
    idle(page)
    page.get_by_role("button", name="Reveal the truth").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Truth: MR none, AS severe.").wait_for(timeout=WAIT)
    page.locator("canvas").first.focus()
    for key in ("i", "Shift+ArrowRight", "+"):
        page.keyboard.press(key)
    page.locator('.viewer[data-invert="true"]').wait_for()
    # The window was moved by the key after that, which may be drawn a frame later.
    expect(page.locator(".viewer")).not_to_have_attribute("data-window-high", "4095.00")
    assert float(page.locator(".viewer").get_attribute("data-window-high") or 0) > 4095
    page.get_by_role("button", name="What is this?").focus()
    page.keyboard.press("Enter")
    page.get_by_text("how much this image multiplies the odds").first.wait_for(timeout=WAIT)
    page.keyboard.press("Escape")
    page.locator('[data-testid="stPopoverBody"]').wait_for(state="detached", timeout=WAIT)
    page.get_by_role("button", name="Explore this operating point").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"thresholds\?.*[?&]x=0?\.\d+"), timeout=WAIT)


def test_the_notice_stays_in_view_in_a_narrow_window(start: Open) -> None:
    page = start(width=800)
    example(page, 1)
    page.locator("section.finding").last.scroll_into_view_if_needed()
    page.locator('[data-testid="stMain"]').evaluate("main => main.scrollTo(0, 1e6)")
    idle(page)
    box = page.get_by_text("Research and teaching only.").bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 120


def test_a_number_says_what_it_is_where_the_keyboard_leads(start: Open) -> None:
    page = start()
    example(page, 5)
    told = "getComputedStyle(document.activeElement, '::after').content"
    page.get_by_role("button", name="Explore this operating point").first.focus()
    said = []
    for _ in range(4):
        page.keyboard.press("Tab")
        said.append(page.evaluate(told))
    assert any(text.startswith('"Probability: how likely') for text in said), said
    assert any(text.startswith('"Prevalence: how many') for text in said), said
