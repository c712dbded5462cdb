"""A real Streamlit server of its own port, and where the browser is."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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


def browser_path() -> str | None:
    """The browser on the path, if any."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


@dataclass(frozen=True)
class Server:
    """A running server: its address and the process that leads its group."""

    url: str
    process: "subprocess.Popen[bytes]"

    def end(self) -> None:
        """End the server with everything it started."""
        for kind in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, kind)
                self.process.wait(timeout=5)
            except ProcessLookupError:
                return
            except subprocess.TimeoutExpired:
                continue
            return


def start_server(
    script: Path,
    log: Path,
    env: Mapping[str, str] | None = None,
    options: tuple[str, ...] = (),
) -> Server:
    """Serve a script on a free port; returns when it answers.

    Raises:
        RuntimeError: it does not; the message holds its log.
    """
    port = _free_port()
    # The dashboard is started as ``make app`` starts it; other scripts by streamlit alone.
    own = script == ROOT / "app.py"
    run = ("cxr_valve.ui",) if own else ("streamlit", "run", str(script))
    command = [
        *(sys.executable, "-m", *run),
        *("--server.headless", "true", "--server.address", "127.0.0.1"),
        *("--server.port", str(port), "--server.fileWatcherType", "none"),
        *("--browser.gatherUsageStats", "false", *options),
    ]
    inherited = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(ROOT), *([inherited] if inherited else [])])
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path, **(env or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", process)
    _wait_for_health(server, log)
    return server


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_health(server: Server, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    found = log.read_text(errors="replace")
    server.end()
    raise RuntimeError(f"Expected a server at {server.url}; found:\n{found}")
