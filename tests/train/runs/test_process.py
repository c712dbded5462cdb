"""A process is known again by its number and its start, however the clock is set meanwhile."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.train.runs.clock import set_clock
from train.runs.process import Process, find_process, this_process

pytestmark = pytest.mark.skipif(not psutil.LINUX, reason="other systems keep no ticks since boot")


@pytest.mark.parametrize("step", [3.0, -3.0, 86_400.0])
def test_a_step_of_the_clock_changes_nothing_about_a_process(sleeper, step, monkeypatch) -> None:
    before = find_process(sleeper.pid)
    set_clock(monkeypatch, step)
    assert before.alive()
    assert find_process(sleeper.pid) == before
    sleeper.kill()
    sleeper.wait()
    assert not before.alive()


def test_the_start_is_counted_from_the_boot_of_this_machine(sleeper) -> None:
    process = find_process(sleeper.pid)
    began = psutil.Process(sleeper.pid).create_time() - psutil.boot_time()
    assert process.started == pytest.approx(began, abs=0.001)
    assert len(process.boot) == len("ed8bb1b4-7bfb-4ca8-a70b-baf544522403")
    assert this_process().boot == process.boot


def test_a_later_process_of_the_same_number_is_another(sleeper) -> None:
    process = find_process(sleeper.pid)
    assert not replace(process, started=process.started - 0.01).alive()
    assert not replace(process, host="elsewhere").alive()


def test_a_process_of_an_earlier_boot_is_another_though_it_began_at_the_same_tick(sleeper) -> None:
    process = find_process(sleeper.pid)
    assert not replace(process, boot="00000000-0000-4000-8000-000000000000").alive()
    # The status of a run names no boot.
    assert Process(process.pid, process.started, process.host).alive()


def test_a_start_written_as_a_time_of_day_by_older_versions_is_still_understood(sleeper) -> None:
    began = psutil.Process(sleeper.pid).create_time()
    host = this_process().host
    assert Process(sleeper.pid, began, host).alive()
    assert Process(sleeper.pid, began + 0.9, host).alive()
    assert not Process(sleeper.pid, began - 60, host).alive()


def test_what_began_later_is_told_from_what_was_there_before(sleeper) -> None:
    me, later = this_process(), psutil.Process(sleeper.pid)
    assert me.precedes(later)
    assert me.precedes(psutil.Process(me.pid))
    assert not find_process(sleeper.pid).precedes(psutil.Process(me.pid))
    assert not replace(me, boot="00000000-0000-4000-8000-000000000000").precedes(later)
    assert Process(me.pid, psutil.Process(me.pid).create_time(), me.host).precedes(later)


def test_a_process_that_is_gone_cannot_be_found(sleeper) -> None:
    sleeper.kill()
    sleeper.wait()
    with pytest.raises(psutil.NoSuchProcess, match=f"pid={sleeper.pid}"):
        find_process(sleeper.pid)


@pytest.mark.parametrize("ignored", [False, True])
def test_a_terminated_process_takes_its_unfinished_files_away(
    tmp_path: Path, ignored: bool
) -> None:
    """In the background too, where SIGINT is ignored."""
    script = (
        "import tempfile, time\n"
        "from train.runs.process import terminated_tidily\n"
        f"with terminated_tidily(), tempfile.TemporaryDirectory(dir={str(tmp_path)!r}):\n"
        "    print('made', flush=True)\n"
        "    time.sleep(60)\n"
    )
    start = ["sh", "-c", 'trap "" INT; exec "$0" "$@"'] if ignored else []
    command = [*start, sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "made\n"
        assert len(list(tmp_path.iterdir())) == 1
        child.terminate()
        assert child.wait(timeout=30) == 143
    assert list(tmp_path.iterdir()) == []
