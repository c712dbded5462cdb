"""What is true of a run now: the folder, the process it names, and Ray where it answers quickly.

"Interrupted" is never written down, since who is interrupted cannot write: it is derived from a
process that is gone, a heartbeat that fell silent, or a queue that forgot the run.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from train.cluster.jobs import WAITED_TOO_LONG, ClusterError, Job
from train.cluster.where import Cluster, known_cluster
from train.control.submission import last_words, resubmit, turn
from train.runs.folder import STATUS, RunError, RunFolder, RunRequest, RunStatus
from train.runs.root import all_runs

ViewState = Literal["queued", "running", "stopping", "stopped", "failed", "finished", "interrupted"]
#: Seconds without a heartbeat after which a process on another host is taken for dead.
SILENT = 15.0
#: Seconds a run may be without a job: Ray's head is starting meanwhile.
STARTING = 120.0
#: Seconds that handing over a job takes at most: its id is written down before.
HANDING_OVER = 30.0
#: Seconds that a page waits for Ray.
PATIENCE = 1.0
#: Seconds to wait where a run is queued again: it is rare, and a run that falls out of the queue
#: when nobody looks is worse than a page that is late once.
QUEUING = 5.0


@dataclass(frozen=True)
class RunView:
    """A run as it is now. ``reason`` says in a sentence what the state alone does not; ``ahead``
    counts the runs that come before a queued one; ``request`` is None where it is damaged."""

    folder: RunFolder
    request: RunRequest | None
    status: RunStatus
    state: ViewState
    reason: str = ""
    ahead: int = 0

    @property
    def id(self) -> str:
        """The run's id."""
        return self.folder.id

    @property
    def title(self) -> str:
        """What the run was called, or its id."""
        return (self.request.title if self.request else "") or self.id

    @property
    def active(self) -> bool:
        """Whether it waits or trains: it may be stopped, but not deleted or resumed."""
        return self.state in ("queued", "running", "stopping")

    @property
    def resumable(self) -> bool:
        """Whether it can go on from its last checkpoint."""
        return self.request is not None and self.state in ("stopped", "interrupted", "failed")

    @property
    def progress(self) -> float:
        """How much of the whole run is done, in [0, 1]."""
        status = self.status
        if self.state == "finished":
            return 1.0
        if status.member not in status.members or not status.steps:
            return 0.0
        done = status.members.index(status.member) + min(status.step / status.steps, 1.0)
        return done / len(status.members)


class Snapshot:
    """What each cluster knows, asked at most once: None where it is gone, a message where it does
    not answer."""

    def __init__(self, root: Path | None) -> None:
        self._root = root
        self._known: dict[str, dict[str, Job] | str | None] = {}
        self.clusters: dict[str, Cluster | None] = {}

    def jobs(self, url: str) -> dict[str, Job] | str | None:
        """The jobs of the cluster at ``url``."""
        if url not in self._known:
            cluster = self.clusters[url] = known_cluster(url, self._root)
            try:
                self._known[url] = cluster.jobs.all(PATIENCE) if cluster else None
            except ClusterError as error:
                self._known[url] = str(error)
        return self._known[url]


def reconcile(root: Path | None = None) -> list[RunView]:
    """Every run as it is now, the latest first. Waits for Ray for a second at most, unless
    a run is queued again.

    A queued run that Ray gave up on is queued again, and one that ended before it could say so is
    written down as failed.
    """
    snapshot = Snapshot(root)
    views = [_view(folder, snapshot) for folder in all_runs(root)]
    turns = [turn(view.status.job) for view in views if view.active]
    return [
        replace(view, ahead=sum(other < turn(view.status.job) for other in turns))
        if view.state == "queued"
        else view
        for view in views
    ]


def look(folder: RunFolder) -> RunView:
    """One run as it is now."""
    return _view(folder, Snapshot(folder.path.parent))


