"""One active set a finding: recorded, switchable, reversible, never replaced silently."""

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

from cxr_valve import active, cards
from cxr_valve.active import activate, active_sets, last_activated, revert
from cxr_valve.cards import CardError


@pytest.fixture
def roots(make_set, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """AS and MR shipped; two MR sets of the user's own."""
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    for module in (cards, active):
        monkeypatch.setattr(module, "shipped_root", lambda: shipped)
    monkeypatch.setenv(cards.ROOT_VARIABLE, str(own))
    make_set(shipped, "as", "shipped")
    make_set(shipped, "mr", "shipped")
    make_set(own, "mr", "first")
    make_set(own, "mr", "second")
    return shipped, own


def names() -> dict[str, str]:
    return {finding: found.card.name for finding, found in active_sets().items()}


def test_shipped_sets_are_active_until_others_are_chosen_in_the_order_of_findings(roots) -> None:
    assert list(names().items()) == [("mr", "mr-shipped"), ("as", "as-shipped")]


def test_the_last_one_activated_is_active_and_other_findings_keep_theirs(roots) -> None:
    activate("mr-first")
    assert activate("mr-second").folder == roots[1] / "mr-second"
    assert names() == {"mr": "mr-second", "as": "as-shipped"}
    activate("mr-shipped")
    assert names()["mr"] == "mr-shipped"


def test_revert_returns_step_by_step_to_what_was_active_before(roots) -> None:
    activate("mr-first")
    activate("mr-second")
    reverted = [revert("mr") for _ in range(3)]
    assert [found.card.name for found in reverted if found] == [
        "mr-first",
        "mr-shipped",
        "mr-shipped",
    ]
    assert revert("lvef") is None


def test_only_an_activation_can_be_undone(roots) -> None:
    assert last_activated("mr") is None
    activate("mr-first")
    assert (last_activated("mr"), last_activated("as")) == ("mr-first", None)
    revert("mr")
    assert last_activated("mr") is None


def test_an_activation_that_another_one_followed_is_not_undone(roots) -> None:
    activate("mr-first")
    activate("mr-second")
    found = (
        r"^mr-first is no longer the last choice for MR: it is read with mr-second\. Nothing was"
    )
    with pytest.raises(CardError, match=found):
        revert("mr", "mr-first")
    assert names()["mr"] == "mr-second"
    now = revert("mr", "mr-second")
    assert now is not None
    assert now.card.name == "mr-first"


def test_an_activation_is_not_undone_twice(roots) -> None:
    activate("mr-first")
    activate("mr-second")
    revert("mr", "mr-second")
    with pytest.raises(CardError, match=r"it is read with mr-first\."):
        revert("mr", "mr-second")
    revert("mr", "mr-first")
    with pytest.raises(CardError, match=r"it is read with mr-shipped\."):
        revert("mr", "mr-first")


def test_a_vanished_set_is_named_where_an_earlier_activation_is_to_be_undone(roots) -> None:
    activate("mr-first")
    activate("mr-second")
    shutil.rmtree(roots[1] / "mr-second")
    with pytest.raises(CardError, match=r"it is read with mr-second\."):
        revert("mr", "mr-first")


def test_activations_at_the_same_time_are_all_kept(roots, monkeypatch) -> None:
    read = active._history

    def slowly(file: Path) -> dict[str, list[str]]:
        found = read(file)
        time.sleep(0.1)
        return found

    monkeypatch.setattr(active, "_history", slowly)
    with ThreadPoolExecutor() as pool:
        list(pool.map(activate, ["mr-first", "as-shipped", "mr-second"]))
    kept = read(roots[1] / active.ACTIVE_FILE)
    assert {key: sorted(kept[key]) for key in kept} == {
        "mr": ["mr-first", "mr-second"],
        "as": ["as-shipped"],
    }
    assert not list(roots[1].glob("*.partial"))


def test_a_record_that_somebody_holds_is_waited_for_only_so_long(roots, monkeypatch) -> None:
    monkeypatch.setattr(active, "LOCK_SECONDS", 0.1)
    with (
        FileLock(roots[1] / active.LOCK_FILE),
        pytest.raises(CardError, match=r"^active\.json: .* for 0\.1 s.* Try again"),
    ):
        activate("mr-first")
    assert names()["mr"] == "mr-shipped"


def test_a_record_that_cannot_be_written_stays_as_it_was(roots, monkeypatch) -> None:
    activate("mr-first")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        activate("mr-second")
    assert names()["mr"] == "mr-first"
    assert sorted(file.name for file in roots[1].iterdir() if file.is_file()) == [
        active.LOCK_FILE,
        active.ACTIVE_FILE,
    ]


def test_a_finding_without_a_shipped_set_takes_the_users(roots) -> None:
    shutil.rmtree(roots[0] / "mr-shipped")
    assert names()["mr"] == "mr-first"


def test_an_active_set_that_vanished_is_an_error_and_not_replaced(roots) -> None:
    activate("mr-first")
    shutil.rmtree(roots[1] / "mr-first")
    with pytest.raises(CardError, match=r"cannot be used\. mr-first: the folder is gone\. Activat"):
        active_sets()
    revert("mr")
    assert names()["mr"] == "mr-shipped"


def test_an_active_set_whose_card_broke_is_an_error_that_says_what(roots) -> None:
    activate("mr-first")
    file = roots[1] / "mr-first" / cards.CARD_FILE
    content = json.loads(file.read_text())
    del content["prevalence"]
    file.write_text(json.dumps(content))
    with pytest.raises(CardError, match=r"mr-first/card\.json: prevalence: Field required"):
        active_sets()


@pytest.mark.parametrize("name", ["test_resnet.safetensors", "scores.csv"])
def test_a_set_with_a_damaged_file_is_not_activated(roots, name: str) -> None:
    with (roots[1] / "mr-second" / name).open("ab") as stream:
        stream.write(b"\n")
    with pytest.raises(CardError, match=rf"mr-second/{name}: Expected checksum"):
        activate("mr-second")
    assert names()["mr"] == "mr-shipped"


@pytest.mark.parametrize("name", ["mr-none", ""])
def test_a_set_that_does_not_exist_is_not_activated(roots, name: str) -> None:
    with pytest.raises(CardError, match=r"found no"):
        activate(name)
    assert not (roots[1] / active.ACTIVE_FILE).exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"mr": "mr-first"}'])
