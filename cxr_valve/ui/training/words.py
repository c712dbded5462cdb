"""Durations, sizes and states in words."""

STATES = {
    "queued": ("Waiting", ":material/hourglass:", "gray"),
    "running": ("Running", ":material/play_circle:", "blue"),
    "stopping": ("Stopping", ":material/pending:", "orange"),
    "stopped": ("Stopped", ":material/pause_circle:", "gray"),
    "interrupted": ("Interrupted", ":material/power_off:", "orange"),
    "failed": ("Failed", ":material/error:", "red"),
    "finished": ("Finished", ":material/check_circle:", "green"),
}
#: Something may change without a click.
ACTIVE = {"queued", "running", "stopping"}


def duration(seconds: float | None) -> str:
    """About how long: 40 s, 3 min, 2 h 10 min, 3 days."""
    if seconds is None or seconds != seconds:
        return "unknown"
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes and hours < 10 else f"{hours} h"
    return f"{round(hours / 24)} days"


def size(megabytes: float | None) -> str:
    """About how much: 340 MB, 1.2 GB."""
    if megabytes is None or megabytes != megabytes:
        return "unknown"
    if megabytes < 1000:
        return f"{megabytes:.0f} MB"
    return f"{megabytes / 1000:.1f} GB" if megabytes < 100_000 else f"{megabytes / 1000:,.0f} GB"


def count(number: int, one: str, many: str = "") -> str:
    """``1 patient``, ``1,200 patients``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
