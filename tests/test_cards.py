"""A set of weights says what it is, or is refused by name."""

import json
import shutil
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest

from cxr_valve import cards
from cxr_valve.cards import CardError, WeightSet, find_sets, read_card, write_card


@pytest.fixture
def found(make_set, tmp_path: Path) -> WeightSet:
    return make_set(tmp_path)


@pytest.fixture
def roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """An empty shipped root and an empty root of the user's own."""
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    shipped.mkdir()
    own.mkdir()
    monkeypatch.setattr(cards, "shipped_root", lambda: shipped)
    monkeypatch.setenv(cards.ROOT_VARIABLE, str(own))
    return shipped, own


def change(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    """Edit card.json in place."""
    file = folder / cards.CARD_FILE
    content = json.loads(file.read_text())
    edit(content)
    file.write_text(json.dumps(content))


def test_what_is_written_is_what_is_read(found: WeightSet, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / found.card.name
    copy.mkdir(parents=True)
    write_card(found.card, copy)
    assert read_card(copy).card == found.card
    assert (copy / cards.CARD_FILE).read_bytes().startswith(b'{\n "finding": "mr",\n')


def test_a_card_cannot_be_changed_once_read(found: WeightSet) -> None:
    with pytest.raises(FrozenInstanceError, match="prevalence"):
        found.card.prevalence = 0.5  # type: ignore[misc]


def test_every_field_of_a_card_is_required_but_those_of_files_it_may_go_without(
    found: WeightSet,
) -> None:
    whole = json.loads((found.folder / cards.CARD_FILE).read_text())
    assert list(whole) == [field.name for field in fields(cards.Card)]
    change(found.folder, lambda card: (card.pop("novelty"), card.pop("ranges")))
    assert read_card(found.folder).card == found.card
    for name in whole.keys() - {"novelty", "ranges"}:
        change(found.folder, lambda card, name=name: card.pop(name))
        with pytest.raises(CardError, match=rf"^mr-toy/card\.json: {name}: Field required$"):
            read_card(found.folder)
        (found.folder / cards.CARD_FILE).write_text(json.dumps(whole))


BAD_FIELDS = [
    (lambda c: c["members"][0]["calibration"].update(a=0), r"members\.0\.calibration\.a: .*than 0"),
    (lambda c: c["members"][0]["calibration"].update(a=-1), r"members\.0\.calibration\.a:"),
    (lambda c: c["calibration"].update(a=-0.1), r"card\.json: calibration\.a: .*greater than 0"),
    (lambda c: c["calibration"].update(b=float("nan")), r"calibration\.b: .*finite"),
    (lambda c: c["calibration"].update(a=float("inf")), r"calibration\.a: .*finite"),
    (lambda c: c.update(colour="red"), r"card\.json: colour: Unexpected keyword argument"),
    (lambda c: c["members"][0].update(colour=1), r"members\.0\.colour: Unexpected"),
    (lambda c: c.update(members=[]), r"members: .*at least 1 item"),
    (lambda c: c.update(prevalence=1), r"prevalence: .*less than 1"),
    (lambda c: c.update(prevalence=0), r"prevalence: .*greater than 0"),
    (lambda c: c["operating_point"].update(threshold=1.2), r"operating_point\.threshold:"),
    (lambda c: c["evidence"].update(limit=0), r"evidence\.limit: .*greater than 0"),
    (lambda c: c["evidence"].update(epsilon=-1), r"evidence\.epsilon: .*or equal to 0"),
    (lambda c: c["members"][0].update(sha256="abc"), r"members\.0\.sha256: String should match"),
    (lambda c: c["members"][0].update(file="../x.safetensors"), r"members\.0\.file: String should"),
    (lambda c: c["members"][0].update(file="x.pth"), r"members\.0\.file: String should match"),
    (lambda c: c["members"][0].update(input_size=32), r"members\.0\.input_size: .*equal to 64"),
    (lambda c: c.update(tag="../up"), r"tag: String should match"),
    (lambda c: c.update(kind="many"), r"kind: Input should be 'binary' or 'continuous'"),
    (lambda c: c.update(finding="ms"), r"finding: unknown finding 'ms'"),
    (lambda c: c.update(tag="other"), r"Expected a folder named mr-other\."),
]


@pytest.mark.parametrize(("edit", "message"), BAD_FIELDS)
def test_a_card_out_of_range_is_refused_by_field(found: WeightSet, edit, message: str) -> None:
    change(found.folder, edit)
    with pytest.raises(CardError, match=message):
        read_card(found.folder)


def test_all_that_is_wrong_is_said_at_once(found: WeightSet) -> None:
    change(found.folder, lambda card: (card.pop("created"), card.update(prevalence=7)))
    with pytest.raises(CardError, match=r"created: Field required; prevalence: "):
        read_card(found.folder)


@pytest.mark.parametrize("content", [b"", b"not json", b"[1, 2]", b"\xff\xfe"])
def test_a_file_that_is_no_card_is_refused(found: WeightSet, content: bytes) -> None:
    (found.folder / cards.CARD_FILE).write_bytes(content)
    with pytest.raises(CardError, match=r"^mr-toy/card\.json: file: "):
        read_card(found.folder)


def test_a_folder_without_a_card_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mr-empty").mkdir()
    with pytest.raises(CardError, match=r"^mr-empty: Expected card\.json, found none\.$"):
        read_card(tmp_path / "mr-empty")


def test_the_folder_bears_the_name_of_the_set(found: WeightSet) -> None:
    moved = found.folder.rename(found.folder.with_name("mr-renamed"))
    with pytest.raises(CardError, match=r"^mr-renamed/card\.json: Expected a folder named mr-toy"):
        read_card(moved)


def test_weights_that_are_not_the_cards_are_refused(found: WeightSet) -> None:
    [member] = found.card.members
    assert found.member_file(member) == found.folder / "test_resnet.safetensors"
    with (found.folder / member.file).open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(CardError, match=r"^mr-toy/test_resnet\.safetensors: Expected checksum"):
        found.member_file(member)
    (found.folder / member.file).unlink()
    with pytest.raises(CardError, match=r"test_resnet\.safetensors: Expected this file, found no"):
        found.member_file(member)


def test_scores_that_are_not_the_cards_are_refused(found: WeightSet) -> None:
    file = found.scores_file()
    file.write_text(file.read_text().replace("0", "1", 1))
    with pytest.raises(CardError, match=r"^mr-toy/scores\.csv: Expected checksum .* restore"):
        found.scores_file()


def test_sets_are_found_in_both_roots_shipped_first(make_set, roots) -> None:
    shipped, own = roots
    make_set(own, "as", "mine")
    make_set(shipped, "mr", "shipped")
    sets, problems = find_sets()
    assert [(found.card.name, found.folder.parent) for found in sets] == [
        ("mr-shipped", shipped),
        ("as-mine", own),
    ]
    assert problems == []


def test_sets_that_cannot_be_used_are_listed_beside_those_that_can(make_set, roots) -> None:
    shipped, own = roots
    good = make_set(shipped, "mr", "good")
    shutil.copytree(good.folder, own / "mr-copied")
    broken = make_set(own, "as", "broken")
    change(broken.folder, lambda card: card.pop("prevalence"))
    sets, problems = find_sets()
    assert [found.card.name for found in sets] == ["mr-good"]
    assert [str(problem) for problem in problems] == [
        "as-broken/card.json: prevalence: Field required",
        "mr-copied/card.json: Expected a folder named mr-good.",
    ]


def test_roots_that_do_not_exist_hold_no_sets(roots) -> None:
    for root in roots:
        root.rmdir()
    assert find_sets() == ([], [])


def test_a_set_still_being_written_is_passed_over(make_set, roots) -> None:
    _, own = roots
    found = make_set(own, "mr", "new")
    found.folder.rename(own / ".mr-new.partial")
    assert find_sets() == ([], [])


def test_the_users_root_is_beside_the_program_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(cards.ROOT_VARIABLE)
    assert cards.user_root() == cards.shipped_root().parent / "local-weights"
    monkeypatch.setenv(cards.ROOT_VARIABLE, "/somewhere")
    assert cards.user_root() == Path("/somewhere")


def test_networks_of_the_anatomy_are_no_sets_of_a_finding(roots, make_set) -> None:
    shipped, _ = roots
    make_set(shipped)
    for name in ("gate-1", "heart-1"):
        (shipped / name).mkdir()
        (shipped / name / cards.CARD_FILE).write_text("{}")
    sets, problems = find_sets()
    assert [one.card.name for one in sets] == ["mr-toy"]
    assert problems == []
