"""A refused image: turned as offered, read, its heart size corrected by hand, and exported."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cxr_valve.phantom.render import simulate
from tests.e2e.read.conftest import ROOT
from tests.e2e.read.steps import WAIT, Open, download, drop, idle, opened, picture

pytestmark = pytest.mark.browser

APP = f"""
import runpy
from cxr_valve.ui import resources
from tests.ui.hand_reader import open_by_hand

resources.open_reader = open_by_hand
runpy.run_path({str(ROOT / "app.py")!r}, run_name="__main__")
"""


@pytest.fixture(scope="module")
def by_hand(
    serve: Callable[..., str],
    environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """The program behind a gate that refuses what is wider than high as lying on its side."""
    script = tmp_path_factory.mktemp("app") / "by_hand.py"
    script.write_text(APP, encoding="utf-8")
    return serve(script, environment)


@pytest.fixture(scope="module")
def sideways(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pixels = simulate(7, 1, side=512).radiograph.pixels[:, 56:456]
    file = tmp_path_factory.mktemp("files") / "sideways.png"
    Image.fromarray(np.rot90((pixels >> 4).astype(np.uint8))).save(file)
    return file


def test_a_sideways_image_is_turned_read_corrected_and_exported(
    by_hand: str, visit: Open, sideways: Path
) -> None:
    page = visit(by_hand)
    page.get_by_role("button", name="Case 12", exact=True).wait_for(timeout=WAIT)
    drop(page, sideways)
    page.get_by_text("found a chest lying on its side").wait_for(timeout=WAIT)
    page.locator('.viewer[data-ready="true"]').wait_for(timeout=WAIT)
    assert page.locator("section.finding").count() == 0
    lying = picture(page)

    page.get_by_role("button", name="Turn 90° clockwise").click()
    page.locator("section.finding").nth(1).wait_for(timeout=WAIT)
    page.locator('.viewer[data-ready="true"]').wait_for(timeout=WAIT)
    idle(page)
    assert page.get_by_text("Turned by 90° clockwise by the reader").is_visible()
    assert picture(page) != lying

    card = page.locator("section.heart")
    assert card.get_attribute("data-ctr") == "0.5000"
    box = page.locator("[data-end=heartLeft]").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y, steps=4)
    live = page.locator(".pane").get_attribute("data-ctr")
    page.mouse.up()
    page.locator('section.heart[data-corrected="true"]').wait_for(timeout=WAIT)
    assert card.get_attribute("data-ctr") == live
    assert float(live or "nan") > 0.51

    opened(page, "Export")
    record = json.loads(download(page, "JSON"))
    assert record["changes"] == ["rotate-90"]
    assert record["heart"]["ctr"] == 0.5
    assert record["heart"]["corrected_ctr"] == pytest.approx(float(live or "nan"), abs=1e-4)
    printed = download(page, "Printable page (HTML)").decode()
    assert "corrected by the reader. Measured: 0.50" in printed
    assert "Turned by 90° clockwise by the reader before it was read." in printed
