"""What is said of a run is true: of live, dead and renamed processes, here and elsewhere."""

import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.train.control.conftest import request
from tests.train.runs.clock import set_clock
from train.cluster.jobs import WAITED_TOO_LONG, Job, Jobs
from train.cluster.where import Cluster
from train.control import compare, delete, duplicate, look, reconcile, resume
from train.runs import Heartbeat, RunError, RunFolder, create
from train.runs.process import Process, find_process, this_process

HERE = this_process().host


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return create(request({"steps": 1}), tmp_path)


def training(run: RunFolder, process: subprocess.Popen[bytes], **changes: object) -> RunFolder:
    """The run as that process would have written it."""
    found = find_process(process.pid)
    fields = {"pid": found.pid, "process_started": found.started, "host": found.host}
    run.write_status(state="running", **(fields | {"heartbeat": time.time()} | changes))
    return run


def test_a_live_process_trains_and_a_killed_one_is_interrupted(run, sleeper) -> None:
    training(run, sleeper, heartbeat=time.time())
    assert look(run).state == "running"
    run.ask_to_stop()
    assert look(run).state == "stopping"
    # Not reaped: to the system it is there, but it does nothing any more.
    sleeper.send_signal(signal.SIGKILL)
    time.sleep(0.2)
    view = look(run)
    assert (view.state, view.active, view.resumable) == ("interrupted", False, True)
    assert f"(pid {sleeper.pid} on {HERE}) is gone without a word" in view.reason
    assert run.status().state == "running"


def test_another_process_of_the_same_number_is_not_the_one(run, sleeper) -> None:
    training(run, sleeper, process_started=find_process(sleeper.pid).started - 60)
    assert look(run).state == "interrupted"
    assert not Process(sleeper.pid, time.time(), "elsewhere").alive()


@pytest.mark.parametrize("step", [3.0, -3.0])
def test_a_training_lives_on_when_the_clock_is_set(run, sleeper, step: float, monkeypatch) -> None:
    training(run, sleeper)
    set_clock(monkeypatch, step)
    assert look(run).state == "running"


def test_a_status_of_an_older_version_names_its_process_by_the_time_of_day(run, sleeper) -> None:
    began = psutil.Process(sleeper.pid).create_time()
    assert look(training(run, sleeper, process_started=began)).state == "running"
    assert look(training(run, sleeper, process_started=began - 60)).state == "interrupted"


@pytest.mark.parametrize(("age", "state"), [(3.0, "running"), (20.0, "interrupted")])
def test_a_process_elsewhere_lives_by_its_heartbeat(run, sleeper, age: float, state: str) -> None:
    training(run, sleeper, host="another-node", heartbeat=time.time() - age)
    assert look(run).state == state


def test_a_process_that_lives_but_says_nothing_is_said_to_hang(run, sleeper) -> None:
    view = look(training(run, sleeper, heartbeat=time.time() - 300))
    assert view.state == "running"
    assert "No sign of life for 300 s" in view.reason


@pytest.mark.parametrize("state", ["finished", "stopped", "failed"])
def test_what_has_ended_stays_as_it_ended(run: RunFolder, state: str) -> None:
    run.write_status(state=state, error="No positives." if state == "failed" else "", pid=1)
    view = look(run)
    assert view.state == state
    assert view.resumable == (state != "finished")
    assert view.reason == ("No positives." if state == "failed" else "")


def test_a_run_without_a_job_waits_for_ray_at_first_and_not_for_ever(run, monkeypatch) -> None:
    assert look(run).reason == "Ray is starting."
    monkeypatch.setattr("train.control.truth.STARTING", 0.0)
    view = look(run)
    assert (view.state, view.reason) == (
        "interrupted",
        "It was never handed to Ray. Resume queues it.",
    )


def test_a_queue_that_is_gone_interrupts_what_waited_in_it(run: RunFolder) -> None:
    run.write_status(job="x-try1", ray_address="http://127.0.0.1:9")
    view = look(run)
    assert view.state == "interrupted"
    assert "The Ray head that queued it is gone" in view.reason


def test_a_cluster_that_does_not_answer_keeps_no_page_waiting(run: RunFolder) -> None:
    # An address of TEST-NET-1, where nobody is.
    run.write_status(job="x-try1", ray_address="http://192.0.2.77:8265")
    started = time.monotonic()
    view = look(run)
    assert time.monotonic() - started < 2
    assert view.state == "queued"
    assert "Expected Ray to answer at http://192.0.2.77:8265" in view.reason


def test_a_head_that_dies_while_it_is_asked_again_interrupts_and_fails_nothing(
    run: RunFolder, monkeypatch
) -> None:
    class Dying(Jobs):
        def all(self, timeout: float = 1.0) -> dict[str, Job]:
            return {"x-try1": Job("x-try1", "FAILED", "", WAITED_TOO_LONG)}

    cluster = Cluster(Dying("http://127.0.0.1:9"), embedded=True)
    found = iter([cluster, None])
    monkeypatch.setattr("train.control.truth.known_cluster", lambda *_: next(found))
    run.write_status(job="x-try1", ray_address=cluster.jobs.url)
    view = look(run)
    assert view.state == "queued"
    assert view.reason.startswith("Not certain: Expected Ray to answer at http://127.0.0.1:9")
    view = look(run)
    assert (view.state, view.status.error) == ("interrupted", "")
    assert "The Ray head that queued it is gone" in view.reason


