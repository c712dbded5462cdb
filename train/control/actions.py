"""What can be done with a run; every refusal says what to do instead."""

import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from train.cluster.jobs import ClusterError
from train.cluster.where import find_cluster, known_cluster
from train.control.submission import resubmit
from train.control.truth import look
from train.runs.folder import RunError, RunFolder, RunRequest
from train.runs.root import create, new_id, utc_now

#: Seconds a run has to end by itself when it is stopped by force.
GRACE = 5.0


def start(request: RunRequest, root: Path | None = None) -> RunFolder:
    """Make a run and queue it.

    Raises:
        ClusterError: Ray did not take it; the run stays, marked failed with the reason.
    """
    folder = create(request, root)
    submit(folder)
    return folder


def submit(folder: RunFolder) -> None:
    """Queue a run; starts Ray's head on this machine where there is none. A run that somebody
    stops meanwhile stays stopped.

    Raises:
        ClusterError: Ray did not take it; the run is then written down as failed.
    """
    try:
        cluster = find_cluster(folder.path.parent)
        if not folder.stop_asked():
            resubmit(folder, cluster)
    except ClusterError as error:
        folder.log(str(error))
        if not folder.stop_asked():
            folder.write_status(state="failed", error=str(error))
            raise
    # Ray takes seconds to start and to answer; who stopped the run then knew of no job to end.
    if folder.stop_asked():
        _leave_queue(folder)


def stop(folder: RunFolder) -> None:
    """Ask a run to stop after its batch, with a checkpoint; one that still waits stops at once."""
    view = look(folder)
    if not view.active:
        raise RunError(f"{folder.id}: Expected a run that waits or trains, found it {view.state}.")
    folder.ask_to_stop()
    if view.state == "queued":
        _leave_queue(folder)


def force_stop(folder: RunFolder) -> None:
    """End the process of a run now; it goes on later from its last checkpoint.

    Raises:
        RunError: it trains on another machine whose Ray does not answer.
    """
    view = look(folder)
    if not view.active:
        return
    folder.ask_to_stop()
    told = _tell_ray(folder)
    process = view.status.process
    if process is not None and not process.here and not told:
        raise RunError(
            f"{folder.id}: Expected Ray at {view.status.ray_address} to answer, found silence. "
            f"End process {process.pid} on {process.host} by hand."
        )
    until = time.monotonic() + GRACE
    while time.monotonic() < until and look(folder).active:
        time.sleep(0.2)
    if process is not None and process.here:
        process.kill()
    if folder.status().state in ("queued", "running", "stopping"):
        folder.log("Stopped by force.")
        folder.write_status(state="stopped")


def resume(folder: RunFolder) -> None:
    """Queue a run again; it goes on from its last checkpoint.

    Raises:
        RunError: it is not one that was stopped, interrupted or failed.
        ClusterError: Ray did not take it.
    """
    view = look(folder)
    if not view.resumable:
        raise RunError(
            f"{folder.id}: Expected a run that was stopped, interrupted or failed, found it "
            f"{view.state}. Duplicate it to train again from the beginning."
        )
    folder.clear_stop()
    folder.write_status(state="queued", error="", job="")
    submit(folder)


def duplicate(folder: RunFolder, **changes: Any) -> RunRequest:
    """The request of a new run like this one; ``changes`` replace fields of it. Nothing starts."""
    request = folder.request()
    fresh = {
        "id": new_id(request.finding, folder.path.parent),
        "created": utc_now(),
        "title": f"{request.title} (copy)",
    }
    return replace(request, **(fresh | changes))


def delete(folder: RunFolder) -> None:
    """Remove a run and everything in its folder; weights promoted from it stay.

    Raises:
        RunError: it waits or trains.
    """
    view = look(folder)
    if view.active:
        raise RunError(
            f"{folder.id}: Expected a run that has ended, found it {view.state}. Stop it first."
        )
    # Gone from every list at once, however long its files take.
    doomed = folder.path.with_name(f".{folder.id}.deleted")
    folder.path.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)


def _leave_queue(folder: RunFolder) -> None:
    _tell_ray(folder)
    # Unless it began in this very moment: then it stops itself.
    if folder.status().state == "queued":
        folder.write_status(state="stopped")


def _tell_ray(folder: RunFolder) -> bool:
    """Ask Ray to end the job; False where it cannot be asked."""
    status = folder.status()
    try:
        cluster = known_cluster(status.ray_address, folder.path.parent) if status.job else None
        if cluster is None:
            return False
        cluster.jobs.stop(status.job, timeout=5.0)
    except ClusterError:
        return False
    return True
