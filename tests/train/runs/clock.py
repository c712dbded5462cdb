"""The wall clock set forward or back, as far as processes are concerned."""

import psutil
import pytest


def set_clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """What a step of the clock does on Linux: it moves ``btime`` of /proc/stat."""
    if not psutil.LINUX:
        pytest.skip("there is no such clock to set here")
    before = psutil.boot_time()
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: before + seconds)
