"""Another calibration for the same weights: what it mends, what it writes, how it is undone."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit
from streamlit.testing.v1 import AppTest

from cxr_valve import cards
from cxr_valve.active import activate, active_sets, revert
from cxr_valve.evaluation.calibration import Platt, prior_shift, safe_logit
from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.reliability import calibration
from cxr_valve.evaluation.rules import Rule
from cxr_valve.recalibration import preferred_update, propose, scores_table, write_recalibrated
from cxr_valve.ui.explorer import session
from cxr_valve.ui.explorer.file_source import StoredFile
from cxr_valve.ui.explorer.readings_source import readings_descriptor

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "pages" / "explore" / "thresholds.py"


def cohort(n: int = 300, seed: int = 3, patients: int = 2) -> Cohort:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, n)
    labels = rng.random(n) < expit(0.6 * logits - 1.2)
    names = np.array([f"mrn{i // patients}" for i in range(n)], dtype=object)
    return Cohort(labels, expit(logits), patients=names)


def card(weights: Path) -> cards.Card:
    return cards.read_card(weights / "mr-fake").card


@pytest.mark.parametrize("update", ["intercept", "slope"])
def test_recalibration_mends_what_it_says(weights: Path, update: str) -> None:
    labelled = cohort()
    found = propose(card(weights), labelled, update)
    after = calibration(labelled.labels, found.own.apply(safe_logit(labelled.scores)))
    before = calibration(labelled.labels, found.before.apply(safe_logit(labelled.scores)))
    assert after.intercept.value == pytest.approx(0, abs=1e-6)
    assert abs(before.intercept.value) > 0.1
    if update == "slope":
        assert after.slope.value == pytest.approx(1, abs=1e-5)
    else:
        assert found.calibration.a == card(weights).calibration.a


def test_the_calibration_of_the_card_is_the_same_at_its_own_prevalence(weights: Path) -> None:
    labelled, mine = cohort(), card(weights)
    found = propose(mine, labelled, "slope")
    written = Platt(found.calibration.a, found.calibration.b).apply(safe_logit(labelled.scores))
    moved = prior_shift(written, mine.prevalence, labelled.prevalence)
    np.testing.assert_allclose(moved, found.own.apply(safe_logit(labelled.scores)), atol=1e-9)


def test_the_threshold_of_the_card_is_kept_without_a_rule(weights: Path) -> None:
    found = propose(card(weights), cohort(), "intercept")
    assert found.threshold == 0.4
    assert found.counts.n == 300


def test_a_rule_is_cross_validated_by_patient(weights: Path) -> None:
    found = propose(card(weights), cohort(), "intercept", Rule("youden"))
    assert found.counts.n == 300
    assert "300 labelled radiographs" in found.rule


@pytest.mark.parametrize("n", [20, 400])
def test_few_radiographs_ask_for_an_intercept_only(n: int) -> None:
    assert preferred_update(cohort(n)) == ("intercept" if n == 20 else "slope")


def test_a_missing_class_is_refused(weights: Path) -> None:
    labelled = Cohort(np.zeros(20, bool), np.linspace(0, 1, 20))
    with pytest.raises(ValueError, match="Expected positives and negatives"):
        propose(card(weights), labelled, "intercept")


def test_too_few_of_a_class_are_refused(weights: Path) -> None:
    labels = np.arange(40) < 3
    with pytest.raises(ValueError, match="at least 5 radiographs of each class, found 3"):
        propose(card(weights), Cohort(labels, np.linspace(0.9, 0.1, 40)), "intercept")


def test_reversed_labels_are_refused(weights: Path) -> None:
    labelled = cohort()
    turned = Cohort(~labelled.labels, labelled.scores)
    with pytest.raises(ValueError, match="cannot mend a reversed score"):
        propose(card(weights), turned, "slope")


def test_what_is_written_names_nobody_and_says_where_it_comes_from(weights: Path) -> None:
    labelled = cohort()
    source = cards.read_card(weights / "mr-fake")
    found = propose(source.card, labelled, "slope", Rule("youden"))
    written = write_recalibrated(
        source, found, labelled, {}, date="2026-11-23", origin="labels SHA-256 abc"
    )
    assert written.card.tag == "fake-recalibrated-2026-11-23"
    assert "mrn" not in written.scores_file().read_text()
    assert written.card.members == source.card.members
    assert written.member_file(written.card.members[0]).read_bytes() == b"weights of resnet50"
    assert written.card.data[-1].citation == "labels SHA-256 abc"
    assert written.card.operating_point.threshold == found.threshold
    assert written.card.simulated
    again = write_recalibrated(written, found, labelled, {}, date="2026-11-23", origin="x")
    assert again.card.tag == "fake-recalibrated-2026-11-23-2"


def test_all_that_the_networks_need_comes_along(weights: Path) -> None:
    source = cards.read_card(weights / "mr-fake")
    beside = {"novelty": "novelty.safetensors", "ranges": "ranges.safetensors"}
    for kept, name in beside.items():
        (source.folder / name).write_bytes(f"what is {kept}".encode())
    sums = {kept: cards.sha256(source.folder / name) for kept, name in beside.items()}
    novelty = cards.NoveltyFile(beside["novelty"], sums["novelty"], "0" * 64, 90, 60)
    ranges = cards.RangesFile(beside["ranges"], sums["ranges"], 90)
    cards.write_card(replace(source.card, novelty=novelty, ranges=ranges), source.folder)
    source = cards.read_card(source.folder)
    found = propose(source.binary, cohort(), "intercept")
    written = write_recalibrated(source, found, cohort(), {}, date="2026-11-23", origin="x")
    assert [file.name for file in written.network_files()] == [
        file.name for file in source.network_files()
    ]
    assert written.novelty_file().read_bytes() == b"what is novelty"
    assert written.ranges_file().read_bytes() == b"what is ranges"
    (written.folder / beside["ranges"]).unlink()
    with pytest.raises(cards.CardError, match=r"/ranges\.safetensors: Expected this file, found n"):
        activate(written.card.name)


def test_it_can_be_made_active_and_reverted(weights: Path) -> None:
    source = cards.read_card(weights / "mr-fake")
    labelled = cohort()
    found = propose(source.card, labelled, "intercept")
    written = write_recalibrated(source, found, labelled, {}, date="2026-11-23", origin="x")
    assert active_sets()["mr"].card.name == "mr-fake"
    activate(written.card.name)
    assert active_sets()["mr"].card.name == written.card.name
    revert("mr")
    assert active_sets()["mr"].card.name == "mr-fake"


def test_scores_hold_members_where_they_are_known() -> None:
    labelled = cohort(10)
    table = scores_table(labelled, {"resnet50": labelled.scores})
    assert list(table.columns)[-2:] == ["score", "resnet50"]
    assert table["split"].tolist() == ["validation"] * 10 + ["test"] * 10


def files(named: str = "mr-fake", n: int = 200) -> tuple[StoredFile, StoredFile]:
    labelled = cohort(n)
    lines = []
    for i, score in enumerate(labelled.scores):
        finding = {
            "score": score,
            "simulated": True,
            "weights": named,
            "members": {"resnet50": score},
        }
        lines.append(json.dumps({"path": f"/in/{i}.dcm", "findings": {"mr": finding}}))
    rows = [f"{i}.dcm,{int(y)},p{i // 2}" for i, y in enumerate(labelled.labels)]
    readings = StoredFile("readings.jsonl", "\n".join(lines).encode())
    return readings, StoredFile("labels.csv", "\n".join(["path,label,patient", *rows]).encode())


def page(named: str = "mr-fake") -> AppTest:
    readings, labels = files(named)
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    app.session_state[session.FILES] = {f.digest: f for f in (readings, labels)}
    app.query_params["src"] = readings_descriptor(readings.digest, labels.digest, "mr")
    return app.run()


def pressed(app: AppTest, key: str) -> AppTest:
    return app.button(key=key).click().run()


def test_from_readings_to_an_active_card_and_back(weights: Path) -> None:
    app = page()
    assert not app.exception
    pressed(app, "explorer_write")
    assert not app.exception
    pressed(app, "explorer_activate")
    active = active_sets()["mr"]
    assert "-recalibrated-" in active.card.tag
    assert "resnet50" in active.scores_file().read_text().splitlines()[0]
    pressed(app, "explorer_show_new")
    assert not app.exception
    assert "-recalibrated-" in str(app.query_params["src"])
    app = page()
    pressed(app, "explorer_revert")
    assert active_sets()["mr"].card.name == "mr-fake"


@pytest.mark.parametrize("named", ["mr-gone", ""])
def test_readings_of_unknown_weights_cannot_be_recalibrated(weights: Path, named: str) -> None:
    app = page(named)
    assert not app.exception
    assert any("Expected" in str(element.value) for element in app.info)


def test_two_sets_behind_the_readings(weights: Path, new_set: Callable[..., Path]) -> None:
    new_set(weights, "mr", tag="other", seed=9)
    readings, labels = files()
    mixed = readings.content.replace(b"mr-fake", b"mr-other", 1)
    readings = StoredFile("readings.jsonl", mixed)
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    app.session_state[session.FILES] = {f.digest: f for f in (readings, labels)}
    app.query_params["src"] = readings_descriptor(readings.digest, labels.digest, "mr")
    app.run()
    assert any("mr-fake, mr-other" in str(element.value) for element in app.info)
