import json
from dataclasses import replace
from pathlib import Path

import pytest

from cxr_valve import cards
from cxr_valve.anatomy.heart_card import read_heart_card, shipped_heart, write_heart_card
from cxr_valve.cards import CardError


@pytest.fixture
def folder(tmp_path: Path, heart_card) -> Path:
    made = tmp_path / "heart-toy"
    made.mkdir()
    (made / "network.safetensors").write_bytes(b"weights")
    digest = cards.sha256(made / "network.safetensors")
    write_heart_card(replace(heart_card, sha256=digest), made)
    return made


def edited(folder: Path, **changes) -> Path:
    file = folder / "card.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    return folder


def test_a_card_is_read_as_it_was_written(folder, heart_card) -> None:
    found = read_heart_card(folder)
    assert replace(found.card, sha256=heart_card.sha256) == heart_card
    assert found.network_file() == folder / "network.safetensors"


def test_damaged_weights_are_refused(folder) -> None:
    (folder / "network.safetensors").write_bytes(b"weightz")
    with pytest.raises(CardError, match=r"heart-toy/network\.safetensors: Expected checksum"):
        read_heart_card(folder).network_file()


def test_a_card_may_go_without_ranges_and_damaged_ones_are_refused(folder) -> None:
    assert read_heart_card(folder).ranges_file() is None
    (folder / "ranges.safetensors").write_bytes(b"ranges")
    digest = cards.sha256(folder / "ranges.safetensors")
    named = {"file": "ranges.safetensors", "sha256": digest, "images": 3}
    found = read_heart_card(edited(folder, ranges=named))
    assert found.ranges_file() == folder / "ranges.safetensors"
    (folder / "ranges.safetensors").write_bytes(b"others")
    with pytest.raises(CardError, match=r"heart-toy/ranges\.safetensors: Expected checksum"):
        found.ranges_file()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"preprocessing": "other/2"}, r"preprocessing: Expected .*, found other/2"),
        (
            {"usual": {"ratio": [0, 1]}},
            r"usual: Expected .*heart_area.*, found ratio\. These weights need",
        ),
        ({"tag": "other"}, r"Expected a folder named heart-other"),
        ({"input_size": 32}, r"input_size: Input should be greater than or equal to 64"),
        ({"looks": []}, r"looks: Tuple should have at least 1 item"),
        ({"looks": [128, 100]}, r"looks\.1: Input should be a multiple of 32"),
        ({"sha256": "abc"}, r"sha256: String should match pattern"),
        ({"colour": "red"}, r"colour: Unexpected keyword argument"),
    ],
)
def test_a_card_out_of_range_is_refused_by_field(folder, changes, message) -> None:
    with pytest.raises(CardError, match=message):
        read_heart_card(edited(folder, **changes))


def test_the_shipped_weights_are_small_and_say_what_they_are_worth() -> None:
    found = shipped_heart()
    assert found.network_file().stat().st_size <= 20_000_000
    card = found.card
    assert card.training.command.startswith("python -m train segmentation")
    assert {"ctr_mean_absolute_error", "ctr_interval_coverage", "dice_heart"} <= set(card.figures)
    assert found.ranges_file().name == "ranges.safetensors"
    assert 0 < card.figures["fast_engine_difference"].value < 0.002
    assert any(source.name.startswith("Wingspan") for source in card.data)
    assert all(source.licence and source.citation for source in card.data)
