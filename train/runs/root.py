"""Where runs live, and how one is made or found."""

import os
import re
import secrets
import shutil
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from train.runs.folder import REQUEST, RunError, RunFolder, RunRequest

ROOT_VARIABLE = "CXR_VALVE_RUNS"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_STAMP = "%Y%m%d-%H%M%S%f"
# Runs made by earlier releases are stamped to the millisecond; they sort before a finer stamp.
_STAMPED = re.compile(r"(\d{8}-\d{9}(?:\d{3})?)-")
_TICK = timedelta(microseconds=1)
_ISSUING = threading.Lock()
_NEVER = datetime.min.replace(tzinfo=UTC)
_last_issued = _NEVER


def runs_root() -> Path:
    """Where runs are kept: ``$CXR_VALVE_RUNS``, or ``runs`` beside the program."""
    named = os.environ.get(ROOT_VARIABLE)
    return Path(named) if named else Path(__file__).resolve().parents[2] / "runs"


def new_id(finding: str, root: Path | None = None) -> str:
    """A fresh id that sorts by time, to the microsecond: ``20260131-142501123456-mr-3f9a``.

    It sorts after every run in ``root`` and every id this process gave before, even where two are
    asked for within one tick of the clock or the clock was set back.
    """
    global _last_issued
    with _ISSUING:
        past = max(_last_issued, _latest_stamp(root or runs_root()))
        _last_issued = max(datetime.now(UTC), past + _TICK)
        return f"{_last_issued.strftime(_STAMP)}-{finding}-{secrets.token_hex(2)}"


def _latest_stamp(root: Path) -> datetime:
    """When the last stamped run in the root was made; the beginning of time where there is none."""
    names = (path.name for path in root.iterdir()) if root.is_dir() else ()
    latest = _NEVER
    for match in map(_STAMPED.match, names):
        # A folder of others may bear a number that is no date.
        with suppress(ValueError):
            if match:
                made = datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC)
                latest = max(latest, made)
    return latest


def utc_now() -> str:
    """Now, UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def create(request: RunRequest, root: Path | None = None) -> RunFolder:
    """Make the folder of a new run, queued and whole from its first moment.

    Raises:
        RunError: the id cannot name a folder, or a run of that id exists.
        OSError: the root cannot be written.
    """
    root = root or runs_root()
    folder = RunFolder(root / _checked(request.id))
    if folder.path.exists():
        raise RunError(f"{request.id}: Expected the id of a new run, found one that exists.")
    partial = RunFolder(root / f".{request.id}.partial")
    shutil.rmtree(partial.path, ignore_errors=True)
    partial.path.mkdir(parents=True)
    partial.write_request(request)
    partial.write_status(state="queued")
    partial.path.rename(folder.path)
    return folder


def find_run(id: str, root: Path | None = None) -> RunFolder:
    """The run of an id.

    Raises:
        RunError: the id is no plain name (so it cannot lead out of the root), or there is no run.
    """
    folder = RunFolder((root or runs_root()) / _checked(id))
    if not folder.path.is_dir():
        raise RunError(f"{id}: Expected the id of a run, found no such folder.")
    return folder


def open_run(path: Path) -> RunFolder:
    """The run in a folder that somebody named.

    Raises:
        RunError: there is no such folder, or no run in it.
    """
    folder = RunFolder(path.resolve())
    if not (folder.path / REQUEST).is_file():
        found = f"a folder without {REQUEST}" if folder.path.is_dir() else "no such folder"
        raise RunError(
            f"Expected the folder of a run, found {found} at {path}. Name one that "
            "`python -m train fit --out` made, or a run under the folder of runs."
        )
    return folder


def all_runs(root: Path | None = None) -> list[RunFolder]:
    """Every run, the latest first."""
    root = root or runs_root()
    if not root.is_dir():
        return []
    found = [path for path in root.iterdir() if _ID.fullmatch(path.name) and path.is_dir()]
    return [RunFolder(p) for p in sorted(found, reverse=True) if (p / REQUEST).exists()]


def _checked(id: str) -> str:
    if not _ID.fullmatch(id):
        raise RunError(f"Expected letters, digits, - and _ in the id of a run, found {id!r}.")
    return id
