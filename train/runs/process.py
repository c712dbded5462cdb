"""Which process is it: a pid says little, since the system gives it to another one later."""

import os
import socket
from dataclasses import dataclass

import psutil

#: Start times are read from a clock that counts ticks since boot.
CLOCK_TOLERANCE = 1.0


@dataclass(frozen=True)
class Process:
    """A process on a host: ``started`` in seconds since 1970 tells it from a later one of the same
    number."""

    pid: int
    started: float
    host: str

    @property
    def here(self) -> bool:
        """Whether it ran on this host, so that it can be looked up."""
        return self.host == socket.gethostname()

    def alive(self) -> bool:
        """Whether exactly this process still runs here (one killed but not reaped does not)."""
        return self._found() is not None

    def _found(self) -> psutil.Process | None:
        try:
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.started) <= CLOCK_TOLERANCE
            dead = found.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
        except psutil.Error:
            return None
        return found if self.here and same and not dead else None

    def kill(self, wait: float = 5.0) -> bool:
        """Kill it and its children, and wait; True where it is gone afterwards."""
        found = self._found()
        if found is None:
            return True
        try:
            doomed = [*found.children(recursive=True), found]
        except psutil.Error:
            doomed = [found]
        for process in doomed:
            try:
                process.kill()
            except psutil.Error:
                continue
        psutil.wait_procs(doomed, timeout=wait)
        return not self.alive()


def this_process() -> Process:
    """The process that asks."""
    pid = os.getpid()
    return Process(pid, psutil.Process(pid).create_time(), socket.gethostname())


def memory_mb() -> float:
    """Resident memory of this process and its children, in MB."""
    own = psutil.Process()
    total = 0
    for process in (own, *own.children(recursive=True)):
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue
    return total / 1e6
