"""Runs are evaluated on what they never saw, as one vote where there are several, and promoted."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from cxr_valve import active, cards
from cxr_valve.__main__ import main as cxr_valve
from cxr_valve.evaluation.rules import Rule
from tests.train.probed_run import probed_run
from tests.train.small_cohort import small_cohort
from train.__main__ import main as train
from train.cohort.store import StoredCohort, load_cohort
from train.evaluate import Evaluation, evaluate_run, load
from train.evaluate.atlas import load_atlas
from train.promote import promote
from train.runs import RunError, RunFolder, create, new_id


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evaluation")


@pytest.fixture(scope="module", autouse=True)
def own_weights(place: Path) -> Iterator[Path]:
    """What is promoted here is seen by no other test."""
    before = os.environ[cards.ROOT_VARIABLE]
    os.environ[cards.ROOT_VARIABLE] = str(place / "weights")
    yield place / "weights"
    os.environ[cards.ROOT_VARIABLE] = before


@pytest.fixture(scope="module")
def cohort(place: Path) -> StoredCohort:
    """60 patients with two radiographs each; every other one has severe mitral regurgitation."""
    return small_cohort(place, "mr", patients=60, images=2)


@pytest.fixture(scope="module")
def run(place: Path, cohort: StoredCohort) -> RunFolder:
    return probed_run(place / "runs", cohort)


@pytest.fixture(scope="module")
def found(run: RunFolder) -> Evaluation:
    return evaluate_run([run])


def test_figures_are_those_of_the_scores_that_are_kept(run: RunFolder, found: Evaluation) -> None:
    kept = json.loads((run.evaluation / "evaluation.json").read_text())
    scores = pd.read_csv(run.evaluation / "scores.csv")
    threshold = kept["fitted"]["operating_point"]["threshold"]
    for split in ("validation", "test"):
        rows, told = scores[scores["split"] == split], kept["splits"][split]
        assert (told["images"], told["patients"], told["positives"]) == (24, 12, 12)
        positive, flagged = rows["label"] == 1, rows["score"] >= threshold
        figures = told["figures"]
        assert figures["auc"]["value"] == pytest.approx(roc_auc_score(rows["label"], rows["score"]))
        assert figures["sensitivity"]["value"] == pytest.approx(flagged[positive].mean())
        assert figures["specificity"]["value"] == pytest.approx((~flagged[~positive]).mean())
        assert figures["ppv"]["value"] == pytest.approx(positive[flagged].mean())
        assert figures["npv"]["value"] == pytest.approx((~positive[~flagged]).mean())
        assert figures["accuracy"]["value"] == pytest.approx((flagged == positive).mean())
        assert told["counts"]["tp"] == (flagged & positive).sum()
        assert figures["sensitivity"]["n"] == 12
    assert found.fitted.operating_point.tp == kept["splits"]["test"]["counts"]["tp"]


def test_patients_with_several_radiographs_get_an_interval_of_patients(found: Evaluation) -> None:
    told = found.details["splits"]["test"]
    assert set(told["by_patient"]) == set(told["figures"])
    assert told["by_patient"]["auc"]["n"] == 12
    assert told["by_patient"]["auc"]["method"] == "bootstrap"
    assert told["by_patient"]["auc"]["value"] == pytest.approx(told["figures"]["auc"]["value"])


def test_subgroups_say_their_size_and_when_it_is_small(found: Evaluation) -> None:
    groups = found.details["splits"]["test"]["subgroups"]
    for by in ("sex", "age", "view"):
        assert sum(g["images"] for g in groups if g["by"] == by) == 24
        assert sum(g["positives"] for g in groups if g["by"] == by) == 12
    view = next(g for g in groups if g["by"] == "view")
    assert (view["name"], view["small"]) == ("PA", False)
    assert view["figures"]["auc"] == found.details["splits"]["test"]["figures"]["auc"]
    small = [g for g in groups if g["small"]]
    assert all(min(g["positives"], g["images"] - g["positives"]) < 10 for g in small)
    assert small


def test_the_atlas_is_the_mean_evidence_of_each_grade(found: Evaluation) -> None:
    plates = load_atlas(found.folder)
    assert [(plate.name, plate.n) for plate in plates] == [("none", 12), ("severe", 12)]
    assert plates[0].evidence.shape == found.members[0].grid
    # Mean evidence is the mean log likelihood ratio: higher where the finding is.
    assert plates[1].evidence.mean() > plates[0].evidence.mean()
    assert plates[0].image.std() > 10
    told = found.details["atlas"]
    np.testing.assert_allclose(told[1]["evidence"], plates[1].evidence, atol=1e-3)


def test_an_evaluation_is_read_back_as_it_was(found: Evaluation) -> None:
    again = load(found.folder)
    assert again.members == found.members
    assert again.fitted.operating_point == found.fitted.operating_point
    assert again.fitted.cohorts == found.fitted.cohorts
    assert again.runs == found.runs
    np.testing.assert_allclose(again.fitted.scores["score"], found.fitted.scores["score"])
    (found.folder / "evaluation.json").rename(found.folder / "kept")
    with pytest.raises(RunError, match=r"Expected an evaluation, found none\. Evaluate the run"):
        load(found.folder)
    (found.folder / "kept").rename(found.folder / "evaluation.json")


def test_the_rule_chooses_the_threshold_on_validation(run: RunFolder, found: Evaluation) -> None:
    careful = evaluate_run([run], rule=Rule("sensitivity", 1.0))
    assert careful.details["splits"]["validation"]["figures"]["sensitivity"]["value"] == 1.0
    assert careful.fitted.operating_point.rule == "sensitivity=1 on validation"
    assert careful.fitted.calibration == found.fitted.calibration
    evaluate_run([run])


def test_several_runs_vote_and_the_vote_is_kept_beside_their_own(
    place: Path, cohort: StoredCohort, run: RunFolder
) -> None:
    other = probed_run(place / "runs", cohort, seed=8)
    together = evaluate_run([run, other])
    assert together.names == ("test_resnet", "test_resnet-2")
    assert together.folder.parent == run.path
    assert together.folder != run.evaluation
    scores = together.fitted.scores
    np.testing.assert_allclose(
        scores["score"], scores[["test_resnet", "test_resnet-2"]].mean(axis=1), atol=2e-6
    )
    folder = promote(together, "pair")
    card = cards.read_card(folder).card
    assert [(m.network, m.label, m.file) for m in card.members] == [
        ("test_resnet", "test_resnet", "test_resnet.safetensors"),
        ("test_resnet", "test_resnet-2", "test_resnet-2.safetensors"),
    ]


def test_a_member_that_ranks_the_wrong_way_round_is_named_and_may_be_left_out(
    place: Path, cohort: StoredCohort, run: RunFolder
) -> None:
    wrong = probed_run(place / "runs", cohort, reversed_=True)
    with pytest.raises(ValueError, match=r"^Expected test_resnet-2 to rank .* Leave it out"):
        evaluate_run([run, wrong])
    assert evaluate_run([run, wrong], without=["test_resnet-2"]).names == ("test_resnet",)
    with pytest.raises(RunError, match="members to leave out among test_resnet, test_resnet-2"):
        evaluate_run([run, wrong], without=["resnet50"])


def test_runs_of_two_cohorts_are_not_mixed(tmp_path: Path, run: RunFolder) -> None:
    other = probed_run(tmp_path / "runs", small_cohort(tmp_path, "mr", patients=20))
    with pytest.raises(RunError, match=r"^Expected runs of one cohort, .* may have trained on"):
        evaluate_run([run, other])


def test_a_run_without_weights_is_refused(place: Path, run: RunFolder) -> None:
    empty = create(replace(run.request(), id=new_id("mr")), place / "runs")
    with pytest.raises(RunError, match="its network test_resnet to be trained, found no weights"):
        evaluate_run([empty])


def test_a_radiograph_that_cannot_be_read_is_left_out_and_said(tmp_path: Path) -> None:
    cohort = small_cohort(tmp_path, "mr", patients=40)
    last = cohort.split("test").iloc[-1]
    cohort.file_of(last["path"]).write_bytes(b"broken")
    found = evaluate_run([probed_run(tmp_path / "runs", load_cohort(cohort.folder))])
    told = found.details["splits"]["test"]
    assert (told["images"], told["left_out"]) == (7, 1)
    assert (
        "1 radiograph of the test split could not be read and is in no figure."
        in (found.details["warnings"])
    )
    assert last["image"] not in set(found.fitted.scores["image"])


def test_promoted_weights_are_described_activated_and_read_with(
    place: Path, run: RunFolder, found: Evaluation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(["promote", str(run.path), "--tag", "spring", "--activate"]) == 0
    card = active.active_sets()["mr"].card
    assert card.name == "mr-spring"
    assert card.simulated
    assert "evidence about no patient" in card.summary
    assert card.training.images == 72
    assert card.training.label_rule == load_cohort(place / "cohort").card.label_rule
    assert card.training.command == "python -m train fit --cohort cohort"
    assert "80 px" in card.training.recipe["test_resnet"]
    assert card.test.figures == found.fitted.cohorts["test"].figures
    assert 0 <= card.engine_error["openvino"].maximum < 1e-4
    capsys.readouterr()
    image = next((place / "images").glob("*.png"))
    cxr_valve(["read", str(image), "--json", "-"])
    read = json.loads(capsys.readouterr().out)
    if read["findings"]:
        assert read["findings"]["mr"]["weights"] == "mr-spring"
    with pytest.raises(RunError, match="found weights called mr-spring already"):
        promote(found, "spring")
    with pytest.raises(RunError, match="Expected a tag of letters"):
        promote(found, "../out")
    active.revert("mr")


def test_the_command_line_prints_figures_with_interval_and_n(
    run: RunFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXR_VALVE_RUNS", str(run.path.parent))
    assert train(["evaluate", run.id]) == 0
    said = capsys.readouterr().out
    assert "Sensitivity" in said
    assert "n 12" in said
    assert "Simulated radiographs: evidence about no patient." in said
    assert train(["evaluate", "../elsewhere"]) == 1
    assert "Expected letters, digits" in capsys.readouterr().err
    assert train(["evaluate", run.id, "--rule", "luck"]) == 2


def test_a_result_that_cannot_be_written_is_told_before_the_work(
    run: RunFolder,
    place: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("train.evaluate.evaluate_run", lambda *_, **__: pytest.fail("evaluated"))
    for file, found in ((place / "none" / "x.json", "no folder"), (place, "a folder of that name")):
        assert train(["evaluate", str(run.path), "--json", str(file)]) == 1
        said = capsys.readouterr().err
        assert f"evaluate: --json: Expected a file to write in a folder, found {found}" in said
