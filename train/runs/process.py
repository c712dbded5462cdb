"""Which process is it: a pid says little, since the system gives it to another one later.

A time of day says little more: it moves for every process when somebody sets the clock. Linux
counts ticks since boot, which nothing moves, and names each boot.
"""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

#: Seconds by which the time of day at which a process began may differ when it is read again.
CLOCK_TOLERANCE = 1.0
#: No machine runs for 31 years: starts above are seconds since 1970, as older versions wrote them
#: everywhere.
LONGEST_UPTIME = 1e9
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Process:
    """A process on a host: ``started`` tells it from a later one of the same number, in seconds
    since boot on Linux and since 1970 elsewhere. ``boot`` names the boot ("": not known, as of
    what older versions wrote down, so that it makes no difference between two of them)."""

    pid: int
    started: float
    host: str
    boot: str = field(default="", compare=False)

    @property
    def here(self) -> bool:
        """Whether it ran on this host, so that it can be looked up."""
        return self.host == socket.gethostname()

    def alive(self) -> bool:
        """Whether exactly this process still runs here (one killed but not reaped does not)."""
        return self._found() is not None

    def precedes(self, other: psutil.Process) -> bool:
        """Whether it began before another of this boot, or is that one.

        Raises:
            psutil.Error: the other is gone or cannot be read.
        """
        return self._this_boot and self.started <= self._start_of(other)

    @property
    def _this_boot(self) -> bool:
        return self.boot in ("", _boot())

    @property
    def _by_time_of_day(self) -> bool:
        return self.started > LONGEST_UPTIME

    def _start_of(self, other: psutil.Process) -> float:
        """When the other began, counted as ``started`` is."""
        return other.create_time() if self._by_time_of_day else _since_boot(other.pid)

    def _found(self) -> psutil.Process | None:
        try:
            found = psutil.Process(self.pid)
            # Ticks are exact.
            tolerance = CLOCK_TOLERANCE if self._by_time_of_day else 0.0
            same = abs(self._start_of(found) - self.started) <= tolerance
            dead = found.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
        except psutil.Error:
            return None
        return found if self.here and self._this_boot and same and not dead else None

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
    return find_process(os.getpid())


def find_process(pid: int) -> Process:
    """The process that has this number here now.

    Raises:
        psutil.Error: there is none, or it cannot be read.
    """
    found = psutil.Process(pid)
    started = _since_boot(pid) if psutil.LINUX else found.create_time()
    return Process(pid, started, socket.gethostname(), _boot())


def _since_boot(pid: int) -> float:
    """When a process began, in seconds since boot; psutil tells it in private only."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError as error:
        raise psutil.NoSuchProcess(pid) from error
    # Field 22 of proc_pid_stat(5). The second one is a name, which may hold anything.
    ticks = int(text.rpartition(")")[2].split()[19])
    return ticks / os.sysconf("SC_CLK_TCK")


def _boot() -> str:
    """The name of this boot ("" where the system gives it none)."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""


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


@contextmanager
def terminated_tidily() -> Iterator[None]:
    """Let SIGTERM end this process as an exit does, so that unfinished files are taken away.

    SIGINT would, but a program that was started in the background ignores it, and so do its
    children. Only the main thread may ask for this.
    """
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)
