"""However often it is interrupted, training ends with the same weights."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cxr_valve.models.networks import ValveNet, load_network
from tests.train.fit.tiny_training import TINY, StopAfter, train
from train.fit import loop as module
from train.fit.examples import TrainingData
from train.fit.learner import Learner
from train.fit.loop import Loop, new_network
from train.fit.member import fit_member
from train.fit.outcomes import Stopped, TrainingError
from train.fit.team import choose, single
from train.fit.watcher import Epoch
from train.fit.weights import in_own_unit


def assert_equal(first: ValveNet, second: ValveNet, atol: float = 1e-6) -> None:
    for (name, value), other in zip(
        first.state_dict().items(), second.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(value, other, atol=atol, rtol=0, msg=name)


@pytest.fixture(scope="module")
def whole(
    data: TrainingData, tmp_path_factory: pytest.TempPathFactory
) -> tuple[ValveNet, list[Epoch]]:
    """A training that ran from beginning to end, and its epochs."""
    watcher = StopAfter()
    return train(TINY, data, tmp_path_factory.mktemp("whole"), watcher), watcher.epochs


def test_training_changes_the_network_and_leaves_it_ready(whole: tuple[ValveNet, list]) -> None:
    network, epochs = whole
    assert not torch.allclose(
        network.classifier.weight, new_network("test_resnet", TINY).classifier.weight
    )
    assert not network.training
    logits, maps = network(torch.rand(2, 1, 80, 80))
    torch.testing.assert_close(maps.mean(dim=(1, 2)) + network.classifier.bias, logits)
    assert [(epoch.epoch, epoch.step) for epoch in epochs] == [(1, 3), (2, 6), (3, 9)]
    assert all(0 < epoch.train_loss < 2 and 0 < epoch.validated.loss < 2 for epoch in epochs)


@pytest.mark.parametrize("batches", [1, 3, 5])
def test_a_stop_at_any_batch_changes_neither_weights_nor_curves(
    whole: tuple[ValveNet, list[Epoch]], data: TrainingData, tmp_path: Path, batches: int
) -> None:
    first, second = StopAfter(batches), StopAfter()
    with pytest.raises(Stopped):
        train(TINY, data, tmp_path, first)
    # Whatever others draw in between.
    torch.rand(17), np.random.default_rng().random()
    assert_equal(whole[0], train(TINY, data, tmp_path, second))
    found = [replace(epoch, seconds=0.0) for epoch in first.epochs + second.epochs]
    assert found == [replace(epoch, seconds=0.0) for epoch in whole[1]]


def test_a_crash_goes_on_from_the_last_checkpoint(
    whole: tuple[ValveNet, list[Epoch]],
    data: TrainingData,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step, taken = Loop._step, []

    def failing(self: Loop, batch: object) -> torch.Tensor:
        taken.append(batch)
        if len(taken) == 5:
            raise RuntimeError("the power went out")
        return step(self, batch)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(Loop, "_step", failing)
        with pytest.raises(RuntimeError, match="the power went out"):
            train(TINY, data, tmp_path)
    assert_equal(whole[0], train(TINY, data, tmp_path))


def test_a_long_epoch_is_kept_now_and_then(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[tuple[int, int]] = []

    def note(self: Loop) -> None:
        kept.append((self.position.epoch, self.position.step))

    monkeypatch.setattr(module, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(Loop, "save", note)
    train(replace(TINY, epochs=1, early_stopping=0), data, tmp_path)
    assert kept == [(0, 0), (0, 1), (0, 2), (1, 0)]


def test_a_loss_that_is_no_number_stops_before_it_is_kept(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss = Learner.target_loss

    def broken(self: Learner, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        found = loss(self, outputs, targets)
        return found * float("nan") if self.training and next(count) == 4 else found

    count = iter(range(100))
    monkeypatch.setattr(Learner, "target_loss", broken)
    message = r"Expected a finite loss; found none in epoch 2, batch 1, of test_resnet\. Lower the"
    with pytest.raises(TrainingError, match=message):
        train(TINY, data, tmp_path)
    found = torch.load(tmp_path / "last.ckpt", weights_only=True)
    assert found["position"]["epoch"] == 1
    assert all(torch.isfinite(value).all() for value in found["state"]["learner"].values())


def test_early_stopping_keeps_the_best_epoch(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aucs = iter([0.6, 0.7, 0.65, 0.7, 0.9])
    validate = module.validate
    monkeypatch.setattr(
        module, "validate", lambda *found: replace(validate(*found), auc=next(aucs))
    )
    watcher, states = StopAfter(), []
    monkeypatch.setattr(
        watcher, "epoch", lambda epoch: states.append(loop.network.classifier.bias.clone())
    )
    recipe = replace(TINY, epochs=5, early_stopping=2)
    network = new_network("test_resnet", recipe)
    loop = Loop(network, recipe, data, tmp_path, single("32"), watcher)
    kept = loop.run()
    # The best is the second; the fourth only equals it, so patience runs out there.
    assert len(states) == 4
    torch.testing.assert_close(kept.classifier.bias, states[1])
    assert not torch.equal(states[1], states[3])


def test_frozen_batch_normalisation_stays_as_it_was(data: TrainingData, tmp_path: Path) -> None:
    recipe = replace(TINY, epochs=1, early_stopping=0, ema=0.0, freeze_batch_norm=True)
    before = new_network("test_resnet", recipe).state_dict()
    after = train(recipe, data, tmp_path).state_dict()
    same = {name for name in before if torch.equal(before[name], after[name])}
    assert "backbone.bn1.running_mean" in same
    assert {name for name in before if ".bn" in name} <= same
    assert "backbone.layer1.0.conv1.weight" not in same


def test_balance_by_weight_counts_positives_for_more(data: TrainingData) -> None:
    rare = replace(data.train, targets=(np.arange(24) < 6).astype(np.float32))
    network = new_network("test_resnet", TINY)
    learner = Learner(network, replace(TINY, balance="weight"), replace(data, train=rare))
    zero = torch.zeros(1)
    ratio = learner.target_loss(zero, torch.ones(1)) / learner.target_loss(zero, torch.zeros(1))
    assert ratio.item() == pytest.approx(3.0)


def test_a_value_is_learnt_standardised_and_kept_in_its_own_unit(
    data: TrainingData, tmp_path: Path
) -> None:
    values = np.linspace(20, 70, 24, dtype=np.float32)
    lvef = TrainingData(
        replace(data.train, targets=values), replace(data.validation, targets=values), True
    )
    watcher = StopAfter()
    recipe = replace(TINY, epochs=2, early_stopping=1, precision="32")
    team = single("32")
    fit_member("test_resnet", recipe, lvef, tmp_path, team, watcher=watcher)
    assert watcher.epochs[-1].validated.auc is None
    network = load_network("test_resnet", tmp_path / "network.safetensors")
    images = torch.from_numpy(data.train.images[:, None].astype(np.float32) / 255)
    with torch.inference_mode():
        outputs, maps = network(images)
    best = min(float(epoch.validated.mae or 0) for epoch in watcher.epochs)
    assert np.abs(outputs.numpy() - values).mean() == pytest.approx(best, abs=0.2)
    assert best < 20
    torch.testing.assert_close(maps.mean(dim=(1, 2)) + network.classifier.bias, outputs)


def test_a_scaled_copy_gives_centre_and_spread_times_the_output() -> None:
    network = new_network("test_resnet", TINY).eval()
    images = torch.rand(2, 1, 80, 80)
    with torch.inference_mode():
        expected = 58 + 9 * network(images)[0]
        torch.testing.assert_close(in_own_unit(network, 58.0, 9.0)(images)[0], expected)


def test_bf16_is_refused_where_the_processor_only_imitates_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert choose("32", "cpu") == "32-true"
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert choose("auto", "cpu") == choose("bf16", "cpu") == "bf16-mixed"
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    assert choose("auto", "cpu") == "32-true"
    with pytest.raises(TrainingError, match=r"^precision: expected a device that computes in bf"):
        choose("bf16", "cpu")
