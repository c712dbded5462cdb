"""The whole program with folders of its own, which may be killed and started again."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from train.cluster.head import stop_head

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[3]


class Program:
    """The dashboard as a user has it: one server at a time, and folders that outlive it."""

    def __init__(self, serve: Callable[..., str], visit: Callable[..., "Page"], root: Path) -> None:
        self._serve, self._visit = serve, visit
        self.runs = root / "runs"
        self.runs.mkdir()
        self._folders = {
            "CXR_VALVE_RUNS": str(self.runs),
            "CXR_VALVE_WEIGHTS": str(root / "weights"),
            "CXR_VALVE_DATA": str(root),
        }
        self.url = ""

    def start(self) -> None:
        self.url = self._serve(ROOT / "app.py", self._folders)

    def kill(self) -> None:
        """End the server as a crash does: at once and without a word."""
        port = int(self.url.rpartition(":")[2])
        for link in psutil.net_connections("tcp"):
            if link.status == psutil.CONN_LISTEN and link.laddr.port == port and link.pid:
                os.kill(link.pid, signal.SIGKILL)

    def open(self, page: str = "training") -> "Page":
        return self._visit(f"{self.url}/{page}")


@pytest.fixture
def program(
    serve: Callable[..., str], visit: Callable[..., "Page"], tmp_path: Path
) -> Iterator[Program]:
    """The program, started; the Ray head that its first run starts is ended with the test."""
    found = Program(serve, visit, tmp_path)
    found.start()
    yield found
    stop_head(found.runs)
