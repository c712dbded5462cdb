from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cxr_valve import cards
from cxr_valve.anatomy.heart_reader import HeartReader
from cxr_valve.cards import WeightSet
from cxr_valve.evaluation.against import compare_columns
from cxr_valve.evaluation.columns import Columns
from cxr_valve.evaluation.table_file import read_table
from tests.anatomy.chest import DrawnChest
from tests.anatomy.conftest import toy_heart_card
from train.__main__ import main
from train.ratios import add_ratios, ratio_of

ROWS = 6


@pytest.fixture
def reader() -> HeartReader:
    """Sees the same chest in every image, but none in every third."""
    calls: list[int] = []

    def network(images):
        calls.append(1)
        logits = DrawnChest().logits()
        if len(calls) % 3 == 0:
            logits[1] = -9
        return (logits[None],)

    return HeartReader(toy_heart_card(), network)


@pytest.fixture
def simulated_set(make_set: Callable[..., WeightSet], tmp_path: Path) -> Callable[[str], WeightSet]:
    """A toy set whose six held-out images are simulated ones."""

    def make(finding: str) -> WeightSet:
        found = make_set(tmp_path / "weights", finding)
        table = pd.read_csv(found.scores_file()).iloc[[0, 1, 2, 50, 51, 52]]
        names = [f"sim-77-{index:05}" for index in range(ROWS)]
        table.assign(image=names, patient=names).to_csv(found.folder / "scores.csv", index=False)
        digest = cards.sha256(found.folder / "scores.csv")
        cards.write_card(replace(found.card, scores_sha256=digest), found.folder)
        return cards.read_card(found.folder)

    return make


def test_every_image_gets_its_ratio_or_an_empty_cell(simulated_set, reader) -> None:
    found = simulated_set("mr")
    before = pd.read_csv(found.scores_file(), dtype=str)
    add_ratios([found.folder], reader)
    after = cards.read_card(found.folder)
    # The card's checksum followed, and nothing else changed.
    table = pd.read_csv(after.scores_file(), dtype=str, keep_default_na=False)
    assert list(table.columns) == [*before.columns, "ctr"]
    assert table[before.columns.tolist()].equals(before)
    ratio = DrawnChest().ratio
    assert [value != "" for value in table["ctr"]] == [True, True, False, True, True, False]
    assert float(table["ctr"][0]) == pytest.approx(ratio, abs=0.005)
    assert replace(after.card, scores_sha256="0" * 64) == replace(
        found.card, scores_sha256="0" * 64
    )


def test_the_ratio_then_competes_with_the_score(simulated_set, reader) -> None:
    found = simulated_set("mr")
    add_ratios([found.folder], reader)
    frame = read_table(found.folder / "scores.csv")
    compared = compare_columns(frame, Columns(label="label", score="score"), "ctr")
    assert compared.left_out == 2
    # The same ratio everywhere ranks nobody.
    assert compared.test.second.value == 0.5


def test_images_that_sets_share_are_measured_once(simulated_set, reader) -> None:
    one, two = simulated_set("mr"), simulated_set("as")
    said: list[str] = []
    add_ratios([one.folder, two.folder], reader, said.append)
    assert said == [f"{ROWS} of {ROWS} hearts measured"]
    columns = [
        pd.read_csv(found.folder / "scores.csv", dtype=str)["ctr"].tolist() for found in (one, two)
    ]
    assert columns[0][0] == columns[1][0]


def test_images_that_were_not_simulated_are_left_alone(make_set, tmp_path, reader, caplog) -> None:
    found = make_set(tmp_path / "weights")
    before = found.scores_file().read_bytes()
    with pytest.raises(ValueError, match="Expected simulated images in mr-toy, found others"):
        add_ratios([found.folder], reader)
    assert found.scores_file().read_bytes() == before
    with pytest.raises(ValueError, match="Expected a name like sim-20193-00001, found 'x'"):
        ratio_of("x", reader)


def test_a_folder_without_a_card_ends_the_command_with_1(tmp_path, caplog) -> None:
    assert main(["ratios", str(tmp_path)]) == 1
    assert "Expected card.json, found none" in caplog.text
