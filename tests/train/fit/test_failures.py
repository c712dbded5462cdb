"""A run that fails says so in its folder and names the cause; a few bad files do not end it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.train.fit.fit_cohort import assert_same, new_run, weights
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


def test_a_changed_recipe_does_not_take_over_a_checkpoint(
    cohort: StoredCohort, tmp_path: Path
) -> None:
    folder = new_run(tmp_path, cohort)
    run_training(folder)
    folder.network_file("test_resnet").unlink()
    request = folder.request()
    folder.write_request(replace(request, recipe=request.recipe | {"rate": 0.5}))
    refused(folder, TrainingError, r"made with another recipe\. Start a new run")
