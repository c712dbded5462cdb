"""A run handed to Ray, as often as it takes: each time under an id of its own."""

import os
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from train.cluster.where import Cluster
from train.runs.files import tail
from train.runs.folder import RunFolder

PROGRAM = Path(__file__).resolve().parents[2]
OUTPUT = "output.txt"
#: Settings of the program that a run takes with it.
SETTINGS = "CXR_VALVE_"


def resubmit(folder: RunFolder, cluster: Cluster, patience: float = 30.0) -> None:
    """Queue a run, again where it was queued before; waits ``patience`` seconds for each answer.

    The id of the job is written down first: a reader then never meets a job nobody knows, and
    two that do this at once make one job.

    Raises:
        ClusterError: Ray did not take it, or did not say so in time.
    """
    recipe = folder.request().recipe
    job = _next_id(folder.id, folder.status().job)
    folder.write_status(
        state="queued",
        job=job,
        ray_address=cluster.jobs.url,
        error="",
        pid=None,
        process_started=None,
        process_boot="",
        host="",
        heartbeat=None,
        images_per_second=None,
        eta_seconds=None,
    )
    resources = cluster.resources(int(recipe.get("workers", 1)), min(patience, 5.0))
    cluster.jobs.submit(job, entrypoint(folder, job), resources, patience)


def entrypoint(folder: RunFolder, job: str) -> str:
    """The shell command of the job: the same Python, program and settings as here."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(SETTINGS)}
    if threads := os.environ.get("OMP_NUM_THREADS"):
        kept["OMP_NUM_THREADS"] = threads
    settings = [f"{name}={value}" for name, value in sorted(kept.items())]
    # Ray allows one thread to a job that reserves no processor.
    command = ["env", "-u", "OMP_NUM_THREADS", *settings, *_python("train.control.job")]
    command += [str(folder.path.resolve()), job]
    return f"cd {shlex.quote(str(PROGRAM))} && exec {shlex.join(command)}"


def work_command(folder: RunFolder) -> list[str]:
    """What does everything a run still lacks."""
    return [*_python("train"), "work", "--run", str(folder.path.resolve())]


def last_words(folder: RunFolder, otherwise: str) -> str:
    """The last line of what the process printed, else of Ray's account of it."""
    for lines in (tail(folder.path / OUTPUT, 40), otherwise.splitlines()):
        said = [line.strip() for line in lines if line.strip()]
        if said:
            return f"{said[-1][:500]} (all of it is in {OUTPUT} of the run)"
    return "it said nothing"


def _python(module: str) -> Sequence[str]:
    return (sys.executable, "-m", module)


def turn(job: str) -> int:
    """When a job was first queued, in milliseconds: its place in the queue (0: it has none)."""
    number = job.rpartition("-try")[2]
    return int(number) if number.isdigit() else 0


def _next_id(run: str, last: str) -> str:
    """One after the last, so that two who queue a run again agree; at first the time, which no
    earlier try can have."""
    return f"{run}-try{turn(last) + 1 if turn(last) else time.time_ns() // 1_000_000}"
