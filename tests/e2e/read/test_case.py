"""One case on the reading page: evidence, prevalence, quiz, comparison."""

import re

import pytest

from tests.e2e.read.steps import (
    WAIT,
    Open,
    cards_shown,
    choose,
    example,
    idle,
    opened,
    picture,
    shown,
)

pytestmark = pytest.mark.browser


def test_window_and_evidence_change_without_the_server(start: Open) -> None:
    page = start()
    example(page, 10)
    sent: list[object] = []
    page.on("request", lambda request: sent.append(request.url))
    page.evaluate(
        """() => {
          const send = WebSocket.prototype.send;
          window.sent = 0;
          WebSocket.prototype.send = function (data) { window.sent += 1; send.call(this, data); };
        }"""
    )
    canvas = page.locator("canvas").first
    seen = {picture(page)}
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 420, box["y"] + 260, steps=5)
    page.mouse.up()
    page.wait_for_timeout(400)
    seen.add(picture(page))
    assert len(seen) == 2
    page.get_by_role("button", name="Evidence for aortic stenosis").click()
    chooser = page.get_by_label("Network whose evidence is shown")
    names = chooser.locator("option").all_inner_texts()
    assert names == ["Consensus", "InceptionV3", "ResNet50", "DenseNet121"]
    assert chooser.input_value() == "consensus"
    layers = set()
    for name in names:
        chooser.select_option(label=name)
        page.wait_for_timeout(200)
        layers.add(picture(page))
    assert len(layers) == len(names)
    page.get_by_role("button", name="Evidence", exact=True).click()
    page.wait_for_timeout(200)
    assert picture(page) not in layers
    assert page.evaluate("window.sent") == 0
    assert not sent


def test_the_prevalence_moves_the_number_not_the_side_and_is_remembered(start: Open) -> None:
    page = start()
    example(page, 1)
    before = cards_shown(page)
    choose(page, "Age 75 and older: MR 9.3%, AS 2.8%")
    # The cards are drawn anew after the choice; a busy machine takes its time.
    first = page.locator("section.finding .big").first
    first.filter(has_not_text=next(iter(before.values()))[0]).wait_for(timeout=WAIT)
    after = cards_shown(page)
    assert all(before[finding][0] != after[finding][0] for finding in before)
    assert [side for _, side in before.values()] == [side for _, side in after.values()]
    page.get_by_role("button", name="Explore this operating point").first.click()
    page.wait_for_url("**/thresholds*", timeout=WAIT)
    page.wait_for_url(re.compile(r"[?&]x=0?\.\d+"), timeout=WAIT)
    # The explorer opens with this patient's score, at the prevalence chosen here.
    assert "p=0.093" in page.url
    page.get_by_role("link", name="Radiograph").click()
    shown(page, "Simulated case 1")
    assert cards_shown(page) == after
    opened(page, "Simulated cases")
    example(page, 2)
    assert page.get_by_text("if 9.3% of people like this have it").is_visible()


def test_a_simulated_case_can_be_guessed_then_revealed_and_compared(start: Open) -> None:
    page = start()
    example(page, 3)
    outlines = page.get_by_role("button", name="Outlines", exact=True)
    assert not outlines.is_visible()
    assert "Truth:" not in page.content()
    page.locator(".st-key-quiz").get_by_role("button", name="AS").click()
    idle(page)
    page.get_by_role("button", name="Reveal the truth").click()
    page.get_by_text("Truth: MR none, AS severe.").wait_for(timeout=WAIT)
    assert page.get_by_text("Your guess: MR right, AS right.").is_visible()
    outlines.wait_for(timeout=WAIT)
    opened(page, "Simulated cases")
    example(page, 4)
    assert page.get_by_text("Truth:").count() == 0
    opened(page, "Compare")
    page.locator('[data-testid="stPopoverBody"]').get_by_role("combobox").click()
    page.get_by_role("option", name="Simulated case 3").click()
    page.locator("canvas").nth(1).wait_for(timeout=WAIT)
    assert page.locator("canvas").count() == 2
    idle(page)
    beside = page.locator("section.finding .beside").all_inner_texts()
    assert [text.split(":")[0] for text in beside] == ["Simulated case 3, beside it"] * 2
    assert "%, score 0." in beside[0]


def test_the_same_patient_can_be_shown_with_severe_disease(start: Open) -> None:
    page = start()
    example(page, 8)
    page.get_by_role("button", name="Reveal the truth").click()
    page.get_by_text("Truth: MR moderate, AS none.").wait_for(timeout=WAIT)
    # A list closes when the page is scrolled under it, as a click outside the window would do.
    page.locator(".st-key-regrade").scroll_into_view_if_needed()
    idle(page)
    page.locator(".st-key-regrade").get_by_role("combobox").first.click()
    page.get_by_role("option", name="MR severe").click()
    page.get_by_text("Truth: MR severe, AS none.").wait_for(timeout=WAIT)
    assert page.get_by_text("Simulated case 8 · MR severe · AS none").first.is_visible()


@pytest.mark.parametrize(("width", "whole"), [(1440, True), (800, False)])
def test_it_fits_and_everything_has_a_name(start: Open, width: int, whole: bool) -> None:
    page = start(width=width)
    example(page, 5)
    page.get_by_role("button", name="Reveal the truth").click()
    page.get_by_text("Truth:").wait_for(timeout=WAIT)
    idle(page)
    size = page.locator('[data-testid="stMain"]').evaluate(
        "main => [main.scrollWidth - main.clientWidth, main.scrollHeight - main.clientHeight]"
    )
    assert size[0] <= 0
    if whole:
        assert size[1] <= 0
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, input, [role=img], [role=combobox]")]
          .filter(part => part.checkVisibility() && !(part.getAttribute("aria-label")
            || part.innerText?.trim() || part.title || part.labels?.length))
          .map(part => part.outerHTML.slice(0, 200))"""
    )
    assert unnamed == []
    notice = page.get_by_text("Research and teaching only.")
    assert notice.is_visible()
