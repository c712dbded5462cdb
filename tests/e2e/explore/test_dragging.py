"""One operating point in every view, without a round trip while it moves."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.e2e.explore.steps import (
    MR_TEST,
    READY,
    attribute,
    caption,
    hold,
    numbers,
    settled,
    value,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page


pytestmark = pytest.mark.browser


def count_messages(page: "Page") -> list[float]:
    """Fills with the times at which the browser sends the server something."""
    sent: list[float] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda _: sent.append(time.time())))
    page.reload()
    page.wait_for_selector(READY)
    settled(page)
    return sent


def test_a_drag_moves_everything_without_the_server(explore: Callable[..., "Page"]) -> None:
    page = explore(src=MR_TEST, p="0.017")
    sent = count_messages(page)
    before, words = numbers(page), caption(page)
    x, y, width = hold(page, ".field.threshold input[type=range]", 0.4)
    start = len(sent)
    dots = [page.locator(f"[data-figure={name}] .dot").first for name in ("roc", "net-benefit")]
    places = [dot.get_attribute("cx") for dot in dots]
    page.mouse.move(x + 0.3 * width, y, steps=8)
    page.wait_for_timeout(300)
    assert len(sent) == start, "a drag must not reach the server"
    assert caption(page) != words
    assert [dot.get_attribute("cx") for dot in dots] != places
    assert value(numbers(page), ": Sensitivity") < value(before, ": Sensitivity")
    page.mouse.up()
    settled(page)
    assert len(sent) > start, "a release does"
    assert "rule=manual" in page.url


@pytest.mark.parametrize(
    ("figure", "moves"), [("roc", "threshold"), ("scores", "threshold"), ("predictive-values", "")]
)
def test_charts_are_handles_too(explore: Callable[..., "Page"], figure: str, moves: str) -> None:
    page = explore(src=MR_TEST, p="0.017")
    words, threshold = caption(page), attribute(page, "data-threshold")
    page.locator(f"[data-figure={figure}]").scroll_into_view_if_needed()
    x, y, width = hold(page, f"[data-figure={figure}] svg", 0.5)
    page.mouse.move(x + 0.2 * width, y, steps=4)
    page.mouse.up()
    settled(page)
    assert caption(page) != words
    assert (attribute(page, "data-threshold") != threshold) is (moves == "threshold")
    assert ("rule=manual" in page.url) is (moves == "threshold")
    assert ("p=0.017" in page.url) is (moves == "threshold")


def test_large_sources_snap_to_the_points_they_have(
    explore: Callable[..., "Page"], tmp_path: Path
) -> None:
    rng = np.random.default_rng(8)
    label = rng.random(12_000) < 0.3
    score = 1 / (1 + np.exp(-rng.normal(label, 1)))
    rows = [f"{int(y)},{s:.7f}" for y, s in zip(label, score, strict=True)]
    file = tmp_path / "large.csv"
    file.write_text("label,score\n" + "\n".join(rows) + "\n")
    page = explore(src="file:", wait=False)
    page.locator("input[type=file]").set_input_files(file)
    page.wait_for_selector(READY)
    slider = page.locator(".field.threshold input[type=range]")
    slider.focus()
    slider.press("ArrowRight")
    settled(page)
    threshold = float(attribute(page, "data-threshold"))
    written = np.round(score, 7)
    assert np.isclose(written, threshold, atol=1e-12).any()
    expected = float((written[label] >= threshold - 1e-12).mean())
    assert value(numbers(page), ": Sensitivity") == pytest.approx(expected, abs=1e-9)
