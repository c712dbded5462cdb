"""Runs in a real Ray: they queue for the slot, outlive Ray's limits, and end as they should."""

import os
import signal
import time

import pytest

from tests.train.control.conftest import WAIT_LIMIT, until, until_said
from train.cluster import find_cluster
from train.cluster.head import live_head
from train.cluster.jobs import ClusterError, Jobs
from train.control import delete, force_stop, look, reconcile, resume, stop, submit
from train.runs import RunError


def test_a_second_run_waits_past_rays_limit_and_then_trains(runs, toy) -> None:
    first, second = toy(steps=70), toy(steps=1)
    submit(first)
    # On a slow machine Ray may give up on this one too, and the other would go first.
    until(first, "running")
    submit(second)
    waiting = {view.id: view for view in reconcile(runs)}[second.id]
    assert (waiting.state, waiting.ahead) == ("queued", 1)
    first_job = second.status().job
    # Nobody looks meanwhile: whoever ends sees to the queue.
    until(first, "finished")
    assert until(second, "finished").status.step == 1
    assert second.status().job != first_job
    assert (second.status().process_started or 0) - first.status().process_started > WAIT_LIMIT


def test_the_head_listens_to_this_machine_and_to_its_token_only(runs, toy) -> None:
    submit(toy(steps=1))
    head = live_head(runs)
    assert head.url.startswith("http://127.0.0.1:")
    token = runs / ".cluster" / "token"
    assert token.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ClusterError, match=r"found HTTP 401: .*Check the token"):
        Jobs(head.url).version()
    with pytest.raises(ClusterError, match="found HTTP 403"):
        Jobs(head.url, "guess").all()
    assert Jobs(head.url, token.read_text()).version() == "2.60.0"


def test_a_cluster_that_ray_address_names_is_used_as_it_is(runs, toy, monkeypatch) -> None:
    submit(toy(steps=1))
    head = live_head(runs)
    monkeypatch.setenv("RAY_ADDRESS", head.url + "/")
    monkeypatch.setenv("RAY_AUTH_TOKEN", (runs / ".cluster" / "token").read_text())
    outside = find_cluster(runs)
    assert (outside.jobs.url, outside.embedded) == (head.url, False)
    # Its head offers the program's own slot, so that is what a run takes.
    assert outside.resources(workers=4) == {"cxr_training": 1.0}
    monkeypatch.setenv("RAY_ADDRESS", "http://127.0.0.1:9")
    with pytest.raises(ClusterError, match=r"answer at http://127\.0\.0\.1:9.*check RAY_ADDRESS"):
        find_cluster(runs)


def test_a_run_that_cannot_begin_keeps_its_error(runs, toy) -> None:
    folder = toy(fail="No module named 'nosuch'")
    submit(folder)
    view = until(folder, "failed")
    assert "ModuleNotFoundError: No module named 'nosuch'" in view.reason
    assert "exit code 1" in folder.status().error
    assert "No module named" in folder.log_tail(1)[0]


def test_a_run_stops_at_once_while_it_waits_and_after_its_step_while_it_trains(runs, toy) -> None:
    first, second = toy(steps=300), toy(steps=1)
    submit(first)
    until(first, "running")
    submit(second)
    with pytest.raises(RunError, match=r"found it running\. Stop it first"):
        delete(first)
    stop(second)
    assert look(second).state == "stopped"
    stop(first)
    assert until(first, "stopped").status.step < 300
    # What was stopped goes on from its checkpoint, once.
    reached = first.status().step
    resume(second)
    assert until(second, "finished").state == "finished"
    assert look(first).status.step == reached
    delete(second)
    assert second.id not in {view.id for view in reconcile(runs)}


def test_a_process_that_does_not_listen_is_stopped_by_force(runs, toy) -> None:
    folder = toy(steps=3000, deaf=True)
    submit(folder)
    process = until(folder, "running").status.process
    force_stop(folder)
    assert not process.alive()
    assert look(folder).state == "stopped"
    with pytest.raises(RunError, match="Expected a run that waits or trains, found it stopped"):
        stop(folder)


def test_killing_the_process_and_then_the_head_is_told_and_survived(runs, toy) -> None:
    killed, training, waiting = toy(steps=300), toy(steps=60), toy(steps=2)
    submit(killed)
    os.kill(until(killed, "running").status.pid, signal.SIGKILL)
    assert "is gone without a word" in until(killed, "interrupted", seconds=5).reason
    until_said(killed, "ended by signal 9: somebody killed it, or memory ran out")
    submit(training)
    process = until(training, "running").status.process
    submit(waiting)
    head = live_head(runs)
    os.kill(head.pid, signal.SIGKILL)
    started = time.monotonic()
    view = until(waiting, "interrupted", seconds=15)
    assert "The Ray head that queued it is gone" in view.reason
    view = until(training, "interrupted", seconds=15)
    assert time.monotonic() - started < 15
    assert not process.alive()
    reached = training.status().step
    resume(training)
    assert live_head(runs).pid != head.pid
    done = until(training, "finished")
    assert done.status.step == 60
    assert done.progress == 1.0
    assert 0 < reached < 60
