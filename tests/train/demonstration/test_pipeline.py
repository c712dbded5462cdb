"""From cohorts to the two shipped folders, with networks small enough to fit in seconds."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.torch import load_file

from cxr_valve import cards
from cxr_valve.engines.engine import open_engine
from cxr_valve.models.ensemble import open_ensembles
from cxr_valve.models.packing import SCALE
from tests.train.small_cohort import small_cohort
from train.cohort.store import StoredCohort
from train.demonstration import fit, plan
from train.demonstration.fit import fit_members
from train.demonstration.plan import MemberPlan
from train.demonstration.real import RATIO, with_real
from train.demonstration.write import write_demonstration
from train.fit.examples import Examples, TrainingData
from train.recipe import Recipe
from train.segmentation.write import RADIOGRAPHS

SIZE = 64
TINY = Recipe(networks=("test_resnet",), input_size=SIZE, epochs=4, batch=4, precision="32")
MEMBERS = (
    MemberPlan("mr", (replace(TINY, measure_weight=0.5), replace(TINY, rate=5e-4)), TINY),
    MemberPlan("as", (), TINY, start="mr-test_resnet"),
)


@pytest.fixture(scope="module")
def cohorts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, StoredCohort]:
    root = tmp_path_factory.mktemp("cohorts")
    return {key: small_cohort(root / key, key, patients=40) for key in ("mr", "as")}


@pytest.fixture(scope="module")
def fitted(cohorts, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Path], Path]:
    work = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        for module in (fit, plan):
            patch.setattr(module, "MEMBERS", MEMBERS)
        return fit_members(cohorts, work, None), work


@pytest.fixture(scope="module")
def written(cohorts, fitted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("weights")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "MEMBERS", MEMBERS)
        for key, cohort in cohorts.items():
            write_demonstration(key, cohort, fitted[0], RADIOGRAPHS, root)
    return root


def test_every_stage_is_kept_and_done_once(cohorts, fitted, monkeypatch) -> None:
    files, work = fitted
    stages = sorted(path.parent.name for path in work.glob("mr-test_resnet/*/network.safetensors"))
    assert stages == ["classifier", "stage-1", "stage-2"]
    monkeypatch.setattr(fit, "MEMBERS", MEMBERS)
    monkeypatch.setattr(fit, "fit_member", lambda *_, **__: pytest.fail("fitted again"))
    monkeypatch.setattr(fit, "fit_classifier", lambda *_, **__: pytest.fail("fitted again"))
    assert fit_members(cohorts, work, None) == files


def test_the_second_resnet_has_the_very_features_of_the_first(fitted) -> None:
    first, second = (load_file(fitted[0][f"{key}-test_resnet"]) for key in ("mr", "as"))
    differing = {name for name in first if not np.array_equal(first[name], second[name])}
    assert differing == {"backbone.fc.weight", "backbone.fc.bias"}
    assert any(name.endswith(SCALE) for name in first)


def test_both_sets_name_the_same_trunk_and_read_with_it_opened_once(written: Path) -> None:
    sets = {key: cards.read_card(written / f"{key}-demonstration") for key in ("mr", "as")}
    trunks = {found.card.members[0].trunk for found in sets.values()}
    assert len(trunks) == 1
    said: list[str] = []
    open_ensembles(sets, open_engine("torch"), said.append)
    assert said == ["Opening test_resnet for MR and AS"]


def test_a_card_says_what_it_was_made_of(written: Path) -> None:
    card = json.loads((written / "as-demonstration" / "card.json").read_text())
    assert card["simulated"]
    assert card["training"]["images"] == 24
    recipe = card["training"]["recipe"]["test_resnet"]
    assert recipe.startswith("features of mr-test_resnet, kept as they are; then the classifier")
    # No member of this plan learnt from real radiographs, so none is named.
    assert [source["name"] for source in card["data"]] == ["CXR Valve chest phantom"]


def test_scores_have_the_heart_size_beside_them(written: Path) -> None:
    scores = pd.read_csv(written / "mr-demonstration" / "scores.csv")
    assert set(scores["split"]) == {"validation", "test"}
    assert scores["ctr"].notna().mean() > 0.5


def test_who_begins_with_features_that_saw_real_radiographs_saw_them_too() -> None:
    seen = {member.name: plan.sees_real(member) for member in plan.MEMBERS}
    assert seen == {
        "mr-resnet50": True,
        "as-resnet50": True,
        "as-densenet121": False,
        "as-inception_v3": False,
    }


def test_real_radiographs_come_after_the_simulated_and_teach_the_ratio_alone(cohorts) -> None:
    cohort = cohorts["mr"]
    table = cohort.table.assign(**{RATIO: np.linspace(0.4, 0.6, len(cohort.table))})
    known = StoredCohort(cohort.card, table, cohort.folder)
    train = Examples(
        images=np.zeros((5, SIZE, SIZE), np.uint8),
        rows=np.array([4, 2, 0]),
        targets=np.array([0, 1, 0], np.float32),
        measures=np.zeros((3, len(known.aux)), np.float32),
        structures=np.zeros((3, 2, 4, 4), np.float16),
    )
    images = np.full((2, SIZE, SIZE), 9, np.uint8)
    warped = pd.DataFrame({"target": [1.0, 0.0], "ratio": [0.5, np.nan]})
    joined = with_real(TrainingData(train, train), images, warped, known)
    assert joined.train.targets.tolist() == [0, 1, 0, 1, 0]
    assert joined.train.images[:, 0, 0].tolist() == [0, 0, 0, 9, 9]
    column = known.aux.index(RATIO)
    standard = (0.5 - known.split("train")[RATIO].mean()) / known.split("train")[RATIO].std(ddof=0)
    assert joined.train.measures[3, column] == pytest.approx(standard, abs=1e-5)
    assert np.isnan(np.delete(joined.train.measures[3], column)).all()
    assert np.isnan(joined.train.measures[4]).all()
    assert np.isnan(joined.train.structures[3:].astype(float)).all()
    assert joined.validation is train
