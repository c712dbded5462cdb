"""A run from its folder: every member trained, its state written down whatever happens."""

import logging
import os
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import torch

from train.cohort.card import CohortError
from train.cohort.store import StoredCohort, load_cohort
from train.cohort_check import keep_checksum, unchecked
from train.fit.examples import from_cohort
from train.fit.images import PreparedImages, prepare_images
from train.fit.member import fit_member
from train.fit.outcomes import Stopped, TrainingError, reason
from train.fit.progress import Progress, StopWish
from train.fit.team import Team, single
from train.fit.watcher import RunWatcher
from train.recipe import Recipe, RecipeError, recipe_from_json
from train.runs.folder import RunError, RunFolder, RunStatus
from train.runs.heartbeat import Heartbeat
from train.suitability import check_against

log = logging.getLogger("train.fit")

#: Errors whose message is written for the user; of any other one the kind is told too.
EXPLAINED = (TrainingError, RecipeError, CohortError, RunError)


def run_training(folder: RunFolder, *, finish: bool = True) -> RunStatus:
    """Train every member of a run that has no network yet, going on from its last checkpoint.

    Writes status, metrics and log as it goes. Returns the status it left: "stopped" after a
    graceful stop (the stop file, SIGTERM or SIGINT), else "finished", or still "running" where
    ``finish`` is False because the caller goes on with the run.

    Raises:
        Exception: after the state "failed" was written with a message that names the cause.
    """
    progress = Progress()
    progress.set(state="running", error="", stage="reading the cohort")
    try:
        with (
            logging_to(folder),
            StopWish(folder.stop_asked) as wish,
            Heartbeat(folder, progress.fields),
        ):
            return _guarded(folder, progress, wish, finish)
    except OSError as error:
        # The heartbeat's first write, or the last word of a run, could not be written.
        raise TrainingError(
            f"Expected to write in the folder of the run {folder.id}; found that {reason(error)}. "
            "Make room or allow writing there, then resume."
        ) from error


def _guarded(folder: RunFolder, progress: Progress, wish: StopWish, finish: bool) -> RunStatus:
    def end(state: str, error: str = "") -> RunStatus:
        # By way of the progress: else the next heartbeat would take it back.
        progress.set(state=state, error=error, stage="", eta_seconds=None)
        return folder.write_status(**progress.fields())

    try:
        _train(folder, progress, wish)
    except Stopped:
        log.info("stopped on request; resume goes on from here")
        folder.clear_stop()
        return end("stopped")
    except (KeyboardInterrupt, SystemExit):
        log.info("interrupted; resume goes on from the last checkpoint")
        end("stopped")
        raise
    except BaseException as error:
        message = explain(error)
        log.error("failed: %s", message)
        if not isinstance(error, EXPLAINED):
            log.error(traceback.format_exc())
        end("failed", message)
        raise
    if not finish:
        return folder.write_status(**progress.fields())
    log.info("finished")
    return end("finished")


def _train(folder: RunFolder, progress: Progress, wish: StopWish) -> None:
    request = folder.request()
    recipe = recipe_from_json(request.recipe)
    progress.set(members=recipe.networks)
    cohort = load_cohort(Path(request.cohort))
    keep_checksum(folder, cohort)
    check_against(recipe, cohort)
    recipe.check_networks()
    if said := unchecked(folder):
        log.warning(said)
    prepared = prepare_for(cohort, recipe, progress, wish)
    if recipe.workers > 1:
        from train.fit.workers import train_with_workers

        train_with_workers(folder, recipe, progress, wish)
        return
    torch.set_num_threads(threads_for(1))
    train_members(folder, recipe, cohort, prepared, single(recipe.precision), progress, wish)


def prepare_for(
    cohort: StoredCohort, recipe: Recipe, progress: Progress, wish: StopWish
) -> dict[int, PreparedImages]:
    """Prepare the cohort's radiographs for a recipe, told as a stage of the run; may stop."""

    def report(done: int, total: int) -> None:
        progress.set(step=done, steps=total)
        if wish():
            raise Stopped

    progress.set(stage="preparing images")
    prepared = prepare_images(cohort, recipe.sizes, report)
    for image, problem in next(iter(prepared.values())).problems.items():
        log.warning("skipping radiograph %s: %s", image, problem)
    return prepared


def train_members(
    folder: RunFolder,
    recipe: Recipe,
    cohort: StoredCohort,
    prepared: Mapping[int, PreparedImages],
    team: Team,
    progress: Progress,
    wish: StopWish,
) -> None:
    """Train what is not trained yet, in this process as one of a team."""
    device = team.fabric.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    progress.set(stage="training", device=name if team.size == 1 else f"{team.size} × {name}")
    for network in recipe.networks:
        size = recipe.size_of(network)
        data = team.together(partial(from_cohort, cohort, prepared[size], recipe))
        watcher = RunWatcher(folder, recipe, network, progress, wish)
        watcher.begin(len(data.train) // recipe.batch)
        fit_member(
            network, recipe, data, folder.network_file(network).parent, team, watcher=watcher
        )


def threads_for(local_workers: int) -> int:
    """Threads a process computes with: the machine's processors shared by its workers.

    Set explicitly, since launchers set OMP_NUM_THREADS each to their own taste, and rounding
    depends on it.
    """
    return max(1, len(os.sched_getaffinity(0)) // local_workers)


def explain(error: BaseException) -> str:
    """Why a run failed, in words for its user."""
    if isinstance(error, EXPLAINED):
        return str(error)
    if isinstance(error, OSError):
        return f"Expected to read and write the run's files; found that {reason(error)}."
    if isinstance(error, torch.OutOfMemoryError):
        return "Expected the batch to fit in the GPU's memory; found it full. Make it smaller."
    return f"{type(error).__name__}: {error}".rstrip(": ")


@contextmanager
def logging_to(folder: RunFolder | None) -> Iterator[None]:
    """Lines of this package's loggers go to the run's log too; None: to nobody's."""
    if folder is None:
        yield
        return
    handler = _FolderHandler(folder)
    top = logging.getLogger("train")
    before = top.level
    top.addHandler(handler)
    top.setLevel(logging.INFO)
    try:
        yield
    finally:
        top.removeHandler(handler)
        top.setLevel(before)


class _FolderHandler(logging.Handler):
    def __init__(self, folder: RunFolder) -> None:
        super().__init__(logging.INFO)
        self._folder = folder

    def emit(self, record: logging.LogRecord) -> None:
        """Append the line; a log that cannot be written stops nothing."""
        try:
            self._folder.log(record.getMessage())
        except OSError:
            self.handleError(record)
