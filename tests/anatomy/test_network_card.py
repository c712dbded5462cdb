"""What the cards of the program's own networks have in common."""

import shutil
from pathlib import Path

import pytest

from cxr_valve.anatomy import network_card
from cxr_valve.anatomy.gate_card import read_gate_card, shipped_gate, write_gate_card
from cxr_valve.anatomy.heart_card import shipped_heart
from cxr_valve.anatomy.network_card import expect, shipped_folder
from cxr_valve.cards import CardError


def test_the_last_folder_of_its_kind_by_name_is_taken(tmp_path: Path, monkeypatch) -> None:
    for name in ("gate-1", "gate-2", "heart-a", "gate-3"):
        (tmp_path / name).mkdir()
        if name != "gate-3":
            (tmp_path / name / "card.json").write_text("{}")
    monkeypatch.setattr(network_card, "shipped_root", lambda: tmp_path)
    assert shipped_folder("gate", "a gate").name == "gate-2"
    with pytest.raises(CardError, match=r"weights/lung-\*: Expected a lung, found none\."):
        shipped_folder("lung", "a lung")


def test_without_a_heart_network_nothing_is_opened(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(network_card, "shipped_root", lambda: tmp_path)
    with pytest.raises(CardError, match="Expected the weights that find the heart, found none"):
        shipped_heart()


def test_a_folder_of_another_name_is_refused(tmp_path: Path) -> None:
    shutil.copytree(shipped_gate().folder, tmp_path / "gate-other")
    with pytest.raises(CardError, match=r"gate-other/card\.json: Expected a folder named gate-1"):
        read_gate_card(tmp_path / "gate-other")


def test_a_card_is_read_as_it_was_written(tmp_path: Path) -> None:
    card = shipped_gate().card
    (tmp_path / card.name).mkdir()
    write_gate_card(card, tmp_path / card.name)
    assert read_gate_card(tmp_path / card.name).card == card


def test_what_this_release_cannot_use_is_named(tmp_path: Path) -> None:
    expect(tmp_path, "answers", "a, b", "a, b")
    with pytest.raises(CardError, match=r"answers: Expected a, b, found none\. These weights need"):
        expect(tmp_path, "answers", "a, b", "")
