"""A sign of life in a run's status while one process trains it, and no other."""

import threading
from collections.abc import Callable
from typing import Any

from train.runs.folder import RunError, RunFolder
from train.runs.process import this_process


class Heartbeat:
    """Keeps a run's status fresh from a thread, so that a long epoch does not look dead.

    ``with Heartbeat(folder): ...`` raises RunError where another process here trains the same run.
    A heartbeat that cannot be written is tried again; ``progress``, called every time, may add
    fields of the status.
    """

    def __init__(
        self,
        folder: RunFolder,
        progress: Callable[[], dict[str, Any]] = dict,
        interval: float = 2.0,
    ) -> None:
        self._folder, self._progress, self._interval = folder, progress, interval
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        status = self._folder.status()
        other = status.process if status.state in ("running", "stopping") else None
        if other is not None and other != this_process() and other.alive():
            raise RunError(
                f"{self._folder.id}: Expected a run that nobody trains, found process "
                f"{other.pid} at it. Stop it first, or wait for its end."
            )
        self._folder.claim(**self._progress())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(self._interval):
            try:
                self._folder.claim(**self._progress())
            except OSError:
                continue  # a full disk: training itself will say so
