"""A real browser and real Streamlit servers for the tests in this folder."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.server import BROWSER_ARGUMENTS, NAMES, Server, browser_path, start_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

#: A visitor who chose a theme before.
CHOOSE_THEME = """
const path = window.location.pathname;
localStorage.setItem(`cxr-valve-theme-${path}`, "set");
localStorage.setItem(`stActiveTheme-${path}-v2`, JSON.stringify("THEME"));
"""

Serve = Callable[..., str]
Visit = Callable[..., "Page"]


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """A headless browser, or a skip that says what is missing."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    executable = browser_path()
    if executable is None:
        pytest.skip(f"no browser found: none of {', '.join(NAMES)} is on the path")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=list(BROWSER_ARGUMENTS)
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """``serve(script, env=None, options=())`` starts Streamlit on a free port and returns its
    address; all servers end with the session."""
    servers: list[Server] = []

    def start(
        script: Path, env: Mapping[str, str] | None = None, options: tuple[str, ...] = ()
    ) -> str:
        log = tmp_path_factory.mktemp("server") / "log.txt"
        servers.append(start_server(script, log, env, options))
        return servers[-1].url

    yield start
    for server in servers:
        server.end()


@pytest.fixture
def console_errors() -> list[str]:
    """What pages opened by ``visit`` wrote to the console as errors, in this test."""
    return []


@pytest.fixture
def visit(chromium: "Browser", console_errors: list[str]) -> Iterator[Visit]:
    """``visit(url, width=1440, height=900, theme="")`` opens a page of its own, in the theme
    "Dark" or "Light" where one is named; closed after the test."""
    pages: list[Page] = []

    def note(message: "ConsoleMessage") -> None:
        if message.type == "error":
            console_errors.append(message.text)

    def go(url: str, width: int = 1440, height: int = 900, theme: str = "") -> "Page":
        page = chromium.new_page(viewport={"width": width, "height": height})
        pages.append(page)
        if theme:
            page.add_init_script(CHOOSE_THEME.replace("THEME", theme))
        page.on("console", note)
        page.on("pageerror", lambda error: console_errors.append(str(error)))
        page.goto(url)
        return page

    yield go
    for page in pages:
        page.close()
