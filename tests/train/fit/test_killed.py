"""A training process that is killed or terminated in mid-epoch, for real."""

import signal
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.train.fit.fit_cohort import (
    assert_same,
    last_state,
    new_run,
    start,
    wait_for_step,
    weights,
)
from tests.train.small_cohort import small_cohort
from train.cohort.store import StoredCohort
from train.runs.folder import RunFolder

#: 12 batches an epoch, so that a kill after the 20th falls into the second.
RECIPE = {"epochs": 8, "ema": 0.9, "networks": ("test_resnet",), "input_size": 96}
STEPS = 12


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> StoredCohort:
    return small_cohort(tmp_path_factory.mktemp("killed"), patients=80, side=96)


@pytest.fixture(scope="module")
def whole(cohort: StoredCohort, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The same run, by the same launcher, never interrupted."""
    folder = new_run(tmp_path_factory.mktemp("whole"), cohort, **RECIPE)
    process = start(folder)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return folder


def finish(folder: RunFolder, whole: RunFolder) -> None:
    """Resume, and end as the run that was never interrupted."""
    process = start(folder)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert folder.status().state == "finished"
    assert_same(last_state(whole), last_state(folder))
    assert_same(weights(whole), weights(folder))
    columns = ["epoch", "step", "train_loss", "validation_loss", "validation_auc", "rate"]
    assert folder.metrics()[columns].equals(whole.metrics()[columns])


def test_killed_in_mid_epoch_it_resumes_to_the_same_weights(
    cohort: StoredCohort, whole: RunFolder, tmp_path: Path
) -> None:
    folder = new_run(tmp_path, cohort, **RECIPE)
    process = start(folder)
    wait_for_step(folder, process, STEPS + 2)
    process.kill()
    process.wait()
    assert process.returncode == -signal.SIGKILL
    assert not folder.network_file("test_resnet").exists()
    # What it left says "running" of a process that is gone: so it can be told.
    status = folder.status()
    assert status.state == "running"
    assert status.process is not None
    assert not status.process.alive()
    finish(folder, whole)


def test_terminated_in_mid_epoch_it_keeps_its_place(
    cohort: StoredCohort, whole: RunFolder, tmp_path: Path
) -> None:
    folder = new_run(tmp_path, cohort, **RECIPE)
    process = start(folder)
    wait_for_step(folder, process, STEPS + 2)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "Go on with: python -m train fit --run" in said
    assert folder.status().state == "stopped"
    finish(folder, whole)


def test_its_heart_beats_at_least_every_five_seconds(cohort: StoredCohort, tmp_path: Path) -> None:
    folder = new_run(tmp_path, cohort, **RECIPE | {"epochs": 90})
    process = start(folder)
    wait_for_step(folder, process, 1)
    beats = set()
    until = time.monotonic() + 6
    while time.monotonic() < until:
        beats.add(folder.status().heartbeat)
        time.sleep(0.1)
    folder.ask_to_stop()
    process.communicate(timeout=60)
    ordered = sorted(beat for beat in beats if beat is not None)
    assert len(ordered) >= 2
    assert max(b - a for a, b in pairwise(ordered)) < 5
    assert folder.status().state == "stopped"