def test_damaged_files_do_not_hide_a_run(run: RunFolder, tmp_path: Path) -> None:
    (run.path / "status.json").write_text('{"state": "runn')
    assert look(run).status.state == "queued"
    (run.path / "status.json").write_text('{"state": "finished", "epoch": "many", "new": 1}')
    assert (look(run).state, look(run).status.epoch) == ("finished", 0)
    (run.path / "request.json").write_text("[")
    (view,) = reconcile(tmp_path)
    assert (view.request, view.title, view.resumable) == (None, run.id, False)
    assert "Expected request.json in the run's folder, found none whole" in view.reason
    (run.path / "request.json").write_text('{"id": 1}')
    with pytest.raises(RunError, match=r"Expected other values of: id, title, finding"):
        run.request()


def test_a_half_written_last_line_of_the_curves_is_passed_over(run: RunFolder) -> None:
    for epoch, loss in ((0, 0.7), (1, 0.6), (1, 0.5)):
        run.append_metrics(member="a", epoch=epoch, train_loss=loss)
    with (run.path / "metrics.csv").open("a") as stream:
        stream.write("a,2,20")
    table = run.metrics()
    assert table[["epoch", "train_loss"]].to_numpy().tolist() == [[0, 0.7], [1, 0.5]]
    # The next row does not join the torn one, and old files where it did are read without both.
    run.append_metrics(member="a", epoch=2, train_loss=0.4)
    assert run.metrics()["train_loss"].tolist() == [0.7, 0.5, 0.4]
    with (run.path / "metrics.csv").open("a") as stream:
        stream.write("a,3,30,0.5" + "a,3,30,0.5,0.6,0.9,,,0.001" + "\n")
    assert run.metrics()["epoch"].tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="colour"):
        run.append_metrics(member="a", colour=1)


def test_curves_of_several_runs_are_one_table(run: RunFolder, tmp_path: Path) -> None:
    other = create(request({}, title="second"), tmp_path)
    run.append_metrics(member="a", epoch=0, validation_auc=0.6)
    other.append_metrics(member="a", epoch=0, validation_auc=0.7)
    table = compare([run, other])
    assert table[["title", "validation_auc"]].to_numpy().tolist() == [["toy", 0.6], ["second", 0.7]]
    assert compare([]).empty


def test_a_reader_never_meets_half_a_status(run: RunFolder) -> None:
    code = (
        "import sys; sys.path.insert(0, '.'); from pathlib import Path; from train.runs import *\n"
        f"folder = RunFolder(Path({str(run.path)!r}))\n"
        "for step in range(300): folder.write_status(state='running', step=step, member='m' * 4000)"
    )
    run.write_status(state="running", member="m" * 4000)
    writer = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[3])
    seen = set()
    while writer.poll() is None:
        status = run.status()
        assert (status.state, len(status.member)) == ("running", 4000)
        seen.add(status.step)
    assert writer.returncode == 0
    assert len(seen) > 10
    assert {file.name for file in run.path.iterdir()} == {"request.json", "status.json"}


def test_two_processes_do_not_train_one_run(run: RunFolder, sleeper) -> None:
    training(run, sleeper)
    with pytest.raises(RunError, match=rf"nobody trains, found process {sleeper.pid} at it"):
        Heartbeat(run).__enter__()
    sleeper.kill()
    sleeper.wait()
    with Heartbeat(run, lambda: {"step": 7}, interval=0.05):
        first = run.status()
        assert first.process == this_process()
        time.sleep(0.2)
        assert run.status().heartbeat > first.heartbeat
        assert run.status().step == 7
        with Heartbeat(run):
            assert look(run).state == "running"


def test_a_copy_is_new_and_what_trains_is_neither_deleted_nor_resumed(run, sleeper) -> None:
    copy = duplicate(run, title="again")
    assert copy.id != run.id
    assert replace(copy, id=run.id, created=run.request().created) == replace(
        run.request(), title="again"
    )
    training(run, sleeper)
    with pytest.raises(RunError, match=r"found it running\. Stop it first"):
        delete(run)
    with pytest.raises(RunError, match=r"found it running\. Duplicate it"):
        resume(run)
    run.write_status(state="finished")
    delete(run)
    assert not run.path.exists()


def test_progress_counts_members_and_their_steps(run: RunFolder) -> None:
    run.write_status(state="stopped", members=("a", "b"), member="b", step=5, steps=10)
    assert look(run).progress == pytest.approx(0.75)
    run.write_status(state="finished")
    assert look(run).progress == 1.0
