"""What is promoted is what was evaluated: of these runs, by that rule, on this very cohort."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cxr_valve import cards
from cxr_valve.evaluation.rules import Rule
from tests.train.probed_run import probed_run
from tests.train.small_cohort import small_cohort
from train.__main__ import main as train
from train.cohort.store import TABLE_FILE, StoredCohort
from train.evaluate import (
    Evaluation,
    evaluate_run,
    evaluation_folder,
    kept_evaluation,
    kept_rule,
    load,
)
from train.promote import promote
from train.provenance import provenance_of
from train.runs import RunError, RunFolder
from train.work import do_work

pytestmark = pytest.mark.usefixtures("place")
CAREFUL = Rule("sensitivity", 0.9)


@pytest.fixture(scope="module")
def cohort(place: Path) -> StoredCohort:
    return small_cohort(place, "mr", patients=40)


@pytest.fixture(scope="module")
def seeds(place: Path, cohort: StoredCohort) -> list[RunFolder]:
    """Three runs whose names end alike, the last one in a folder of its own."""
    runs = []
    for seed, root in ((1, "runs"), (8, "runs"), (3, "elsewhere")):
        made = probed_run(place / root, cohort, seed=seed)
        runs.append(RunFolder(made.path.with_name(f"seed{seed}-mr")))
        made.path.rename(runs[-1].path)
    return runs


@pytest.fixture(scope="module")
def pair(seeds: list[RunFolder]) -> Evaluation:
    return evaluate_run(seeds[:2], rule=CAREFUL)


@pytest.fixture(scope="module")
def alone(seeds: list[RunFolder]) -> RunFolder:
    """A run that was evaluated by itself."""
    evaluate_run(seeds[:1], rule=CAREFUL)
    return seeds[0]


@pytest.fixture
def promoted(monkeypatch: pytest.MonkeyPatch, place: Path) -> list[Evaluation]:
    """What the command would promote, without the seconds that writing takes."""
    asked: list[Evaluation] = []

    def take(evaluation: Evaluation, *_: object, **__: object) -> Path:
        asked.append(evaluation)
        return place / "mr-none"

    monkeypatch.setattr("train.promote.promote", take)
    return asked


@pytest.fixture
def dealt_anew(cohort: StoredCohort) -> Iterator[None]:
    """While it lasts, the cohort is built again: who trained is tested."""
    file = cohort.folder / TABLE_FILE
    before = file.read_bytes()
    swapped = {"train": "test", "test": "train", "validation": "validation"}
    table = cohort.table.assign(split=cohort.table["split"].map(swapped))
    table.to_csv(file, index=False)
    yield
    file.write_bytes(before)


def paths(runs: list[RunFolder]) -> list[str]:
    return [str(run.path) for run in runs]


def test_the_weights_promoted_are_those_of_the_runs_asked_for(
    seeds: list[RunFolder], pair: Evaluation
) -> None:
    asked = [seeds[0], seeds[2]]
    assert train(["promote", *paths(asked), "--tag", "pair"]) == 0
    card = cards.read_card(cards.user_root() / "mr-pair").card
    expected = [cards.sha256(run.network_file("test_resnet")) for run in asked]
    assert [member.sha256 for member in card.members] == expected
    assert "seed 1" in card.training.recipe["test_resnet"]
    assert "seed 3" in card.training.recipe["test_resnet-2"]


def test_an_evaluation_finds_runs_of_other_folders_again(seeds: list[RunFolder]) -> None:
    asked = [seeds[0], seeds[2]]
    kept = kept_evaluation(asked) or evaluate_run(asked)
    again = load(kept.folder)
    assert [run.path for run in again.folders] == [run.path for run in asked]
    assert [member.file for member in again.members] == [
        run.network_file("test_resnet") for run in asked
    ]


def test_each_ensemble_has_a_folder_of_its_own(seeds: list[RunFolder], pair: Evaluation) -> None:
    first, second, third = seeds
    folders = {evaluation_folder([first, other]) for other in (second, third)}
    assert len(folders | {evaluation_folder([first]), evaluation_folder(seeds)}) == 4
    assert kept_evaluation([first, second]).runs == pair.runs
    assert kept_evaluation([second, first]) is None
    assert kept_rule([first, second]) == CAREFUL
    assert kept_rule([second, first]) == Rule("youden")


def test_an_ensemble_of_an_earlier_release_is_found_by_its_runs(
    seeds: list[RunFolder], pair: Evaluation
) -> None:
    first, second = seeds[:2]
    earlier = first.path / "evaluation-with-mr"
    pair.folder.rename(earlier)
    try:
        assert kept_evaluation([first, second]).folder == earlier
        other = RunFolder(second.path.with_name("seed9-mr"))
        assert kept_evaluation([first, other]) is None
        assert kept_rule([first, other]) == Rule("youden")
    finally:
        earlier.rename(pair.folder)


def test_a_member_left_out_at_promotion_does_not_change_the_rule(
    seeds: list[RunFolder],
    pair: Evaluation,
    promoted: list[Evaluation],
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["promote", *paths(seeds[:2])]
    assert train([*command, "--without", "test_resnet-2"]) == 0
    assert promoted[-1].names == ("test_resnet",)
    assert promoted[-1].rule == CAREFUL
    assert "Members: test_resnet. Operating point: sensitivity=0.9 on validation." in (
        capsys.readouterr().out
    )
    # Nor does another rule bring back who was left out.
    assert train([*command, "--rule", "specificity=.9"]) == 0
    assert promoted[-1].names == ("test_resnet",)
    assert promoted[-1].rule == Rule("specificity", 0.9)
    written = promoted[-1].created, (promoted[-1].folder / "evaluation.json").stat().st_mtime_ns
    # What is kept as asked is promoted as it is.
    assert train([*command, "--without", "test_resnet-2"]) == 0
    file = promoted[-1].folder / "evaluation.json"
    assert (promoted[-1].created, file.stat().st_mtime_ns) == written
    assert train([*command, "--rule", "luck"]) == 2
    assert train([*command, "--without", "nobody"]) == 1
    assert "Expected members to leave out among test_resnet, test_resnet-2" in (
        capsys.readouterr().err
    )


def test_a_run_is_evaluated_again_by_its_own_rule(alone: RunFolder) -> None:
    before = load(alone.evaluation)
    (alone.evaluation / "scores.csv").unlink()
    assert do_work(alone).state == "finished"
    again = load(alone.evaluation)
    assert again.rule == before.rule == CAREFUL
    assert again.fitted.operating_point == before.fitted.operating_point


def test_a_copied_run_speaks_for_itself(
    alone: RunFolder, cohort: StoredCohort, promoted: list[Evaluation], place: Path
) -> None:
    copy = RunFolder(place / "runs" / "copied")
    shutil.copytree(alone.path, copy.path)
    assert train(["promote", str(copy.path)]) == 0
    found = promoted[-1]
    assert found.runs == ("copied",)
    assert found.members[0].file == copy.network_file("test_resnet")
    said = provenance_of(found, cohort, "trial")
    assert "seed 1" in said.training.recipe["test_resnet"]
    assert "checked" not in said.summary


def test_a_run_named_twice_is_refused(seeds: list[RunFolder]) -> None:
    with pytest.raises(RunError, match=r"runs of different names, found seed1-mr twice\. Name"):
        evaluate_run([seeds[0], seeds[1], seeds[0]])


def test_weights_that_changed_since_are_not_promoted(
    alone: RunFolder, seeds: list[RunFolder], place: Path
) -> None:
    copy = RunFolder(place / "runs" / "changed")
    shutil.copytree(alone.path, copy.path)
    found = load(copy.evaluation)
    shutil.copyfile(seeds[1].network_file("test_resnet"), copy.network_file("test_resnet"))
    with pytest.raises(RunError, match=r"weights of test_resnet that were evaluated, found others"):
        promote(found, "changed")


def test_a_cohort_that_was_built_again_is_neither_evaluated_nor_promoted(
    seeds: list[RunFolder],
    pair: Evaluation,
    dealt_anew: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    again = r"^seed1-mr: Expected the cohort 'cohort' that the run was trained on, found one built"
    with pytest.raises(RunError, match=again):
        evaluate_run([seeds[0]])
    with pytest.raises(RunError, match=again):
        promote(pair, "rebuilt")
    assert train(["promote", *paths(seeds[:2]), "--tag", "rebuilt"]) == 1
    assert "train promote: seed1-mr: Expected the cohort" in capsys.readouterr().err
    assert not (cards.user_root() / "mr-rebuilt").exists()


@pytest.fixture
def unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs as an earlier release left them, without the checksum of their cohort."""
    monkeypatch.setattr("train.cohort_check.TRAINED_ON", "none.json")


def test_of_a_run_of_an_earlier_release_it_is_said_that_nobody_knows(
    seeds: list[RunFolder], cohort: StoredCohort, unknown: None
) -> None:
    found = evaluate_run([seeds[2]])
    doubt = "It cannot be checked whether seed3-mr was trained on this cohort"
    assert found.details["warnings"][0].startswith(doubt)
    assert doubt in provenance_of(found, cohort, "trial").summary


def test_an_evaluation_on_a_cohort_built_again_since_is_not_promoted(
    pair: Evaluation, unknown: None, dealt_anew: None
) -> None:
    with pytest.raises(RunError, match=r"that the run was evaluated on, found one built"):
        promote(pair, "rebuilt")
