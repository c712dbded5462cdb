"""One network of a run: begun, kept, found again."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cxr_valve.models.networks import ValveNet, load_network
from tests.train.fit.tiny_training import TINY, StopAfter, train
from train.fit.checkpoint import load_checkpoint
from train.fit.examples import TrainingData
from train.fit.loop import new_network
from train.fit.member import fit_member
from train.fit.outcomes import Stopped, TrainingError
from train.fit.team import single


def test_a_member_that_is_done_is_not_touched(data: TrainingData, tmp_path: Path) -> None:
    (tmp_path / "network.safetensors").write_text("done")
    fit_member("test_resnet", TINY, data, tmp_path, single("32"))
    assert (tmp_path / "network.safetensors").read_text() == "done"
    assert not (tmp_path / "checkpoints").exists()


def test_a_member_may_begin_with_another_networks_features(
    data: TrainingData, tmp_path: Path
) -> None:
    torch.manual_seed(40)
    start = ValveNet("test_resnet")
    still = replace(TINY, epochs=1, early_stopping=0, ema=0.0, rate=1e-12, weight_decay=0.0)
    fit_member("test_resnet", still, data, tmp_path, single("32"), start=start)
    found = load_network("test_resnet", tmp_path / "network.safetensors")
    begun = start.state_dict()["backbone.conv1.0.weight"]
    torch.testing.assert_close(
        found.state_dict()["backbone.conv1.0.weight"], begun, atol=1e-3, rtol=0
    )
    assert not torch.allclose(found.classifier.weight, start.classifier.weight, atol=1e-2)


def test_the_identity_of_a_checkpoint_is_the_data_it_was_trained_on(
    data: TrainingData, tmp_path: Path
) -> None:
    with pytest.raises(Stopped):
        train(TINY, data, tmp_path, StopAfter(1))
    fewer = replace(data.train, rows=np.arange(16), targets=data.train.targets[:16])
    with pytest.raises(TrainingError, match="made with another cohort"):
        train(TINY, replace(data, train=fewer), tmp_path)
    with pytest.raises(TrainingError, match="made with another recipe"):
        train(replace(TINY, rate=0.5), data, tmp_path)
    assert load_checkpoint(tmp_path / "last.ckpt", {}) is not None


def test_pretrained_weights_that_cannot_be_had_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setitem(os.environ, "HF_HOME", str(tmp_path))
    with pytest.raises(TrainingError, match=r"^pretrained: expected to get the ImageNet weights"):
        new_network("resnet10t", replace(TINY, pretrained=True))
