"""Training is a function of recipe and examples: interrupted or not, it ends the same."""

from pathlib import Path

import numpy as np
import pytest
import torch

from cxr_valve.models.networks import ValveNet
from train import fit as fitting
from train.fit import Augmented, EpochSampler, Examples, Pose, Recipe, fit, vary_tone

TINY = Recipe("test_resnet", input_size=80, epochs=2, batch=8)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, r"at least 1 epoch and a batch of 2 or more"),
        ({"batch": 1}, r"at least 1 epoch and a batch of 2 or more"),
        ({"input_size": 74}, r"an input of 75 px or more; found 74\."),
    ],
)
def test_a_recipe_that_cannot_be_followed_is_refused(change: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Recipe(**({"network": "resnet18", "input_size": 80, "epochs": 1} | change))


def same(first: tuple[torch.Tensor, ...], second: tuple[torch.Tensor, ...]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_what_is_varied_depends_on_seed_epoch_and_index_only(examples: Examples) -> None:
    first, second = Augmented(examples, seed=3), Augmented(examples, seed=3)
    kept = first[5]
    # Whatever was drawn before, by whomever.
    second[1], second[7], torch.rand(3), np.random.default_rng().random()
    assert same(kept, second[5])
    assert not same(kept[:1], Augmented(examples, seed=4)[5][:1])
    second.epoch = 1
    assert not same(kept[:1], second[5][:1])
    second.epoch = 0
    assert same(kept, second[5])


def test_an_example_keeps_its_label_and_measurements(examples: Examples) -> None:
    image, label, measurements, anatomy = Augmented(examples, seed=3)[5]
    assert label == 1
    np.testing.assert_array_equal(measurements, examples.measurements[5])
    assert image.shape == (1, 80, 80)
    assert 0 <= image.min() < image.max() <= 1
    assert anatomy.shape == examples.anatomy.shape[1:]


def test_image_and_anatomy_move_together() -> None:
    image, anatomy = torch.zeros(1, 80, 80), torch.zeros(2, 20, 20)
    image[0, 40:44, 20:24] = 1
    anatomy[:, 10, 5] = 1
    pose = Pose(angle=4.0, shift=(0.05, -0.05), scale=1.0)
    moved_image, moved_anatomy = pose.apply(image), pose.apply(anatomy)

    def centre(grid: torch.Tensor) -> np.ndarray:
        rows, columns = np.mgrid[0 : grid.shape[0], 0 : grid.shape[1]] + 0.5
        weight = grid.numpy()
        return (
            np.array([(weight * rows).sum(), (weight * columns).sum()]) / weight.sum() / len(weight)
        )

    np.testing.assert_allclose(centre(moved_image[0]), centre(moved_anatomy[0]), atol=0.01)
    assert np.abs(centre(moved_image[0]) - centre(image[0])).max() > 0.03


def test_a_pose_is_small_and_never_a_mirror() -> None:
    drawn = [Pose.draw(np.random.default_rng(seed)) for seed in range(200)]
    assert max(abs(pose.angle) for pose in drawn) <= 4
    assert max(abs(shift) for pose in drawn for shift in pose.shift) <= 0.03
    assert {0.95 <= pose.scale <= 1.05 for pose in drawn} == {True}


def test_tone_stays_between_black_and_white() -> None:
    image = torch.linspace(0, 1, 100).reshape(1, 10, 10)
    for seed in range(20):
        varied = vary_tone(image, np.random.default_rng(seed))
        assert 0 <= varied.min() <= varied.max() <= 1
        assert varied[0, -1].mean() > varied[0, 0].mean() + 0.5


def test_the_order_differs_by_epoch_and_repeats_by_seed(examples: Examples) -> None:
    def orders(seed: int) -> list[list[int]]:
        sampler = EpochSampler(Augmented(examples, seed), seed)
        drawn = []
        for epoch in range(3):
            sampler.set_epoch(epoch)
            drawn.append(list(sampler))
        return drawn

    first = orders(7)
    assert all(sorted(order) == list(range(24)) for order in first)
    assert first[0] != first[1] != first[2]
    assert orders(7) == first
    assert orders(8)[0] != first[0]


def test_the_sampler_tells_the_data_which_epoch_it_is(examples: Examples) -> None:
    data = Augmented(examples, 1)
    EpochSampler(data, 1).set_epoch(4)
    assert data.epoch == 4


@pytest.fixture(scope="module")
def whole(examples: Examples, tmp_path_factory: pytest.TempPathFactory) -> tuple[ValveNet, Path]:
    """A fit that ran from beginning to end, and its folder."""
    folder = tmp_path_factory.mktemp("whole")
    return fit(TINY, examples, folder), folder


def assert_equal(first: ValveNet, second: ValveNet) -> None:
    for (name, value), other in zip(
        first.state_dict().items(), second.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(value, other, atol=1e-6, rtol=0, msg=name)


def test_a_fit_leaves_a_checkpoint_and_a_network_ready_to_run(whole) -> None:
    network, folder = whole
    assert (folder / "last.ckpt").is_file()
    assert not network.training
    logits, maps = network(torch.rand(2, 1, 80, 80))
    assert torch.isfinite(logits).all()
    torch.testing.assert_close(maps.mean(dim=(1, 2)) + network.classifier.bias, logits)


def test_a_fit_changes_the_network_and_repeats_by_seed(whole, examples, tmp_path: Path) -> None:
    torch.manual_seed(TINY.seed)
    untrained = ValveNet(TINY.network).classifier.weight
    assert not torch.allclose(whole[0].classifier.weight, untrained)
    assert_equal(whole[0], fit(TINY, examples, tmp_path))


def test_an_interrupted_fit_continues_to_the_same_network(
    whole, examples: Examples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Augmented.__getitem__

    def fail_in_second_epoch(self: Augmented, index: int) -> fitting.Batch:
        if self.epoch == 1:
            raise RuntimeError("the power went out")
        return read(self, index)

    with monkeypatch.context() as broken:
        broken.setattr(Augmented, "__getitem__", fail_in_second_epoch)
        with pytest.raises(RuntimeError, match="the power went out"):
            fit(TINY, examples, tmp_path)
    torch.rand(17)
    assert_equal(whole[0], fit(TINY, examples, tmp_path))


def test_a_fit_may_begin_with_another_networks_features(examples: Examples, tmp_path: Path) -> None:
    torch.manual_seed(40)
    start = ValveNet(TINY.network)
    begun = start.state_dict()["backbone.conv1.0.weight"].clone()
    still = Recipe("test_resnet", input_size=80, epochs=1, batch=8, rate=1e-12, weight_decay=0)
    found = fit(still, examples, tmp_path, start)
    torch.testing.assert_close(found.state_dict()["backbone.conv1.0.weight"], begun)
    assert not torch.allclose(found.classifier.weight, start.classifier.weight)
