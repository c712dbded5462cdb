"""The gate's weights and their card."""

import json
import shutil
from pathlib import Path

import pytest

from cxr_valve.anatomy import network_card
from cxr_valve.anatomy.gate import LOGITS
from cxr_valve.anatomy.gate_card import GateWeights, read_gate_card, shipped_gate
from cxr_valve.cards import CARD_FILE, CardError


@pytest.fixture
def copied(tmp_path: Path) -> GateWeights:
    shipped = shipped_gate()
    shutil.copytree(shipped.folder, tmp_path / shipped.folder.name)
    return read_gate_card(tmp_path / shipped.folder.name)


def test_the_shipped_gate_is_whole_small_and_says_where_it_comes_from() -> None:
    shipped = shipped_gate()
    assert shipped.network_file().is_file()
    assert shipped.typical_file().is_file()
    assert sum(file.stat().st_size for file in shipped.folder.iterdir()) < 10_000_000
    card = shipped.card
    assert card.answers == LOGITS
    assert all(source.licence and source.citation for source in card.data)
    assert card.figures["accepted"].value >= 0.98
    assert card.figures["accepted"].n > 100
    assert card.limits


def test_a_damaged_file_is_not_used(copied: GateWeights) -> None:
    with (copied.folder / copied.card.network.file).open("ab") as stream:
        stream.write(b"!")
    with pytest.raises(CardError, match=r"gate\.safetensors: Expected checksum .* restore the set"):
        copied.network_file()
    (copied.folder / copied.card.typical.file).unlink()
    with pytest.raises(CardError, match=r"typical\.safetensors: Expected this file, found none"):
        copied.typical_file()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("preprocessing", "other/1", "preprocessing: Expected trim-percentile"),
        ("answers", ["frontal"], "answers: Expected frontal, lateral, .*, found frontal"),
    ],
)
def test_weights_of_another_release_are_refused(copied, field: str, value, words: str) -> None:
    file = copied.folder / CARD_FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | {field: value}))
    with pytest.raises(CardError, match=f"{words}.*need the release that made them"):
        read_gate_card(copied.folder)


def test_a_card_without_thresholds_is_refused(copied: GateWeights) -> None:
    file = copied.folder / CARD_FILE
    card = json.loads(file.read_text())
    del card["thresholds"]["unlike"]
    file.write_text(json.dumps(card))
    with pytest.raises(CardError, match=r"card\.json: thresholds\.unlike: Field required"):
        read_gate_card(copied.folder)


def test_without_a_gate_nothing_is_opened(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(network_card, "shipped_root", lambda: tmp_path)
    with pytest.raises(CardError, match="Expected the weights of the input gate, found none"):
        shipped_gate()