def test_a_record_that_is_damaged_is_named(roots, content: str) -> None:
    (roots[1] / active.ACTIVE_FILE).write_text(content)
    with pytest.raises(CardError, match=r"^active\.json: Expected .* delete it\.$"):
        active_sets()


def test_sets_that_are_all_unusable_are_an_error_and_no_sets_at_all_are_none(roots) -> None:
    shutil.rmtree(roots[1])
    shutil.rmtree(roots[0] / "mr-shipped")
    (roots[0] / "as-shipped" / cards.CARD_FILE).write_text("{}")
    with pytest.raises(CardError, match=r"^as-shipped/card\.json: finding: Field required"):
        active_sets()
    shutil.rmtree(roots[0])
    assert active_sets() == {}


def test_a_damaged_set_does_not_let_its_finding_vanish(make_set, tmp_path, monkeypatch) -> None:
    for module in (cards, active):
        monkeypatch.setattr(module, "shipped_root", lambda: tmp_path)
    monkeypatch.setenv(cards.ROOT_VARIABLE, str(tmp_path / "own"))
    make_set(tmp_path, "mr")
    broken = make_set(tmp_path, "as")
    (broken.folder / cards.CARD_FILE).write_text("{}")
    with pytest.raises(CardError, match=r"^as-toy/card\.json: "):
        active_sets()
