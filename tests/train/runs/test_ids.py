"""Ids of runs: unique, in order of their making, and never a way out of their folder."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.train.control.conftest import request
from train.runs import RunError, all_runs, create, find_run, new_id


def test_ids_cannot_lead_out_of_the_root_and_are_used_once(tmp_path: Path) -> None:
    run = create(request({}), tmp_path)
    for id in ("../x", "a/b", "", ".hidden", "/etc"):
        with pytest.raises(RunError, match="Expected letters, digits, - and _"):
            find_run(id, tmp_path)
    with pytest.raises(RunError, match="found no such folder"):
        find_run("nobody", tmp_path)
    with pytest.raises(RunError, match="the id of a new run, found one that exists"):
        create(run.request(), tmp_path)
    assert find_run(run.id, tmp_path) == run


def test_the_latest_run_comes_first_and_folders_of_others_are_no_runs(tmp_path: Path) -> None:
    made = [create(request({}), tmp_path) for _ in range(3)]
    (tmp_path / "cohorts" / "x").mkdir(parents=True)
    assert all_runs(tmp_path) == made[::-1]


def test_runs_made_in_one_tick_of_the_clock_keep_their_order(tmp_path: Path) -> None:
    made = [create(request({}), tmp_path) for _ in range(50)]
    assert all_runs(tmp_path) == made[::-1]
    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(lambda _: new_id("mr", tmp_path), range(200)))
    assert len({id.rsplit("-", 2)[0] for id in ids}) == 200


def test_a_new_run_sorts_after_one_of_a_clock_that_ran_ahead(tmp_path: Path) -> None:
    (tmp_path / "99999999-999999999-of-others").mkdir()
    for stamp in ("29990101-000000999", "29990101-000001000000"):
        (tmp_path / f"{stamp}-mr-ffff").mkdir()
        assert new_id("as", tmp_path) > f"{stamp}-mr-ffff"
