"""A run that finishes, stops or goes on, and what its folder then holds."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.train.fit.fit_cohort import assert_same, last_state, new_run, weights
from tests.train.small_cohort import small_cohort
from train.cohort.store import StoredCohort, write_cohort
from train.cohort_check import TRAINED_ON
from train.fit import run_training
from train.fit.learner import Learner
from train.runs.folder import RunFolder


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> StoredCohort:
    return small_cohort(tmp_path_factory.mktemp("run"), patients=20, side=64)


@pytest.fixture(scope="module")
def finished(cohort: StoredCohort, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = new_run(
        tmp_path_factory.mktemp("finished"), cohort, networks=("test_resnet", "test_efficientnet")
    )
    assert run_training(folder).state == "finished"
    return folder


def test_a_finished_run_holds_every_member_its_curves_and_its_log(finished: RunFolder) -> None:
    metrics = finished.metrics()
    assert metrics["member"].tolist() == ["test_resnet"] * 3 + ["test_efficientnet"] * 3
    assert metrics["epoch"].tolist() == [1, 2, 3, 1, 2, 3]
    assert metrics["step"].tolist() == [3, 6, 9, 3, 6, 9]
    assert metrics["validation_auc"].between(0, 1).all()
    assert metrics["validation_mae"].isna().all()
    assert set(weights(finished)) == set(weights(finished))
    assert finished.network_file("test_efficientnet").is_file()
    log = "\n".join(finished.log_tail())
    assert "test_resnet: 12 radiographs at 64 px, 3 epochs of 3 steps" in log
    assert "test_efficientnet: epoch 3 of 3" in log


def test_a_run_keeps_the_checksum_of_the_cohort_it_was_trained_on(
    finished: RunFolder, cohort: StoredCohort
) -> None:
    kept = json.loads((finished.path / TRAINED_ON).read_text())
    assert kept == {"cohort": "cohort", "checksum": cohort.checksum}


def test_its_status_says_how_far_it_came(finished: RunFolder) -> None:
    status = finished.status()
    assert (status.state, status.error, status.stage) == ("finished", "", "")
    assert status.members == ("test_resnet", "test_efficientnet")
    assert (status.member, status.epoch, status.epochs) == ("test_efficientnet", 3, 3)
    assert (status.step, status.steps) == (9, 9)
    assert status.device == "CPU"
    assert status.images_per_second is not None
    assert status.images_per_second > 0
    assert status.memory_mb is not None
    assert status.memory_mb > 100


def test_starting_a_finished_run_again_changes_nothing(finished: RunFolder) -> None:
    before = finished.network_file("test_resnet").stat().st_mtime_ns
    assert run_training(finished).state == "finished"
    assert finished.network_file("test_resnet").stat().st_mtime_ns == before


def test_a_caller_who_goes_on_leaves_it_running(cohort: StoredCohort, tmp_path: Path) -> None:
    status = run_training(new_run(tmp_path, cohort, epochs=1), finish=False)
    assert (status.state, status.stage) == ("running", "training")


def test_the_stop_file_stops_it_and_resume_ends_as_if_it_had_not(
    cohort: StoredCohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, cut = new_run(tmp_path, cohort, "whole"), new_run(tmp_path, cohort, "cut")
    assert run_training(whole).state == "finished"
    loss, batches = Learner.forward, []

    def asking(self: Learner, *batch: object) -> object:
        batches.append(batch)
        if len(batches) == 5:
            cut.ask_to_stop()
        return loss(self, *batch)  # type: ignore[arg-type]

    with monkeypatch.context() as watched:
        watched.setattr(Learner, "forward", asking)
        assert run_training(cut).state == "stopped"
    # It stopped before the batch after the one in which it was asked.
    assert len(batches) == 5
    assert (cut.status().epoch, cut.status().step) == (1, 5)
    assert not cut.stop_asked()
    assert not cut.network_file("test_resnet").exists()
    assert run_training(cut).state == "finished"
    assert_same(last_state(whole), last_state(cut))
    assert_same(weights(whole), weights(cut))
    columns = ["epoch", "step", "train_loss", "validation_loss", "validation_auc", "rate"]
    assert cut.metrics()[columns].equals(whole.metrics()[columns])


def test_a_value_is_validated_in_its_own_unit(tmp_path: Path) -> None:
    cohort = small_cohort(tmp_path, "lvef", patients=20, side=64)
    folder = new_run(tmp_path, cohort)
    run_training(folder)
    metrics = folder.metrics()
    assert metrics["validation_auc"].isna().all()
    spread = float(np.std(cohort.split("validation")["target"]))
    assert metrics["validation_mae"].between(0.2 * spread, 10 * spread).all()


def test_structures_of_a_simulated_cohort_are_located(tmp_path: Path) -> None:
    cohort = small_cohort(tmp_path, patients=20, side=64)
    grids = np.random.default_rng(0).random((20, 3, 20, 20)).astype(np.float16)
    write_cohort(cohort.card, cohort.table, cohort.folder, grids)
    folder = new_run(tmp_path, cohort, epochs=1, measure_weight=1.0, locate_weight=1.0)
    assert run_training(folder).state == "finished"
    learnt = last_state(folder)
    assert learnt["measure.weight"].shape[0] == len(cohort.aux)
    assert learnt["locate.weight"].shape[0] % 3 == 0
    assert not any(name.startswith(("measure", "locate")) for name in weights(folder))
