"""The list of runs and one run, in every state it can be in."""

import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from cxr_valve.ui.training import run_view
from tests.ui.training.steps import MakeRun, badges, html, labels, opened, press
from train.runs import RunFolder, find_run
from train.runs.process import this_process


def here(running: bool = True) -> dict[str, object]:
    """Fields of a status that name a process: this one, or one that is gone."""
    me = this_process()
    return {
        "pid": me.pid,
        "process_started": me.started if running else me.started - 1000,
        "host": me.host,
        "heartbeat": time.time(),
    }


def test_an_empty_page_teaches_what_a_run_is(runs_root: Path) -> None:
    page = opened()
    assert page.subheader[0].value == "Nothing was trained here yet"
    assert "Run the demonstration" in labels(page)
    assert any("cohort" in item.value for item in page.markdown)


def test_a_running_run_tells_how_far_it_is(make_run: MakeRun) -> None:
    make_run(
        "one",
        "running",
        epochs_done=2,
        stage="training",
        images_per_second=143.0,
        eta_seconds=48.0,
        device="CPU",
        memory_mb=1432.0,
        **here(),
    )
    page = opened()
    assert page.subheader[0].value == "MR · Run one"
    assert "Running" in badges(page)
    assert "Simulated" in badges(page)
    said = html(page)
    assert "143 images/s" in said
    assert "1.4 GB" in said
    assert any(
        "After epoch 2: training loss 0.660, validation loss 0.680. Best validation AUC 0.560"
        in item.value
        for item in page.caption
    )
    assert {"Stop", "Kill it", "Duplicate"} <= set(labels(page))
    assert not {"Resume", "Delete this run"} & set(labels(page))


def test_a_stop_is_asked_for_and_shown_as_stopping(make_run: MakeRun) -> None:
    folder = make_run("one", "running", stage="training", **here())
    page = press(opened(), "Stop")
    assert folder.stop_asked()
    assert "Stopping" in badges(page)
    assert "Stop" not in labels(page)


def test_a_process_that_is_gone_is_called_interrupted(make_run: MakeRun) -> None:
    make_run("one", "running", epochs_done=1, stage="training", **here(running=False))
    page = opened()
    assert "Interrupted" in badges(page)
    assert "is gone without a word" in page.warning[0].value
    assert {"Resume", "Duplicate", "Delete this run"} <= set(labels(page))


def test_a_failed_run_keeps_its_error_and_log(make_run: MakeRun) -> None:
    folder = make_run("one", "failed", epochs_done=3, error="Expected a finite loss; found none.")
    folder.log("epoch 3 of 8")
    page = opened()
    assert page.error[0].value == "Expected a finite loss; found none."
    assert "epoch 3 of 8" in page.code[0].value
    assert "Resume" in labels(page)


def test_a_run_that_waits_says_for_whom(make_run: MakeRun) -> None:
    make_run("one", "queued")
    page = opened()
    assert "Waiting" in badges(page)
    assert page.info[0].value == "Ray is starting."
    press(page, "Stop")
    assert find_run("one").status().state == "stopped"
    assert "Stopped" in badges(page)


def test_a_deleted_run_is_gone_from_disk(make_run: MakeRun, runs_root: Path) -> None:
    make_run("one", "stopped", epochs_done=1)
    make_run("two", "stopped", epochs_done=1)
    page = opened()
    assert page.subheader[0].value == "MR · Run two"
    press(page, "Delete this run")
    assert [path.name for path in runs_root.iterdir()] == ["one"]
    assert page.subheader[0].value == "MR · Run one"


def test_runs_of_a_finding_are_overlaid(make_run: MakeRun) -> None:
    make_run("one", "stopped", epochs_done=1)
    make_run("two", "stopped", epochs_done=2)
    make_run("other", "stopped", preset="study-as", finding="as", epochs_done=1)
    page = opened()
    press(page, "MR · Run two")
    page.multiselect[0].set_value(["one"]).run()
    assert not page.exception
    said = [item.value for item in page.caption]
    assert any(text.startswith("**Run one") and "After epoch 1" in text for text in said)
    assert any(text.startswith("**Run two") and "After epoch 2" in text for text in said)
    assert page.multiselect[0].options == ["Run one (01-31 14:25)"]


def test_a_damaged_run_is_shown_and_can_be_deleted(make_run: MakeRun, runs_root: Path) -> None:
    folder = make_run("one", "stopped")
    (folder.path / "request.json").write_text("{")
    page = opened()
    assert "Expected request.json" in "".join(item.value for item in page.caption)
    press(page, "Delete this run")
    assert not folder.path.exists()


def test_what_cannot_be_done_is_said(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run("one", "stopped")
    page = opened()
    RunFolder(find_run("one").path).write_status(state="finished")
    press(page, "Resume")
    assert "Expected a run that was stopped, interrupted or failed" in page.error[0].value


def test_looking_loads_neither_torch_nor_ray(runs_root: Path) -> None:
    code = (
        "import sys\n"
        "from streamlit.testing.v1 import AppTest\n"
        "page = AppTest.from_file('pages/build/training.py', default_timeout=30).run()\n"
        "assert not page.exception, page.exception\n"
        "print({'torch', 'ray', 'lightning', 'timm', 'openvino'} & set(sys.modules))"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout.strip() == "set()"


def test_a_folder_of_runs_that_cannot_be_written_is_said(
    runs_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (runs_root / "file").write_text("")
    monkeypatch.setenv("CXR_VALVE_RUNS", str(runs_root / "file"))
    page = press(opened(), "Run the demonstration")
    assert page.error[0].value.startswith("The run could not be kept: not a directory.")
    assert page.subheader[0].value == "Nothing was trained here yet"


def test_runs_of_one_title_and_minute_are_told_apart_by_their_ids() -> None:
    """Two clicks on Duplicate make such twins; one must not stand for the other in a chart."""
    first, twin, other = (
        SimpleNamespace(id=f"20261129-19000{n}000000-mr-{end}", title=title, created=created)
        for n, end, title, created in (
            (1, "a1b2", "copy", "2026-11-29T19:00:01"),
            (2, "c3d4", "copy", "2026-11-29T19:00:02"),
            (3, "e5f6", "copy", "2026-11-29T19:01:00"),
        )
    )
    assert list(run_view.labels([first, twin, other]).values()) == [
        "copy (11-29 19:00), a1b2",
        "copy (11-29 19:00), c3d4",
        "copy (11-29 19:01)",
    ]
