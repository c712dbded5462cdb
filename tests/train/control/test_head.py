"""The head of this machine: what it is told, whom it trusts, and what it leaves alone."""

import json
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from train.cluster import head
from train.cluster.jobs import ClusterError, Jobs, SilentClusterError


def recorded(root: Path, process: subprocess.Popen[bytes], started: float) -> None:
    folder = head.cluster_folder(root)
    folder.mkdir(parents=True)
    record = {"url": "http://127.0.0.1:9", "address": "127.0.0.1:8", "pid": process.pid}
    (folder / "head.json").write_text(json.dumps(record | {"started": started, "slots": 1}))


def test_a_record_is_believed_only_while_its_process_lives(tmp_path: Path) -> None:
    assert head.live_head(tmp_path) is None
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    recorded(tmp_path, process, psutil.Process(process.pid).create_time())
    found = head.live_head(tmp_path)
    assert found is not None
    assert found.url == "http://127.0.0.1:9"
    process.kill()
    process.wait()
    assert head.live_head(tmp_path) is None
    (head.cluster_folder(tmp_path) / "head.json").write_text("{")
    assert head.live_head(tmp_path) is None
    assert not head.stop_head(tmp_path)


def test_another_session_of_the_same_number_is_left_alone(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True
    )
    recorded(tmp_path, process, time.time() - 3600)
    head._sweep(head.cluster_folder(tmp_path))
    time.sleep(0.2)
    assert process.poll() is None
    process.kill()
    process.wait()


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
