"""One command brings a run to its end, from wherever it is."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from tests.train.probed_run import probed_run
from tests.train.small_cohort import small_cohort
from train.cohort.card import CohortError
from train.cohort.rules import CohortRules
from train.fit.outcomes import Stopped
from train.recipe import Recipe
from train.runs import RunFolder, RunRequest, create
from train.work import do_work, prepare

RECIPE = Recipe(networks=("test_resnet",), input_size=80, epochs=1, batch=8, precision="32")


@pytest.fixture
def request_(tmp_path: Path) -> RunRequest:
    """A run on a cohort that is not there yet."""
    return RunRequest(
        id="one",
        title="one",
        finding="mr",
        cohort=str(tmp_path / "cohort"),
        recipe=RECIPE.to_json(),
        created="2026-01-31T14:25:01+00:00",
        command="",
    )


def test_what_is_there_is_not_done_again(tmp_path: Path) -> None:
    folder = probed_run(tmp_path / "runs", small_cohort(tmp_path, patients=40))
    written = folder.network_file("test_resnet").stat().st_mtime_ns
    folder.write_status(state="queued")
    assert do_work(folder).state == "finished"
    assert (folder.evaluation / "evaluation.json").is_file()
    assert folder.network_file("test_resnet").stat().st_mtime_ns == written


def test_patients_are_simulated_and_paired(request_: RunRequest, tmp_path: Path) -> None:
    folder = create(replace(request_, simulate=19), tmp_path / "runs")
    prepare(folder)
    assert (folder.path / "data" / "radiographs.csv").is_file()
    assert (tmp_path / "cohort" / "cohort.json").is_file()
    assert (tmp_path / "cohort" / "structures.npy").is_file()
    assert folder.status().stage == "checking radiographs"


def test_a_stop_before_training_is_obeyed_and_taken_back(
    request_: RunRequest, tmp_path: Path
) -> None:
    folder = create(replace(request_, simulate=19), tmp_path / "runs")
    folder.ask_to_stop()
    assert do_work(folder).state == "stopped"
    assert not folder.stop_asked()
    assert not (tmp_path / "cohort").exists()
    # What was simulated so far is not simulated again.
    assert list(folder.path.glob(".data.partial/images/**/*.*"))


def test_rules_that_fit_no_data_fail_by_name(request_: RunRequest, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    rules = CohortRules(str(tmp_path / "empty")).to_json()
    folder = create(replace(request_, rules=rules), tmp_path / "runs")
    with pytest.raises(CohortError, match=r"radiographs\.csv"):
        do_work(folder)
    status = RunFolder(folder.path).status()
    assert status.state == "failed"
    assert "radiographs.csv" in status.error
    assert "radiographs.csv" in "\n".join(folder.log_tail())


def shared(request_: RunRequest, place: Path) -> list[RunFolder]:
    """Two runs that share a cohort which is not there yet."""
    rules = CohortRules(str(place / "export")).to_json()
    return [create(replace(request_, id=id, rules=rules), place / "runs") for id in ("one", "two")]


def test_runs_that_share_a_cohort_build_it_once(
    request_: RunRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[Path] = []

    def build(rules: CohortRules, out: Path, report: Callable[[int, int], None]) -> None:
        built.append(out)
        time.sleep(0.5)
        small_cohort(out.parent, patients=20)

    monkeypatch.setattr("train.cohort.build.build", build)
    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(prepare, folder) for folder in shared(request_, tmp_path)]
        for run in runs:
            run.result(timeout=20)
    assert built == [tmp_path / "cohort"]
    assert (tmp_path / ".cohort.lock").exists()


def test_a_run_that_waits_for_a_cohort_obeys_a_stop(request_: RunRequest, tmp_path: Path) -> None:
    folder = shared(request_, tmp_path)[0]
    with FileLock(tmp_path / ".cohort.lock"), ThreadPoolExecutor() as pool:
        waiting = pool.submit(prepare, folder)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=1)
        folder.ask_to_stop()
        with pytest.raises(Stopped):
            waiting.result(timeout=10)
    assert folder.status().stage == "checking radiographs"


def test_a_cohort_that_the_earlier_run_could_not_build_is_built_by_the_next(
    request_: RunRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = shared(request_, tmp_path)
    with pytest.raises(CohortError):
        prepare(first)
    monkeypatch.setattr(
        "train.cohort.build.build", lambda _, out, report: small_cohort(out.parent, patients=20)
    )
    prepare(second)
    assert (tmp_path / "cohort" / "cohort.json").is_file()
