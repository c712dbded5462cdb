"""A deep link into a server that has just been started."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.explore.steps import READY, settled

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_whoever_opens_a_deep_link_first_is_not_told_that_it_is_missing(
    serve: Callable[..., str], visit: Callable[..., "Page"]
) -> None:
    address = serve(Path(__file__).resolve().parents[2] / "app.py")
    page = visit(f"{address}/thresholds?src=study%3Amr&p=0.017", theme="Light")
    page.wait_for_selector(READY)
    settled(page)
    assert page.get_by_role("dialog").count() == 0
    assert "p=0.017" in page.url
    assert page.get_by_text("Research and teaching only.").is_visible()
