"""The head of this machine: what it is told, whom it trusts, and what it leaves alone."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.train.runs.clock import set_clock
from train.cluster import head
from train.cluster.jobs import ClusterError, Jobs, SilentClusterError
from train.runs.process import find_process


@pytest.fixture
def ray() -> Iterator[subprocess.Popen[bytes]]:
    """A process in a session of its own that calls itself Ray and does nothing."""
    code = "import time; print('ray', flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        # Before that, its command line may still be empty.
        assert process.stdout is not None
        assert process.stdout.readline() == b"ray\n"
        yield process
        process.kill()


def recorded(root: Path, process: subprocess.Popen[bytes], **changes: object) -> None:
    found = find_process(process.pid)
    record = {"url": "http://127.0.0.1:9", "address": "127.0.0.1:8", "pid": process.pid, "slots": 1}
    record |= {"started": found.started, "boot": found.boot} | changes
    folder = head.cluster_folder(root)
    folder.mkdir(parents=True)
    (folder / "head.json").write_text(json.dumps(record))


def dies_in(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def test_a_record_is_believed_only_while_its_process_lives(tmp_path: Path, ray) -> None:
    assert head.live_head(tmp_path) is None
    recorded(tmp_path, ray)
    found = head.live_head(tmp_path)
    assert found is not None
    assert found.url == "http://127.0.0.1:9"
    ray.kill()
    ray.wait()
    assert head.live_head(tmp_path) is None
    (head.cluster_folder(tmp_path) / "head.json").write_text("{")
    assert head.live_head(tmp_path) is None
    assert not head.stop_head(tmp_path)


def test_a_record_of_an_older_version_is_believed_too(tmp_path: Path, ray) -> None:
    recorded(tmp_path, ray)
    file = head.cluster_folder(tmp_path) / "head.json"
    older = json.loads(file.read_text()) | {"started": psutil.Process(ray.pid).create_time()}
    del older["boot"]
    file.write_text(json.dumps(older))
    found = head.live_head(tmp_path)
    assert found is not None
    assert found.process.alive()
    head._sweep(head.cluster_folder(tmp_path))
    assert dies_in(ray, seconds=5)


@pytest.mark.parametrize("step", [3.0, -3.0])
def test_a_head_is_the_same_after_the_clock_was_set(
    tmp_path: Path, ray, step: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(tmp_path, ray)
    set_clock(monkeypatch, step)
    found = head.live_head(tmp_path)
    assert found is not None
    assert found.process.alive()
    # Nor is what belongs to it taken for another's once it must go.
    head._sweep(head.cluster_folder(tmp_path))
    assert dies_in(ray, seconds=5)


@pytest.mark.parametrize(
    "changes",
    [
        {"started": find_process(os.getpid()).started + 86_400},
        {"boot": "00000000-0000-4000-8000-000000000000"},
        {"started": time.time() + 3600, "boot": ""},
    ],
)
def test_another_session_of_the_same_number_is_left_alone(tmp_path: Path, ray, changes) -> None:
    recorded(tmp_path, ray, **changes)
    head._sweep(head.cluster_folder(tmp_path))
    assert not dies_in(ray, seconds=0.2)


def test_the_folder_for_sockets_is_private_and_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = head._temporary(tmp_path / ("deep" * 20))
    assert inside.parent.stat().st_mode & 0o777 == 0o700
    # Ray adds up to 70 characters to it; a socket's path may have 107.
    assert len(str(inside)) < 37
    inside.parent.rmdir()
    inside.parent.symlink_to(tmp_path)
    with pytest.raises(ClusterError, match="to be a folder of this user, found another"):
        head._temporary(tmp_path / ("deep" * 20))
    inside.parent.unlink()


@pytest.mark.parametrize(("named", "gpus"), [("", 0), ("-1", 0), ("0", 1), ("0,2,5", 3)])
def test_gpus_are_counted_as_they_are_offered(
    named: str, gpus: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert head.count_gpus() == gpus


def test_a_head_that_does_not_answer_is_named_in_time() -> None:
    started = time.monotonic()
    with pytest.raises(SilentClusterError, match=r"answer at http://127\.0\.0\.1:9, found none"):
        Jobs("http://127.0.0.1:9").version(timeout=0.5)
    assert time.monotonic() - started < 1.5


def test_a_token_is_not_printed_with_what_holds_it() -> None:
    assert "secret" not in repr(Jobs("http://127.0.0.1:9", "secret"))
