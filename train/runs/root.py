"""Where runs live, and how one is made or found."""

import os
import re
import secrets
import shutil
from datetime import UTC, datetime
from pathlib import Path

from train.runs.folder import REQUEST, RunError, RunFolder, RunRequest

ROOT_VARIABLE = "CXR_VALVE_RUNS"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def runs_root() -> Path:
    """Where runs are kept: ``$CXR_VALVE_RUNS``, or ``runs`` beside the program."""
    named = os.environ.get(ROOT_VARIABLE)
    return Path(named) if named else Path(__file__).resolve().parents[2] / "runs"


def new_id(finding: str) -> str:
    """A fresh id that sorts by time, to the millisecond: ``20260131-142501123-mr-3f9a``."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S%f")[:-3]
    return f"{stamp}-{finding}-{secrets.token_hex(2)}"


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
