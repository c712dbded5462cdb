"""How far training is, for whoever looks: speed, time left, and a stop that was asked for."""

import json
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from train.runs.files import read_object, write_atomically

#: Speed is told over this many seconds, and published at most this often.
WINDOW, PUBLISH = 30.0, 1.0


class Progress:
    """Fields of a run's status, kept current by the training loop and read by the heartbeat.

    ``publish`` names a file that also gets them, for a heartbeat in another process.
    """

    def __init__(self, publish: Path | None = None) -> None:
        self._fields: dict[str, Any] = {}
        self._publish, self._published = publish, 0.0
        self._followed: Path | None = None
        self._lock = threading.Lock()
        self._window: deque[tuple[float, int]] = deque()

    def fields(self) -> dict[str, Any]:
        """A copy of the fields, safe from any thread."""
        told = read_object(self._followed) if self._followed else None
        with self._lock:
            return self._fields | (told or {})

    @contextmanager
    def following(self, file: Path) -> Iterator[None]:
        """Take over what another process publishes in ``file``; its last word stays."""
        self._followed = file
        try:
            yield
        finally:
            last = self.fields()
            self._followed = None
            self.set(**last)

    def set(self, **fields: Any) -> None:
        """Change fields, and publish them at once."""
        with self._lock:
            self._fields |= fields
        self._write()

    def restart_clock(self) -> None:
        """Begin to measure speed anew: what came before was no training."""
        self._window.clear()
        self._window.append((time.monotonic(), 0))

    def step(self, step: int, images: int, ahead: float) -> None:
        """A batch of ``images`` is done: the ``step``-th of the member; ``ahead`` steps remain in
        the whole run, those of later members among them."""
        now = time.monotonic()
        self._window.append((now, images))
        while len(self._window) > 2 and self._window[0][0] < now - WINDOW:
            self._window.popleft()
        elapsed = now - self._window[0][0]
        changed: dict[str, Any] = {"step": step}
        if elapsed > 0 and len(self._window) > 1:
            done = sum(count for _, count in list(self._window)[1:])
            changed["images_per_second"] = round(done / elapsed, 2)
            changed["eta_seconds"] = round(ahead * elapsed / (len(self._window) - 1), 1)
        with self._lock:
            self._fields |= changed
        if now - self._published > PUBLISH:
            self._write()

    def _write(self) -> None:
        if self._publish is not None:
            self._published = time.monotonic()
            write_atomically(self._publish, json.dumps(self.fields()))


class StopWish:
    """Whether a graceful stop is wanted: by SIGTERM or SIGINT, or by ``asked`` (the stop file).

    ``with StopWish(...) as wish`` takes the signals for as long as it lasts, in the main thread; a
    second signal acts as it would have without.
    """

    def __init__(self, asked: Callable[[], bool]) -> None:
        self._asked, self._signalled = asked, False
        self._before: dict[int, Any] = {}

    def __call__(self) -> bool:
        """Whether it is wanted by now."""
        return self._signalled or self._asked()

    def __enter__(self) -> "StopWish":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        self._give_back()

    def _take(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._signalled = True
        self._give_back()

    def _give_back(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
