"""Runs on disk: the folder of a run is the authority on it, whatever Ray or a browser knows."""

from train.runs.folder import RunError, RunFolder, RunRequest, RunStatus
from train.runs.heartbeat import Heartbeat
from train.runs.root import all_runs, create, find_run, new_id, open_run, runs_root, utc_now

__all__ = [
    "Heartbeat",
    "RunError",
    "RunFolder",
    "RunRequest",
    "RunStatus",
    "all_runs",
    "create",
    "find_run",
    "new_id",
    "open_run",
    "runs_root",
    "utc_now",
]
