"""A run stopped while it is handed to Ray stays stopped, whoever is first."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.train.control.conftest import request
from train.cluster.jobs import WAITED_TOO_LONG, ClusterError, Job, Jobs, JobState
from train.cluster.where import Cluster
from train.control import actions, job, look, stop, submit
from train.runs import RunFolder, create

URL = "http://127.0.0.1:9"


@dataclass(frozen=True)
class FakeJobs(Jobs):
    """Ray as it looks from outside; ``meanwhile`` happens while it takes a job."""

    queue: dict[str, Job] = field(default_factory=dict)
    meanwhile: Callable[[], None] = lambda: None

    def submit(self, id: str, *_: object) -> None:
        self.meanwhile()
        self.queue[id] = Job(id, "PENDING", "", "")

    def all(self, timeout: float = 1.0) -> dict[str, Job]:
        return self.queue

    def stop(self, id: str, timeout: float = 10.0) -> None:
        if id not in self.queue:
            raise ClusterError("Expected a job, found HTTP 404")
        self.end(id, "STOPPED")

    def end(self, id: str, state: JobState, error_type: str = "") -> None:
        self.queue[id] = Job(id, state, "", error_type)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return create(request({}), tmp_path)


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeJobs]:
    """Ray with something that happens while it starts, or while it takes a job."""

    def make(
        starting: Callable[[], None] = lambda: None, taking: Callable[[], None] = lambda: None
    ) -> FakeJobs:
        jobs = FakeJobs(URL, meanwhile=taking)
        cluster = Cluster(jobs, embedded=True)

        def find(root: Path) -> Cluster:
            starting()
            return cluster

        monkeypatch.setattr(actions, "find_cluster", find)
        for module in ("actions", "truth"):
            monkeypatch.setattr(f"train.control.{module}.known_cluster", lambda *_: cluster)
        return jobs

    return make


def test_a_run_stopped_while_ray_starts_is_never_sent(run, ray) -> None:
    jobs = ray(starting=lambda: stop(run))
    submit(run)
    assert jobs.queue == {}
    assert (look(run).state, run.status().job) == ("stopped", "")


def test_a_run_stopped_while_ray_takes_it_is_taken_back(run, ray) -> None:
    jobs = ray(taking=lambda: stop(run))
    submit(run)
    assert [job.state for job in jobs.queue.values()] == ["STOPPED"]
    assert (look(run).state, look(run).reason) == ("stopped", "")


def test_a_stop_asked_for_between_two_writes_of_the_status_holds(run, ray) -> None:
    def write_over() -> None:
        stop(run)
        run.write_status(state="queued")

    jobs = ray(taking=write_over)
    submit(run)
    assert [job.state for job in jobs.queue.values()] == ["STOPPED"]
    assert look(run).state == "stopped"


def test_a_run_that_trains_already_is_left_to_stop_itself(run, ray) -> None:
    def begin() -> None:
        run.write_status(state="running")
        run.ask_to_stop()

    ray(taking=begin)
    submit(run)
    assert run.status().state == "running"


def test_a_head_that_cannot_start_fails_no_run_that_was_stopped_meanwhile(run, ray) -> None:
    def break_down() -> None:
        stop(run)
        raise ClusterError("Expected Ray's head to start, found no memory.")

    ray(starting=break_down)
    submit(run)
    assert (look(run).state, look(run).reason) == ("stopped", "")
    assert "found no memory" in run.log_tail(1)[0]


def test_a_head_that_cannot_start_fails_a_run_that_still_waits(run, ray) -> None:
    def break_down() -> None:
        raise ClusterError("Expected Ray's head to start, found no memory.")

    ray(starting=break_down)
    with pytest.raises(ClusterError, match="found no memory"):
        submit(run)
    assert (look(run).state, "found no memory" in look(run).reason) == ("failed", True)


@pytest.mark.parametrize(
    ("state", "kind"), [("SUCCEEDED", ""), ("FAILED", ""), ("FAILED", WAITED_TOO_LONG)]
)
def test_a_job_that_ended_unbegun_after_a_stop_was_stopped(run, ray, state, kind) -> None:
    jobs = ray()
    submit(run)
    run.ask_to_stop()
    (id,) = jobs.queue
    # It sees the wish, and trains nothing.
    assert job.main([str(run.path), id]) == 0
    jobs.end(id, state, kind)
    view = look(run)
    assert (view.state, view.reason, run.status().state) == ("stopped", "", "stopped")
    assert list(jobs.queue) == [id]


def test_a_training_ended_while_it_loads_by_the_stop_was_stopped(run, ray, monkeypatch) -> None:
    jobs = ray()
    submit(run)
    (id,) = jobs.queue
    loading = ["sh", "-c", f"touch {run.path}/stop; kill -TERM $$"]
    monkeypatch.setattr(job, "work_command", lambda folder: loading)
    assert job.main([str(run.path), id]) == 143
    assert (run.status().state, run.status().error) == ("stopped", "")


def test_a_job_that_ended_unbegun_though_nobody_stopped_it_has_failed(run, ray) -> None:
    jobs = ray()
    submit(run)
    (id,) = jobs.queue
    jobs.end(id, "SUCCEEDED")
    assert look(run).reason == "It ended before training began: it said nothing"
