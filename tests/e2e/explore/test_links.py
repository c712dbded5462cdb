"""The address holds the whole state, files by their hash."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cxr_valve.ui.explorer.source import describe
from tests.e2e.explore.steps import (
    MR_TEST,
    READY,
    numbers,
    settled,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page


pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    "query",
    [
        {"src": MR_TEST, "rule": "cost", "r": "25", "p": "0.093", "mix": "10,20,70"},
        {"src": MR_TEST, "t": "0.3333", "rule": "manual", "p": "0.017", "src2": "same", "t2": ".6"},
        {"src": "study:as-validation", "t": "1.02", "rule": "manual", "p": "0.004"},
        {"src": "table:7,43,0,12:mr", "p": "0.3", "r": "4"},
    ],
)
def test_a_shared_link_reproduces_every_number(
    explore: Callable[..., "Page"], query: dict[str, str]
) -> None:
    page = explore(**query)
    slider = page.locator(".field.prevalence input[type=range]")
    slider.focus()
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    settled(page)
    mine, link = numbers(page), page.url
    context = page.context.browser.new_context()
    clean = context.new_page()
    clean.goto(link)
    clean.wait_for_selector(READY)
    settled(clean)
    theirs = numbers(clean)
    assert clean.url == link
    context.close()
    assert theirs == mine


def test_state_survives_another_page(explore: Callable[..., "Page"]) -> None:
    page = explore(src=MR_TEST, t="0.3333", rule="manual", p="0.017")
    mine = numbers(page)
    page.get_by_text("Other", exact=True).first.click()
    page.get_by_text("elsewhere").wait_for()
    page.get_by_text("thresholds", exact=True).first.click()
    page.wait_for_selector(READY)
    settled(page)
    assert numbers(page) == mine
    assert "p=0.017" in page.url


def test_back_undoes_a_release(explore: Callable[..., "Page"]) -> None:
    page = explore(src=MR_TEST, p="0.017")
    before = numbers(page)
    slider = page.locator(".field.prevalence input[type=range]")
    slider.focus()
    slider.press("PageUp")
    settled(page)
    assert numbers(page) != before
    page.go_back()
    settled(page)
    assert numbers(page) == before


def scores_file(folder: Path) -> Path:
    rng = np.random.default_rng(5)
    label = rng.random(300) < 0.3
    score = 1 / (1 + np.exp(-rng.normal(1.3 * label - 0.6, 1)))
    lines = [f"{i},{int(y)},{s:.4f}" for i, (y, s) in enumerate(zip(label, score, strict=True))]
    file = folder / "hospital.csv"
    file.write_text("mrn,truth,probability\n" + "\n".join(lines) + "\n")
    return file


def test_an_uploaded_file_is_shared_by_its_hash(
    explore: Callable[..., "Page"], tmp_path: Path
) -> None:
    page = explore(src="file:", wait=False)
    page.locator("input[type=file]").set_input_files(scores_file(tmp_path))
    page.wait_for_selector(READY)
    settled(page)
    mine, link = numbers(page), page.url
    assert "hospital" not in link
    context = page.context.browser.new_context()
    clean = context.new_page()
    clean.goto(link)
    clean.get_by_text("This link was made with a file").wait_for()
    clean.locator("input[type=file]").set_input_files(tmp_path / "hospital.csv")
    clean.wait_for_selector(READY)
    settled(clean)
    assert numbers(clean) == mine
    assert clean.url == link
    context.close()


def test_readings_are_joined_with_labels(explore: Callable[..., "Page"], tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    label = rng.random(80) < 0.4
    readings, labels = tmp_path / "readings.jsonl", tmp_path / "labels.csv"
    with readings.open("w") as stream:
        for i, y in enumerate(label):
            score = float(np.clip(0.4 + 0.2 * y + rng.normal(0, 0.15), 0, 1))
            finding = {"score": score, "simulated": True}
            stream.write(json.dumps({"path": f"in/{i}.png", "findings": {"mr": finding}}) + "\n")
    rows = "\n".join(f"in/{i}.png,{int(y)}" for i, y in enumerate(label))
    labels.write_text(f"path,label\n{rows}\n")
    page = explore(src=describe("readings", "", "", "mr"), wait=False)
    page.locator("input[type=file]").nth(0).set_input_files(readings)
    page.get_by_text("readings.jsonl").first.wait_for()
    settled(page)
    page.locator("input[type=file]").last.set_input_files(labels)
    page.wait_for_selector(READY)
    page.get_by_text("80 radiographs have both").wait_for()
    assert page.get_by_text("simulated radiographs").count()
