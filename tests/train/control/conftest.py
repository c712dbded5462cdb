"""One Ray head for every test of this folder, with a limit on waiting as short as Ray's may be."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.train.control import toy_work
from train.cluster.head import stop_head
from train.control import RunView, look, submission
from train.runs import RunFolder, RunRequest, create, new_id, utc_now
from train.runs.root import ROOT_VARIABLE

#: Ray fails a job that waits longer; a user's cluster says 900.
WAIT_LIMIT = 3


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A root of runs, whose Ray head ends with the tests."""
    root = tmp_path_factory.mktemp("runs")
    settings = {
        ROOT_VARIABLE: str(root),
        "RAY_JOB_START_TIMEOUT_SECONDS": str(WAIT_LIMIT),
        "RAY_ADDRESS": "",
    }
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    yield root
    stop_head(root)
    for name, value in before.items():
        if value is None:
            os.environ.pop(name)
        else:
            os.environ[name] = value


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, runs: Path) -> Callable[..., RunFolder]:
    """Makes a run that counts instead of training; whoever submits it hands it to Ray."""
    monkeypatch.setattr(submission, "entrypoint", toy_work.entrypoint)

    def make(**recipe: object) -> RunFolder:
        return create(request(recipe), runs)

    return make


def request(recipe: dict[str, object], **changes: str) -> RunRequest:
    fields = {"title": "toy", "finding": "mr", "cohort": "none", "command": "none"} | changes
    return RunRequest(id=new_id("mr"), created=utc_now(), recipe=recipe, **fields)


def until(folder: RunFolder, *states: str, seconds: float = 40) -> RunView:
    """The run's view once it has one of these states."""
    end = time.monotonic() + seconds
    while (view := look(folder)).state not in states:
        assert time.monotonic() < end, f"{view.state}: {view.reason} {folder.log_tail()}"
        time.sleep(0.2)
    return view


def until_said(folder: RunFolder, words: str, seconds: float = 10) -> None:
    """Wait until the log says these words."""
    end = time.monotonic() + seconds
    while not any(words in line for line in folder.log_tail()):
        assert time.monotonic() < end, folder.log_tail()
        time.sleep(0.1)
