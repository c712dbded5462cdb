"""A run knows the cohort it was trained on, and takes no other one under the same name."""

import json
from pathlib import Path

import pytest

from tests.train.fit.fit_cohort import new_run
from tests.train.small_cohort import small_cohort
from train.__main__ import main as train
from train.cohort.store import StoredCohort, load_cohort, write_cohort
from train.cohort_check import TRAINED_ON, check_unchanged, keep_checksum, unchecked
from train.fit import run_training
from train.recipe import Recipe
from train.runs import RunError, RunFolder

AGAIN = r"^run: Expected the cohort 'cohort' that the run was trained on, found one built again"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> StoredCohort:
    return small_cohort(tmp_path_factory.mktemp("made"), patients=20, side=32)


@pytest.fixture
def cohort(tmp_path: Path, made: StoredCohort) -> StoredCohort:
    """A cohort of the test's own, to be built again."""
    return write_cohort(made.card, made.table, tmp_path / "cohort")


@pytest.fixture
def trained(tmp_path: Path, cohort: StoredCohort) -> RunFolder:
    """A run that kept its cohort's checksum and has a network of sorts."""
    run = new_run(tmp_path / "runs", cohort)
    keep_checksum(run, cohort)
    learn(run)
    run.write_status(state="finished")
    return run


def learn(run: RunFolder) -> None:
    file = run.network_file("test_resnet")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"learnt")


def dealt_anew(cohort: StoredCohort) -> StoredCohort:
    """The cohort built again in its folder: who trained is tested now."""
    swapped = {"train": "test", "test": "train", "validation": "validation"}
    table = cohort.table.assign(split=cohort.table["split"].map(swapped))
    return write_cohort(cohort.card, table, cohort.folder)


def test_the_checksum_is_that_of_what_the_table_says(cohort: StoredCohort) -> None:
    again = write_cohort(cohort.card, cohort.table, cohort.folder)
    assert again.checksum == cohort.checksum
    assert len(cohort.checksum) == 64
    assert dealt_anew(cohort).checksum != cohort.checksum


def test_a_cohort_built_again_alike_is_the_same(trained: RunFolder, cohort: StoredCohort) -> None:
    check_unchanged(trained, write_cohort(cohort.card, cohort.table, cohort.folder))
    assert unchecked(trained) == ""


def test_a_cohort_built_again_otherwise_is_refused(
    trained: RunFolder, cohort: StoredCohort
) -> None:
    other = dealt_anew(cohort)
    with pytest.raises(RunError, match=AGAIN + r".* Train a new run on this cohort; or build the"):
        check_unchanged(trained, other)
    with pytest.raises(RunError, match=AGAIN):
        keep_checksum(trained, other)
    with pytest.raises(RunError, match=AGAIN):
        run_training(trained)
    assert "built again since" in trained.status().error


def test_a_run_that_has_learnt_nothing_may_begin_on_another(
    tmp_path: Path, cohort: StoredCohort
) -> None:
    run = new_run(tmp_path / "runs", cohort)
    keep_checksum(run, cohort)
    other = dealt_anew(cohort)
    keep_checksum(run, other)
    assert json.loads((run.path / TRAINED_ON).read_text()) == {
        "cohort": "cohort",
        "checksum": other.checksum,
    }


def test_a_run_of_an_earlier_release_goes_on_and_nothing_vouches_for_it(
    trained: RunFolder, cohort: StoredCohort
) -> None:
    (trained.path / TRAINED_ON).unlink()
    keep_checksum(trained, dealt_anew(cohort))
    assert not (trained.path / TRAINED_ON).exists()
    assert unchecked(trained).startswith("It cannot be checked whether run was trained on this")


@pytest.mark.parametrize("how", ["--run", "--out"])
def test_fit_goes_on_with_no_other_cohort_and_leaves_the_run_as_it_was(
    how: str, trained: RunFolder, cohort: StoredCohort, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = Recipe(**trained.request().recipe)
    asked = ["--networks", *recipe.networks, "--input-size", "64", "--epochs", "3"]
    asked += ["--batch", "4", "--precision", "32"]
    new = ["fit", "--cohort", str(cohort.folder), *asked, "--out", str(trained.path)]
    dealt_anew(load_cohort(cohort.folder))
    assert train(["fit", "--run", str(trained.path)] if how == "--run" else new) == 1
    said = capsys.readouterr().err
    assert said.startswith(
        "train fit: run: Expected the cohort 'cohort' that the run was trained on"
    )
    assert trained.status().state == "finished"


def test_a_run_that_is_nowhere_is_told_by_fit_and_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("fit", "work"):
        assert train([command, "--run", str(tmp_path / "nope")]) == 1
        said = capsys.readouterr().err
        assert said.startswith(f"train {command}: Expected the folder of a run, found no such fol")
        assert "Traceback" not in said
    assert train(["fit", "--run", str(tmp_path)]) == 1
    assert "found a folder without request.json" in capsys.readouterr().err
    assert not (tmp_path / "nope").exists()


def test_work_tells_a_failure_that_is_explained_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = new_run(tmp_path / "runs", tmp_path / "nowhere")
    assert train(["work", "--run", str(run.path)]) == 1
    said = capsys.readouterr().err
    assert "train work: Expected a cohort folder with cohort.json" in said
    assert "Traceback" not in said
    assert run.status().state == "failed"
