"""Whatever becomes of a run, its folder says so, and names the cause."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.train.fit.fit_cohort import assert_same, last_state, new_run, weights
from tests.train.small_cohort import small_cohort
from train.cohort.store import StoredCohort, write_cohort
from train.fit import run_training
from train.fit.learner import Learner
from train.fit.outcomes import TrainingError
from train.recipe import RecipeError
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


def refused(folder: RunFolder, error: type[Exception], message: str) -> None:
    """It fails with the message, and its folder says the same."""
    with pytest.raises(error, match=message):
        run_training(folder)
    status = folder.status()
    assert status.state == "failed"
    assert status.error in "\n".join(folder.log_tail())
    with pytest.raises(error, match=message):
        raise error(status.error)


def test_a_failure_before_the_first_epoch_is_recorded(cohort: StoredCohort, tmp_path: Path) -> None:
    refused(
        new_run(tmp_path, tmp_path / "nowhere", "gone"),
        ValueError,
        r"Expected a cohort folder with cohort\.json",
    )
    refused(
        new_run(tmp_path, cohort, "vgg", networks=("vgg11",)),
        RecipeError,
        r"networks: .* found 'vgg11'",
    )
    damaged = new_run(tmp_path, cohort, "damaged")
    request = json.loads((damaged.path / "request.json").read_text())
    request["recipe"]["epochs"] = 0
    (damaged.path / "request.json").write_text(json.dumps(request))
    refused(damaged, RecipeError, r"epochs: expected 1 or more; found 0")


def test_a_split_without_positives_is_named(tmp_path: Path) -> None:
    cohort = small_cohort(tmp_path, patients=20, side=64)
    table = cohort.table.copy()
    table.loc[table["split"] == "validation", "target"] = 0
    write_cohort(cohort.card, table, cohort.folder)
    refused(
        new_run(tmp_path, cohort),
        RecipeError,
        r"^validation split: expected positives and negatives; found no positives among 4",
    )


def test_unreadable_radiographs_are_skipped_and_named_while_they_are_few(tmp_path: Path) -> None:
    cohort = small_cohort(tmp_path, patients=40, side=64)
    missing = cohort.table.index[cohort.table["split"] == "train"][3]
    cohort.file_of(cohort.table["path"][missing]).unlink()
    folder = new_run(tmp_path, cohort, epochs=1)
    assert run_training(folder).state == "finished"
    log = "\n".join(folder.log_tail())
    assert f"skipping radiograph {cohort.table['image'][missing]}: the file is missing" in log
    assert "test_resnet: 23 radiographs" in log
    assert str(cohort.table["path"][missing]) not in log


def test_many_unreadable_radiographs_stop_it(tmp_path: Path) -> None:
    cohort = small_cohort(tmp_path, patients=20, side=64)
    broken = cohort.table.index[cohort.table["split"] == "train"][:2]
    for row in broken:
        cohort.file_of(cohort.table["path"][row]).write_bytes(b"\x00" * 100)
    first = cohort.table["image"][broken[0]]
    refused(
        new_run(tmp_path, cohort),
        TrainingError,
        rf"5% of the train split to be unreadable; found 2 of 12 radiographs \({first}: exp",
    )


def test_a_file_that_breaks_in_mid_epoch_disturbs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = small_cohort(tmp_path, patients=20, side=64)
    whole, disturbed = new_run(tmp_path, cohort, "whole"), new_run(tmp_path, cohort, "disturbed")
    run_training(whole)
    loss, batches = Learner.forward, []

    def breaking(self: Learner, *batch: object) -> object:
        batches.append(batch)
        if len(batches) == 5:
            for path in cohort.table["path"]:
                cohort.file_of(path).write_bytes(b"broken")
            disturbed.ask_to_stop()
        return loss(self, *batch)  # type: ignore[arg-type]

    with monkeypatch.context() as watched:
        watched.setattr(Learner, "forward", breaking)
        assert run_training(disturbed).state == "stopped"
    assert run_training(disturbed).state == "finished"
    assert_same(weights(whole), weights(disturbed))


def test_a_loss_that_is_no_number_is_named(
    cohort: StoredCohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss = Learner.target_loss
    monkeypatch.setattr(Learner, "target_loss", lambda *found: loss(*found) * float("inf") * 0)
    refused(new_run(tmp_path, cohort), TrainingError, r"found none in epoch 1, batch 1, of test_r")


def test_a_full_disk_is_named_and_training_goes_on_once_there_is_room(
    cohort: StoredCohort, tmp_path: Path
) -> None:
    folder = new_run(tmp_path, cohort)
    checkpoints = folder.checkpoints("test_resnet")
    checkpoints.mkdir(parents=True)
    # Every write to this device finds it full.
    (checkpoints / "last.partial").symlink_to("/dev/full")
    refused(
        folder,
        TrainingError,
        r"write the checkpoint last\.ckpt .* the disk is full\. Make room .* after epoch 1\.",
    )
    assert run_training(folder).state == "finished"


def test_a_folder_that_cannot_be_written_is_named(cohort: StoredCohort, tmp_path: Path) -> None:
    folder = new_run(tmp_path, cohort)
    (folder.path / "members").write_text("in the way")
    refused(folder, TrainingError, r"write the checkpoint .* found that (not a dir|file exists)")
    gone = RunFolder(tmp_path / "no-such-run")
    with pytest.raises(TrainingError, match=r"write in the folder of the run no-such-run; found"):
        run_training(gone)


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


def test_a_changed_recipe_does_not_take_over_a_checkpoint(
    cohort: StoredCohort, tmp_path: Path
) -> None:
    folder = new_run(tmp_path, cohort)
    run_training(folder)
    folder.network_file("test_resnet").unlink()
    request = folder.request()
    folder.write_request(replace(request, recipe=request.recipe | {"rate": 0.5}))
    refused(folder, TrainingError, r"made with another recipe\. Start a new run")
