"""Two workers do what one does; a machine that is lost costs an attempt, not the run."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.train.fit.fit_cohort import last_state, new_run, start, wait_for_step
from tests.train.small_cohort import small_cohort
from train.cohort.store import StoredCohort
from train.fit import run_training

RECIPE: dict[str, Any] = {"epochs": 2, "freeze_batch_norm": True, "batch": 8}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> StoredCohort:
    return small_cohort(tmp_path_factory.mktemp("workers"), patients=40, side=64)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Three machines of one processor each, simulated on this one; the head is the first."""
    from ray.cluster_utils import Cluster

    small = {"num_cpus": 1, "object_store_memory": 100_000_000}
    # A machine is given up after 5 s without a sign of life; by default it takes 15 to 20.
    health = {"health_check_period_ms": 1000, "health_check_failure_threshold": 5}
    head = {"include_dashboard": False, "_system_config": health}
    made = Cluster(initialize_head=True, head_node_args=small | head)
    for _ in range(2):
        made.add_node(**small)
    made.wait_for_nodes()
    yield made
    made.shutdown()


def busy_machine(cluster: Any) -> Any:
    """A machine other than the head on which a worker trains."""
    for node in cluster.worker_nodes:
        raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
        if any("RayTrainWorker" in " ".join(child.cmdline()) for child in raylet.children()):
            return node
    raise AssertionError("no worker on any machine but the head")


def test_two_workers_follow_one_at_the_same_batch(
    cohort: StoredCohort, cluster: Any, tmp_path: Path
) -> None:
    one = new_run(tmp_path, cohort, "one", **RECIPE)
    assert run_training(one).state == "finished"
    two = new_run(tmp_path, cohort, "two", workers=2, **RECIPE)
    process = start(two, RAY_ADDRESS=cluster.address)
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 0, said
    assert two.status().device == "2 × CPU"
    # Six steps; the bound holds for each.
    steps = int(two.metrics()["step"].iloc[-1])
    apart = [
        float((first - second).abs().max())
        for first, second in zip(last_state(one).values(), last_state(two).values(), strict=True)
    ]
    assert max(apart) < 1e-4 * steps
    losses = ["train_loss", "validation_loss"]
    assert abs(one.metrics()[losses] - two.metrics()[losses]).max().max() < 1e-4


def test_the_run_recovers_from_the_loss_of_a_machine(
    cohort: StoredCohort, cluster: Any, tmp_path: Path
) -> None:
    long = new_run(tmp_path, cohort, "long", workers=2, **RECIPE | {"epochs": 400})
    process = start(long, RAY_ADDRESS=cluster.address)
    wait_for_step(long, process, 9)
    cluster.remove_node(busy_machine(cluster), allow_graceful=False)
    lost = len(long.metrics())
    until = time.monotonic() + 120
    # It goes on from the last checkpoint, on the machines that are left.
    while not any("going on after epoch" in line for line in long.log_tail(400)):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < until, long.log_tail(5)
        time.sleep(0.2)
    long.ask_to_stop()
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert long.status().state == "stopped"
    epochs = long.metrics()["epoch"].tolist()
    assert epochs == list(range(1, len(epochs) + 1))
    assert len(epochs) >= lost
