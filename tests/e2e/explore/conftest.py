"""The explorer with two synthetic sets of weights."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.e2e.explore.steps import READY, settled
from tests.ui.explorer.conftest import make_set

if TYPE_CHECKING:
    from playwright.sync_api import Page


ROOT = Path(__file__).resolve().parents[3]


APP = f"""
import streamlit as st
from cxr_valve.ui.frame import style
st.set_page_config(layout="wide")
other = st.Page(lambda: st.write("elsewhere"), title="Other", url_path="other")
page = st.navigation([st.Page({str(ROOT / "pages/explore/thresholds.py")!r}, default=True), other],
                     position="top")
style()
page.run()
"""


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    make_set(folder, "mr")
    make_set(folder, "as", seed=2)
    return folder


@pytest.fixture(scope="session")
def address(serve: Callable[..., str], root: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    script = tmp_path_factory.mktemp("app") / "explorer_app.py"
    script.write_text(APP)
    return serve(script, env={"CXR_VALVE_WEIGHTS": str(root)})


@pytest.fixture
def explore(visit: Callable[..., "Page"], address: str) -> Callable[..., "Page"]:
    """``explore(src=…, p=…)`` opens the page in that state and waits until it is drawn."""

    def go(width: int = 1440, wait: bool = True, theme: str = "", **query: str) -> "Page":
        text = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
        page = visit(f"{address}/?{text}", width=width, theme=theme)
        if wait:
            page.wait_for_selector(READY)
            settled(page)
        return page

    return go
