"""Several workers on one machine or many, by Ray Train: each computes its share of every batch.

The run's folder and the cohort's must be at the same path on every machine. A worker or a machine
that is lost ends an attempt; Ray Train starts the workers anew where there is room, and they go on
from the last checkpoint.
"""

import json
import logging
import os
import signal
import threading
from pathlib import Path
from typing import Any

import torch

from train.cohort.store import load_cohort
from train.fit.images import prepare_images
from train.fit.outcomes import Stopped, TrainingError
from train.fit.progress import Progress, StopWish
from train.fit.run import logging_to, threads_for, train_members
from train.fit.team import Team, choose
from train.recipe import Recipe, recipe_from_json
from train.runs.files import read_object, write_atomically
from train.runs.folder import RunFolder

log = logging.getLogger(__name__)

#: How often workers may be lost and started anew before the run fails.
MOST_RESTARTS = 5
#: Where the leading worker tells the driver how far it is, and how it ended.
PROGRESS_FILE, OUTCOME_FILE = "workers.json", "workers-outcome.json"


def train_with_workers(
    folder: RunFolder, recipe: Recipe, progress: Progress, wish: StopWish
) -> None:
    """Train what is not trained yet with ``recipe.workers`` processes.

    Raises:
        Stopped: a graceful stop was asked for.
        TrainingError: training cannot go on, or workers were lost too often.
    """
    address = _cluster_address()
    # Imported here: one process needs no Ray, and Ray reads its environment when it is imported.
    import ray

    mine = not ray.is_initialized()
    if mine:
        _connect(ray, address)
    file = folder.path / PROGRESS_FILE
    for stale in (file, folder.path / OUTCOME_FILE):
        stale.unlink(missing_ok=True)
    gpus = ray.cluster_resources().get("GPU", 0) > 0  # type: ignore[no-untyped-call]
    progress.set(stage="waiting for workers")
    try:
        with progress.following(file):
            told = _fit(_trainer(folder, recipe.workers, gpus), folder, wish)
    finally:
        if mine:
            ray.shutdown()
    if told.get("state") == "stopped":
        raise Stopped
    if told.get("state") != "finished":
        raise TrainingError(told.get("error") or "Expected the workers to finish; found no word.")


def _trainer(folder: RunFolder, workers: int, gpus: bool) -> Any:
    """Ray's trainer of this run: one processor core, or one GPU where there are any, a worker."""
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchTrainer

    return TorchTrainer(
        work_as_one,
        train_loop_config={"folder": str(folder.path.resolve())},
        scaling_config=ScalingConfig(
            num_workers=workers,
            use_gpu=gpus,
            resources_per_worker={"GPU": 1} if gpus else {"CPU": 1},
        ),
        run_config=RunConfig(
            name=folder.id,
            storage_path=str((folder.path / "ray").resolve()),
            failure_config=FailureConfig(max_failures=MOST_RESTARTS),
        ),
    )


def _fit(trainer: Any, folder: RunFolder, wish: StopWish) -> dict[str, Any]:
    """Wait for the workers, passing a stop on to them; what the leader reported at the end."""
    failures: list[Exception] = []

    def fit() -> None:
        try:
            trainer.fit()
        except Exception as error:
            failures.append(error)

    # In a thread of its own, Ray Train leaves signals to us.
    thread = threading.Thread(target=fit, name="ray-train", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.5)
        if wish() and not folder.stop_asked():
            folder.ask_to_stop()
    if failures:
        cause = str(failures[0]).strip().splitlines()[-1:] or [type(failures[0]).__name__]
        raise TrainingError(
            f"Expected the workers to finish; found that they failed {MOST_RESTARTS + 1} times, at "
            f"last with: {cause[0]}. Resume goes on from the last checkpoint."
        ) from failures[0]
    return read_object(folder.path / OUTCOME_FILE) or {}


def work_as_one(config: dict[str, Any]) -> None:
    """What each worker does. Errors that all agree on are told; any other ends the attempt."""
    import ray.train

    folder = RunFolder(Path(config["folder"]))
    context = ray.train.get_context()
    torch.set_num_threads(threads_for(context.get_local_world_size()))
    recipe = recipe_from_json(folder.request().recipe)
    team = Team(_fabric(recipe))
    try:
        with logging_to(folder if team.leads else None):
            _train(folder, recipe, team)
        told = {"state": "finished"}
    except Stopped:
        told = {"state": "stopped"}
    except TrainingError as error:
        told = {"state": "failed", "error": str(error)}
    if team.leads:
        write_atomically(folder.path / OUTCOME_FILE, json.dumps(told))


def _train(folder: RunFolder, recipe: Recipe, team: Team) -> None:
    cohort = load_cohort(Path(folder.request().cohort))
    # The driver prepared them: this opens what is there.
    prepared = prepare_images(cohort, recipe.sizes)
    progress = Progress(folder.path / PROGRESS_FILE if team.leads else None)
    train_members(folder, recipe, cohort, prepared, team, progress, StopWish(folder.stop_asked))


def _fabric(recipe: Recipe) -> Any:
    """Lightning's handle on the processes that Ray Train has already connected."""
    from lightning.fabric import Fabric
    from lightning.fabric.strategies.ddp import DDPStrategy
    from ray.train.lightning import RayLightningEnvironment
    from ray.train.torch import get_device

    class RayStrategy(DDPStrategy):
        """DDP on the device that Ray gave to this worker."""

        @property
        def root_device(self) -> torch.device:
            """Which may be any GPU of the machine."""
            return get_device()

    accelerator = "cuda" if get_device().type == "cuda" else "cpu"
    fabric = Fabric(
        accelerator=accelerator,
        devices=1,
        strategy=RayStrategy(
            cluster_environment=RayLightningEnvironment()  # type: ignore[no-untyped-call]
        ),
        precision=choose(recipe.precision, accelerator),
    )
    fabric.launch()
    return fabric


def _cluster_address() -> str:
    """The cluster that RAY_ADDRESS names (as it does inside a job), else the head on this machine,
    with the environment that leads to it."""
    address = os.environ.get("RAY_ADDRESS", "").strip()
    if address.startswith("http"):
        raise TrainingError(
            "RAY_ADDRESS: expected the address of the cluster itself (such as head:6379) to train "
            f"with several workers from here; found that of its dashboard, {address}. Submit the "
            "run as a job instead, or unset RAY_ADDRESS to use this machine."
        )
    if address:
        return address
    from train.cluster.head import ensure_head, head_token

    head = ensure_head()
    os.environ.update(
        RAY_AUTH_MODE="token",
        RAY_AUTH_TOKEN=head_token(),
        # Else Ray looks for the head at the address of the network, where it does not listen.
        RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER="0",
    )
    return head.address


def _connect(ray: Any, address: str) -> None:
    """Join the cluster; Ray's own handling of signals is undone, so that a stop stays graceful."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    ray.init(address=address, logging_level=logging.WARNING, log_to_driver=False)
    if threading.current_thread() is threading.main_thread():
        for number, handler in handlers.items():
            signal.signal(number, handler)
