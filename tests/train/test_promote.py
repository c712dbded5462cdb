"""What is written is a set of weights that the program accepts and can run."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from cxr_valve import cards
from cxr_valve.engines.eight_bits import measure_ranges
from cxr_valve.engines.engine import CACHE_VARIABLE, open_engine
from cxr_valve.findings import MR
from cxr_valve.models.ensemble import network_source, open_ensemble
from cxr_valve.models.networks import ValveNet
from tests.train.probed_run import probed_run
from tests.train.small_cohort import small_cohort
from train import engine_check, promote as promotion
from train.cohort.store import StoredCohort
from train.engine_check import EngineImages
from train.evaluate import Calibrated, Evaluation, calibrate, evaluate_run, run_member
from train.fit.weights import save_network
from train.promote import FittedMember, Provenance, promote, source, write_set
from train.runs import RunError

SIDE = 80
PROVENANCE = Provenance(
    tag="trial",
    created="2026-01-01",
    summary="Made for tests.",
    simulated=True,
    training=cards.Training("none", MR.label_rule, 24, 24, 12, "tests", {"test_resnet": "tiny"}),
    data=(cards.Source("none", "Apache-2.0", "none"),),
)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("promote")


@pytest.fixture(autouse=True)
def own_cache(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(work / "engines"))


@pytest.fixture(scope="module")
def member(work: Path) -> FittedMember:
    torch.manual_seed(2)
    network = ValveNet("test_resnet").train()
    with torch.no_grad():
        for _ in range(20):
            network(torch.rand(4, 1, SIDE, SIDE))
    file = work / "network.safetensors"
    save_network(network.eval(), file)
    return FittedMember("test_resnet", file, SIDE, (3, 3))


@pytest.fixture(scope="module")
def calibrated(member: FittedMember, examples) -> Calibrated:
    outputs = run_member(open_engine("torch").open(source(member)), examples.images)
    # An untrained network knows nothing: labels that overlap with its logits make do.
    labels = (outputs.logits > np.median(outputs.logits)).astype(int)
    labels[np.argsort(outputs.logits)[[3, -4]]] ^= 1
    table = pd.DataFrame(
        {
            "image": [f"sim-{i}" for i in range(len(labels))],
            "patient": [f"sim-{i}" for i in range(len(labels))],
            "sex": "F",
            "age": 60,
            "view": "PA",
            "mr": labels,
            "mr_grade": np.where(labels == 1, "mild", "none"),
        }
    )
    return calibrate(
        "mr",
        ["test_resnet"],
        {"validation": table, "test": table},
        {"validation": [outputs], "test": [outputs]},
    )


def seen(examples, held_out: int) -> EngineImages:
    return EngineImages([examples.images[6:16]], [examples.images[:held_out]])


@pytest.fixture
def written(
    member, calibrated, examples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> cards.WeightSet:
    # A network that knows nothing is calibrated steeply: 8 bits move it as they would no other.
    monkeypatch.setattr(engine_check, "LARGEST", 1.0)
    monkeypatch.setattr(engine_check, "MEAN", 1.0)
    folder = write_set("mr", [member], calibrated, PROVENANCE, seen(examples, 6), tmp_path)
    return cards.read_card(folder)


def test_a_network_is_kept_in_half_precision(member: FittedMember) -> None:
    from safetensors.torch import load_file

    assert {tensor.dtype for tensor in load_file(member.file).values()} == {torch.float16}


def test_the_set_is_whole_and_says_what_was_measured(written, calibrated: Calibrated) -> None:
    card = written.card
    assert card.name == written.folder.name == "mr-trial"
    ranges = [card.ranges.file] if card.ranges else []
    assert sorted(file.name for file in written.folder.iterdir()) == [
        "card.json",
        *ranges,
        "scores.csv",
        "test_resnet.safetensors",
    ]
    assert card.members[0].calibration == calibrated.members[0]
    assert card.operating_point == calibrated.operating_point
    assert card.test.figures == calibrated.cohorts["test"].figures
    assert (card.simulated, card.training) == (True, PROVENANCE.training)
    kept = pd.read_csv(written.scores_file())
    np.testing.assert_allclose(kept["score"], calibrated.scores["score"], atol=1e-6)
    assert list(kept["grade"].unique()) == list(calibrated.scores["grade"].unique())


def test_the_set_opens_and_engines_stay_near_the_reference(written, examples) -> None:
    ensemble = open_ensemble(written, open_engine("openvino"))
    logit, activation = ensemble.runnables[0](examples.images[:1, None].astype(np.float32) / 255)
    assert np.isfinite(logit).all()
    assert activation.shape[1:] == ensemble.card.members[0].grid
    errors = written.card.engine_error
    assert errors["openvino"].images == 6
    assert 0 <= errors["openvino"].mean <= errors["openvino"].maximum <= 1e-4
    assert errors["openvino-fast"].maximum > errors["openvino"].maximum


def test_the_set_keeps_the_ranges_that_its_networks_work_in(written, member, examples) -> None:
    assert (written.card.ranges.file, written.card.ranges.images) == ("ranges.safetensors", 10)
    opened = network_source(written, written.card.members[0])
    shown = examples.images[6:16, None].astype(np.float32) / 255
    expected = measure_ranges(source(member).build(), [shown])
    assert opened.ranges.keys() == expected.keys()
    for name, ends in expected.items():
        assert opened.ranges[name] == pytest.approx(ends, rel=1e-4, abs=1e-5)


def test_changed_ranges_are_refused_by_name(written) -> None:
    file = written.folder / written.card.ranges.file
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(cards.CardError, match=r"^mr-trial/ranges\.safetensors: Expected checksum"):
        open_ensemble(written, open_engine("openvino"))


def test_writing_again_replaces_the_set_and_leaves_nothing_beside_it(
    written, member, calibrated, examples
) -> None:
    (written.folder / "stale.txt").write_text("old")
    root = written.folder.parent
    write_set("mr", [member], calibrated, PROVENANCE, seen(examples, 2), root)
    assert [path.name for path in root.iterdir()] == ["mr-trial"]
    assert not (written.folder / "stale.txt").exists()
    assert cards.read_card(written.folder).card.engine_error["openvino"].images == 2


@pytest.fixture(scope="module")
def evaluations(work: Path) -> tuple[Evaluation, Evaluation]:
    """Two runs of one cohort, each evaluated by itself."""
    cohort = small_cohort(work, patients=40)
    first, second = (
        evaluate_run([probed_run(work / "runs", cohort, seed=seed)]) for seed in (1, 5)
    )
    return first, second


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's root, which is not there yet."""
    monkeypatch.setenv(cards.ROOT_VARIABLE, str(tmp_path / "own"))
    monkeypatch.setattr(engine_check, "LARGEST", 1.0)
    monkeypatch.setattr(engine_check, "MEAN", 1.0)
    return tmp_path / "own"