def _view(folder: RunFolder, snapshot: Snapshot) -> RunView:
    try:
        request = folder.request()
        problem = ""
    except RunError as error:
        request, problem = None, str(error)
    status = folder.status()
    state, reason = _truth(folder, status, snapshot)
    # It may have been written while we looked.
    return RunView(folder, request, folder.status(), state, problem or reason)


def _truth(folder: RunFolder, status: RunStatus, snapshot: Snapshot) -> tuple[ViewState, str]:
    if status.state in ("running", "stopping"):
        return _training(folder, status)
    if status.state == "queued":
        return _queued(folder, status, snapshot)
    return status.state, status.error


def _training(folder: RunFolder, status: RunStatus) -> tuple[ViewState, str]:
    process = status.process
    age = time.time() - (status.heartbeat or 0.0)
    lives = process.alive() if process and process.here else age < SILENT
    if not lives:
        again = folder.status()
        if again.state not in ("running", "stopping"):
            return again.state, again.error
        return "interrupted", _obituary(again)
    silent = f"No sign of life for {age:.0f} s: the process may hang." if age > 4 * SILENT else ""
    stopping = status.state == "stopping" or folder.stop_asked()
    return ("stopping" if stopping else "running"), silent


def _obituary(status: RunStatus) -> str:
    if status.heartbeat is None:
        return "The training process is gone. Resume starts it again."
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(status.heartbeat))
    return (
        f"The training process (pid {status.pid} on {status.host}) is gone without a word; its "
        f"last sign of life was at {when} UTC. Resume continues from the last checkpoint."
    )


def _queued(folder: RunFolder, status: RunStatus, snapshot: Snapshot) -> tuple[ViewState, str]:
    if not status.job:
        if time.time() - _modified(folder) < STARTING:
            return "queued", "Ray is starting."
        return "interrupted", "It was never handed to Ray. Resume queues it."
    jobs = snapshot.jobs(status.ray_address)
    # Meanwhile it may have begun, or even ended.
    again = folder.status()
    if (again.state, again.job) != ("queued", status.job):
        return _truth(folder, again, snapshot) if again.state != "queued" else ("queued", "")
    if isinstance(jobs, str):
        return "queued", f"Not certain: {jobs}"
    job = jobs.get(status.job) if jobs is not None else None
    if job is None and jobs is not None and time.time() - _modified(folder) < HANDING_OVER:
        return "queued", "It is being handed to Ray."
    if job is None:
        what = "does not know it any more" if jobs is not None else "is gone"
        return "interrupted", f"The Ray head that queued it {what}. Resume queues it again."
    if not job.over:
        return "queued", "" if job.state == "PENDING" else "It has its slot and is loading."
    return _ended_early(folder, status, job, snapshot)


def _ended_early(
    folder: RunFolder, status: RunStatus, job: Job, snapshot: Snapshot
) -> tuple[ViewState, str]:
    """A job that ended, though its run never began."""
    if job.state == "STOPPED" or folder.stop_asked():
        folder.write_status(state="stopped")
        return "stopped", ""
    cluster = snapshot.clusters[status.ray_address]
    if job.error_type == WAITED_TOO_LONG and cluster is not None:
        try:
            resubmit(folder, cluster, QUEUING)
        except ClusterError as error:
            # Its head may be ending: the next look tells.
            return "queued", f"Not certain: {error}"
        return "queued", "Ray gave up waiting for a free slot; it was queued again."
    cause = f"It ended before training began: {last_words(folder, job.message)}"
    folder.log(cause)
    folder.write_status(state="failed", error=cause)
    return "failed", cause


def _modified(folder: RunFolder) -> float:
    try:
        return (folder.path / STATUS).stat().st_mtime
    except OSError:
        return 0.0


def by_id(views: Sequence[RunView], id: str) -> RunView | None:
    """The view of one run among many."""
    return next((view for view in views if view.id == id), None)
