"""A second network's figures join the card; nothing else of it moves."""

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from cxr_valve.anatomy.heart_card import HeartWeights, read_heart_card, shipped_heart
from train.__main__ import main
from train.segmentation import again
from train.segmentation.data import labelled_names, read_manifest


@pytest.fixture
def shipped(tmp_path: Path) -> HeartWeights:
    """A copy of the shipped weights, without figures of a second network."""
    folder = shipped_heart().folder
    shutil.copytree(folder, tmp_path / folder.name)
    return read_heart_card(tmp_path / folder.name)


@pytest.mark.real
def test_the_second_networks_figures_join_the_card(
    real: Path, shipped: HeartWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    def few(manifest, network):
        assert network == 1
        train, held_out = labelled_names(manifest, network)
        return train[:4], held_out[:3]

    monkeypatch.setattr(again, "labelled_names", few)
    # The shipped network itself: it has seen these images, so it must find them well.
    network = shipped.network_file()
    again.write_again(network, real, read_manifest(real), shipped.folder.parent)
    found = read_heart_card(shipped.folder)
    assert found.card.again is not None
    assert (found.card.again.trained_on, found.card.again.held_out) == (4, 3)
    assert found.card.again.figures["dice_heart"].n == 3
    assert found.card.again.figures["dice_heart"].value > 0.9
    assert found.card.again.figures["ctr_mean_absolute_error"].value < 0.03
    assert replace(found.card, again=None) == replace(shipped.card, again=None)
    assert found.network_file() == network


def test_without_a_card_to_add_to_nothing_is_trained(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "manifest.csv").write_text("path,source,view,labels\n")
    options = ["segmentation", "--again", "--real", str(tmp_path), "--out", str(tmp_path)]
    options += ["--work", str(tmp_path / "work")]
    with caplog.at_level(logging.ERROR):
        assert main(options) == 1
    assert "card.json" in caplog.text
    assert not (tmp_path / "work").exists()
