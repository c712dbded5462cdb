"""An evaluated run: what it says, and what follows from it."""

import io
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cxr_valve import cards
from cxr_valve.active import activate, active_sets
from tests.train.probed_run import probed_run
from tests.train.small_cohort import small_cohort
from tests.ui.training.steps import html, labels, opened, press
from train import outcome
from train.evaluate import evaluate_run
from train.runs import RunError, RunFolder, find_run


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run of a small network on 80 simulated patients, trained and evaluated in seconds."""
    place = tmp_path_factory.mktemp("evaluated")
    folder = probed_run(place / "runs", small_cohort(place, patients=80))
    evaluate_run([folder])
    return folder


@pytest.fixture
def page(
    evaluated: RunFolder,
    tmp_path: Path,
    make_set: Callable[..., cards.WeightSet],
    monkeypatch: pytest.MonkeyPatch,
) -> AppTest:
    """The page on that run; another set of MR is shipped, none is promoted."""
    make_set(tmp_path / "shipped", "mr", "shipped")
    monkeypatch.setattr(cards, "shipped_root", lambda: tmp_path / "shipped")
    monkeypatch.setenv(cards.ROOT_VARIABLE, str(tmp_path / "own"))
    monkeypatch.setenv("CXR_VALVE_RUNS", str(evaluated.path.parent))
    return opened()


def test_figures_stand_with_interval_and_n(page: AppTest, evaluated: RunFolder) -> None:
    found = outcome.read_evaluation(evaluated)
    auc = found["splits"]["test"]["figures"]["auc"]
    said = html(page)
    assert f"<b>{auc['value']:.2f}</b>" in said
    assert f"({auc['low']:.2f} to {auc['high']:.2f}, n {auc['n']})" in said
    assert "Clopper–Pearson" in said
    assert "chosen by Youden" in said
    for part in ("Sex: F", "Age: 60–74", "View: PA", "Severe"):
        assert part in said
    assert "8 radiographs of its rarer class" in said
    assert "Simulated" in " ".join(str(item.value) for item in page.markdown)


def test_the_atlas_is_told_in_words_too(page: AppTest) -> None:
    said = [str(image.proto) for image in page.get("image")]
    assert len(said) == 2
    assert "test patients graded none, n 8" in said[0]
    assert "test patients graded severe, n 8" in said[1]


def test_promoted_weights_are_active_and_the_choice_is_undone(
    page: AppTest, evaluated: RunFolder
) -> None:
    page.text_input(key=f"tag-{evaluated.id}").set_value("first").run()
    press(page, "Promote")
    assert page.success[0].value == "mr-first now reads MR on the page Radiograph."
    assert active_sets()["mr"].card.tag == "first"
    assert active_sets()["mr"].card.simulated
    press(page, "Undo: read with the weights before")
    assert active_sets()["mr"].card.tag == "shipped"
    press(page, "Promote")
    assert "mr-first" in page.error[0].value


def test_a_set_that_somebody_else_chose_since_is_not_undone(
    page: AppTest, evaluated: RunFolder, make_set: Callable[..., cards.WeightSet]
) -> None:
    make_set(cards.user_root(), "mr", "alice")
    make_set(cards.user_root(), "mr", "bob")
    activate("mr-alice")
    page.session_state["training_said"] = (evaluated.id, "mr-alice", True)
    page.run()
    activate("mr-bob")
    press(page, "Undo: read with the weights before")
    assert active_sets()["mr"].card.tag == "bob"
    assert "it is read with mr-bob. Nothing was changed." in page.error[0].value
    assert not page.toast
    assert "Undo: read with the weights before" not in labels(page)


def test_a_promotion_that_takes_too_long_ends_and_names_the_command(
    page: AppTest, evaluated: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Stands in for the command: it makes its folder, and takes it away when it is interrupted.
    slow = tmp_path / "slow"
    slow.write_text(
        f"#!{sys.executable}\n"
        "import signal, sys, tempfile, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))\n"
        f"with tempfile.TemporaryDirectory(prefix='unfinished', dir={str(tmp_path)!r}):\n"
        "    time.sleep(60)\n"
    )
    slow.chmod(0o755)
    monkeypatch.setattr(outcome.sys, "executable", str(slow))
    monkeypatch.setattr(outcome, "PROMOTE_SECONDS", 1)
    page.text_input(key=f"tag-{evaluated.id}").set_value("late").run()
    press(page, "Promote")
    assert page.error[0].value == (
        "It was not promoted within 1 s. Type `python -m train promote "
        f"{evaluated.id} --tag=late --activate`, which takes the time it needs."
    )
    assert not list(tmp_path.glob("unfinished*"))


def test_a_name_that_is_no_name_is_refused(page: AppTest, evaluated: RunFolder) -> None:
    page.text_input(key=f"tag-{evaluated.id}").set_value("../escape").run()
    press(page, "Promote")
    assert "It was not promoted." in page.error[0].value
    assert not list(cards.user_root().glob("**/card.json"))


def test_the_run_is_taken_along_without_radiographs(page: AppTest, evaluated: RunFolder) -> None:
    assert {"Report", "Export"} <= {item.label for item in page.get("download_button")}
    report = outcome.report(evaluated).decode()
    assert "simulated" in report.lower()
    names = zipfile.ZipFile(io.BytesIO(outcome.export(evaluated))).namelist()
    assert any(name.endswith("scores.csv") for name in names)
    assert any(name.endswith("network.safetensors") for name in names)
    assert not [name for name in names if "prepared" in name or name.endswith(".ckpt")]


def test_a_picture_is_never_looked_for_elsewhere(evaluated: RunFolder) -> None:
    with pytest.raises(RunError, match=r"Expected a picture request\.json"):
        outcome.picture(evaluated, "../request.json")


def test_a_broken_evaluation_is_named_and_can_be_made_again(
    make_run: Callable[..., RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    from train.control import actions

    handed: list[str] = []
    monkeypatch.setattr(actions, "submit", lambda folder: handed.append(folder.id))
    folder = make_run("one", "finished", epochs_done=8)
    folder.evaluation.mkdir()
    (folder.evaluation / "evaluation.json").write_text('{"kind": "bin')
    page = opened()
    assert page.error[0].value == (
        "one: Expected a whole evaluation.json, found none. Evaluate the run again."
    )
    press(page, "Evaluate again")
    assert handed == ["one"]
    assert find_run("one").status().state == "queued"


def test_a_run_that_was_only_trained_offers_its_evaluation(
    make_run: Callable[..., RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    from train.control import actions

    handed: list[str] = []
    monkeypatch.setattr(actions, "submit", lambda folder: handed.append(folder.id))
    make_run("one", "finished", epochs_done=8)
    page = opened()
    assert "Promote" not in labels(page)
    press(page, "Evaluate")
    assert handed == ["one"]
    assert find_run("one").status().state == "queued"