def first_do(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Do something once while the next set is being made: before its engines are compared."""
    compare = promotion.check_engines

    def meanwhile(*arguments: object) -> object:
        monkeypatch.setattr(promotion, "check_engines", compare)
        act()
        return compare(*arguments)

    monkeypatch.setattr(promotion, "check_engines", meanwhile)


def test_a_name_that_is_taken_while_the_set_is_made_is_refused(
    evaluations: tuple[Evaluation, Evaluation], own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late, early = evaluations
    first_do(monkeypatch, lambda: promote(early, "spring"))
    with pytest.raises(RunError, match=r"found weights called mr-spring already\. Choose another"):
        promote(late, "spring")
    stays = cards.read_card(own / "mr-spring")
    assert stays.card.members[0].sha256 == cards.sha256(early.members[0].file)
    assert stays.network_files()
    assert stays.scores_file()
    assert [path.name for path in own.iterdir()] == ["mr-spring"]


def test_a_promotion_that_fails_leaves_nothing_and_its_name_free(
    evaluations: tuple[Evaluation, Evaluation], own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OSError(28, "No space left on device")

    first_do(monkeypatch, fail)
    with pytest.raises(OSError, match="No space left"):
        promote(evaluations[0], "spring")
    assert list(own.iterdir()) == []
    assert promote(evaluations[0], "spring") == own / "mr-spring"


def test_a_set_is_seen_only_once_all_is_in_it(
    evaluations: tuple[Evaluation, Evaluation], own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen_then: list[tuple[str, list[cards.WeightSet]]] = []

    def keep_looks(folder: Path, _: StoredCohort) -> None:
        (folder / "looks").write_text("kept")
        seen_then.append((folder.name, [s for s in cards.find_sets()[0] if s.card.tag == "spring"]))

    monkeypatch.setattr("train.novelty.keep_looks", keep_looks)
    folder = promote(evaluations[0], "spring")
    assert seen_then == [("mr-spring", [])]
    assert (folder / "looks").read_text() == "kept"
    # Others on this server may read it, as they may any folder that is made.
    (own / "usual").mkdir()
    assert folder.stat().st_mode == (own / "usual").stat().st_mode
