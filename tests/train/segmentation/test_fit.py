from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

from cxr_valve.models.anatomy_network import ENCODER, AnatomyNet, load_anatomy_network
from tests.anatomy.chest import DrawnChest
from train.segmentation import fit as fitting
from train.segmentation.data import Pictures
from train.segmentation.encoder_start import PACKAGES, from_imagenet
from train.segmentation.fit import (
    Recipe,
    Share,
    draw_batch,
    extent_loss,
    fit,
    mask_loss,
    rate_at,
)
from train.segmentation.rounds import save_network

TINY = {"batch": 2, "input_size": 64}


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    masks = np.rint(DrawnChest(side=128).probabilities() * 255).astype(np.uint8)
    image = np.clip(128 + 0.4 * masks[0] - 0.4 * masks[1] - 0.4 * masks[2], 0, 255)
    return Pictures(np.stack([image.astype(np.uint8)] * 4), np.stack([masks] * 4))


def network() -> AnatomyNet:
    torch.manual_seed(0)
    return AnatomyNet()


def test_a_stopped_run_ends_where_one_that_ran_through_ends(
    pictures, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(fitting, "CHECKPOINT_STEPS", 1)
    recipe, shares = Recipe(steps=3, **TINY), [Share(pictures, 2)]
    whole = fit(recipe, shares, network(), tmp_path / "whole")

    def stop(*_: object) -> tuple[torch.Tensor, torch.Tensor]:
        raise KeyboardInterrupt

    draw = fitting.draw_batch
    monkeypatch.setattr(
        fitting, "draw_batch", lambda *given: stop() if given[2] == 2 else draw(*given)
    )
    with pytest.raises(KeyboardInterrupt):
        fit(recipe, shares, network(), tmp_path / "parts")
    monkeypatch.setattr(fitting, "draw_batch", draw)
    parts = fit(recipe, shares, network(), tmp_path / "parts")
    for name, value in whole.state_dict().items():
        assert torch.equal(value, parts.state_dict()[name]), name


def test_first_stages_and_statistics_of_the_encoder_stay(pictures, tmp_path: Path) -> None:
    before = from_imagenet(ENCODER)
    first = {name: value.clone() for name, value in before.unet.encoder.state_dict().items()}
    after = fit(Recipe(steps=2, **TINY), [Share(pictures, 2)], before, tmp_path)
    moved = {
        name
        for name, value in after.unet.encoder.state_dict().items()
        if not torch.equal(value, first[name])
    }
    assert moved
    assert not any("running" in name or "bn" in name for name in moved)
    assert not any(name.startswith(("model.conv_stem", "model.blocks.0.")) for name in moved)


@pytest.mark.parametrize(
    ("processor", "expected"), [({"avx512_bf16": True}, torch.bfloat16), ({}, torch.float32)]
)
def test_bfloat16_is_used_where_the_processor_has_it_and_not_imitated_elsewhere(
    pictures, tmp_path: Path, monkeypatch, processor, expected
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: processor)
    # Whatever machine runs this test, training is on the processor here.
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    seen, begun = [], network()
    begun.register_forward_hook(lambda _module, _given, logits: seen.append(logits.dtype))
    fit(Recipe(steps=1, **TINY), [Share(pictures, 2)], begun, tmp_path)
    assert seen == [expected]


def imagenet_stem(encoder: str) -> torch.Tensor:
    """The first filters (32, 3, 3, 3) as the package's file has them."""
    package = import_module(PACKAGES[encoder])
    file = next(Path(package.__file__).parent.glob("models/*.pth"))
    return torch.load(file, weights_only=True)["_conv_stem.weight"]


@pytest.mark.parametrize("encoder", PACKAGES)
def test_imagenet_weights_see_grey_as_they_saw_colour(encoder) -> None:
    stem = from_imagenet(encoder).unet.encoder.model.conv_stem.weight
    assert stem.shape[1] == 1
    assert torch.equal(stem, imagenet_stem(encoder).sum(dim=1, keepdim=True))


def test_an_encoder_without_its_package_is_refused_by_name(monkeypatch) -> None:
    monkeypatch.setitem(PACKAGES, ENCODER, "efficientnet_of_nobody")
    with pytest.raises(RuntimeError, match="Expected the package efficientnet-of-nobody, found no"):
        from_imagenet(ENCODER)


def test_the_loss_is_least_for_the_masks_themselves(pictures) -> None:
    masks = torch.from_numpy(pictures.masks[:2].astype(np.float32) / 255)
    sure = torch.logit(masks.clamp(0.001, 0.999))
    assert float(mask_loss(sure, masks)) < 0.05
    assert float(mask_loss(-sure, masks)) > 2
    # Undecided: ln 2 per pixel, ln 2 per column, and most of the overlap lost.
    assert float(mask_loss(torch.zeros_like(sure), masks)) == pytest.approx(2.1, abs=0.15)


def test_the_loss_of_the_extents_feels_a_border_that_is_a_column_off(pictures) -> None:
    masks = torch.zeros(1, 3, 32, 32)
    masks[:, :, 8:24, 10:20] = 1
    sure = torch.logit(masks.clamp(0.001, 0.999))
    wide, low = sure.clone(), sure.clone()
    wide[:, :, 15, 20] = 6.0
    # As many pixels too many, but none beyond the ends of the shadow.
    low[:, :, 24, 15] = 6.0
    assert float(extent_loss(sure, masks)) < 0.01
    assert float(extent_loss(low, masks)) < 0.01
    assert float(extent_loss(wide, masks)) == pytest.approx(6.0 / 32, rel=0.05)


def test_the_rate_rises_and_falls_to_nothing() -> None:
    recipe = Recipe(steps=100, rate=0.01)
    rates = [rate_at(recipe, step) for step in range(100)]
    assert rates[0] == pytest.approx(0.002)
    assert max(rates) == rates[4] == 0.01
    assert rates[-1] < 1e-5
    assert rates[5:] == sorted(rates[5:], reverse=True)


def test_batches_are_shared_out_and_repeatable(pictures) -> None:
    recipe = Recipe(steps=5, **TINY)
    shares = [Share(pictures, 1), Share(pictures, 1)]
    one, two = draw_batch(recipe, shares, 3), draw_batch(recipe, shares, 3)
    assert one[0].shape == (2, 1, 64, 64)
    assert torch.equal(one[0], two[0])
    assert not torch.equal(one[0], draw_batch(recipe, shares, 4)[0])
    with pytest.raises(ValueError, match="Expected shares of a batch that sum to 2"):
        fit(recipe, [Share(pictures, 3)], network(), Path("unused"))


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"batch": 1}, {"input_size": 100}])
def test_a_recipe_that_cannot_work_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match="at least 1 step, a batch of 2 or more and a multiple"):
        Recipe(**({"steps": 1} | wrong))


def test_a_saved_network_gives_what_it_gave(tmp_path: Path) -> None:
    original = network().half().float().eval()
    save_network(original, tmp_path / "network.safetensors")
    image = torch.rand(1, 1, 64, 64)
    with torch.inference_mode():
        found = load_anatomy_network(tmp_path / "network.safetensors")(image)
        # Both hold float16 values, so only their counters differ.
        assert torch.allclose(found, original(image), atol=1e-5)


def test_a_variance_beyond_half_precision_is_kept(tmp_path: Path) -> None:
    original = network()
    variance = original.unet.decoder.blocks[0].conv1[1].running_var
    variance[3] = 97_866.0
    save_network(original, tmp_path / "network.safetensors")
    kept = load_anatomy_network(tmp_path / "network.safetensors")
    assert torch.equal(kept.unet.decoder.blocks[0].conv1[1].running_var, variance)


def test_tensors_of_another_network_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"head.weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(
        RuntimeError, match=r"anatomy network in other\.safetensors; \d+ are missing"
    ):
        load_anatomy_network(tmp_path / "other.safetensors")
