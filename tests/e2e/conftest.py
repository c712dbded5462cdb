"""A real browser and real Streamlit servers for the tests in this folder."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome")
START_SECONDS = 60
BROWSER_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

Serve = Callable[..., str]
Visit = Callable[..., "Page"]


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """A headless browser, or a skip that says what is missing."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    executable = next((path for path in map(shutil.which, NAMES) if path), None)
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
    servers: list[subprocess.Popen[bytes]] = []

    def start(
        script: Path, env: Mapping[str, str] | None = None, options: tuple[str, ...] = ()
    ) -> str:
        port = _free_port()
        log = tmp_path_factory.mktemp("server") / "log.txt"
        command = [
            *(sys.executable, "-m", "streamlit", "run", str(script)),
            *("--server.headless", "true", "--server.address", "127.0.0.1"),
            *("--server.port", str(port), "--server.fileWatcherType", "none"),
            *("--browser.gatherUsageStats", "false", *options),
        ]
        inherited = os.environ.get("PYTHONPATH")
        path = os.pathsep.join([str(ROOT), *([inherited] if inherited else [])])
        with log.open("wb") as output:
            server = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": path, **(env or {})},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        servers.append(server)
        url = f"http://127.0.0.1:{port}"
        _wait_for_health(url, server, log)
        return url

    yield start
    for server in servers:
        _end(server)


@pytest.fixture
def console_errors() -> list[str]:
    """What pages opened by ``visit`` wrote to the console as errors, in this test."""
    return []


@pytest.fixture
def visit(chromium: "Browser", console_errors: list[str]) -> Iterator[Visit]:
    """``visit(url, width=1440, height=900)`` opens a page of its own; closed after the test."""
    pages: list[Page] = []

    def note(message: "ConsoleMessage") -> None:
        if message.type == "error":
            console_errors.append(message.text)

    def go(url: str, width: int = 1440, height: int = 900) -> "Page":
        page = chromium.new_page(viewport={"width": width, "height": height})
        pages.append(page)
        page.on("console", note)
        page.on("pageerror", lambda error: console_errors.append(str(error)))
        page.goto(url)
        return page

    yield go
    for page in pages:
        page.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_health(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"Expected a server at {url}; found:\n{log.read_text(errors='replace')}")


def _end(server: "subprocess.Popen[bytes]") -> None:
    """End the server with everything it started."""
    for kind in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, kind)
            server.wait(timeout=5)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
        return
