"""Weights in 8 bits: near the original, and the network still reads them."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, strategies as st

from cxr_valve.models.networks import ValveNet, load_network
from cxr_valve.models.packing import LEAST, pack, unpack
from train.fit.weights import save_network


@given(st.integers(0, 2**31), st.floats(1e-4, 1e3))
def test_no_weight_moves_by_more_than_half_a_step_of_its_channel(seed: int, size: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(8, LEAST // 8, 1, 1, generator=generator) * size
    step = weights.flatten(1).abs().amax(dim=1) / 127
    moved = (unpack(pack({"w": weights}))["w"] - weights).abs().flatten(1).amax(dim=1)
    assert torch.all(moved <= 0.5001 * step)


def test_small_tensors_and_vectors_stay_as_they_are() -> None:
    kept = {"bias": torch.randn(LEAST), "small": torch.randn(2, LEAST // 2 - 1)}
    packed = pack(kept)
    assert packed.keys() == kept.keys()
    assert all(torch.equal(packed[name], value) for name, value in kept.items())


def test_a_channel_of_zeros_stays_zero() -> None:
    weights = torch.zeros(2, LEAST)
    weights[1] = 1.0
    assert torch.equal(unpack(pack({"w": weights}))["w"], weights)


def test_a_packed_network_is_a_quarter_of_its_size_and_gives_nearly_the_same(
    tmp_path: Path,
) -> None:
    torch.manual_seed(0)
    network = ValveNet("resnet10t").eval()
    save_network(network, tmp_path / "half.safetensors")
    save_network(network, tmp_path / "packed.safetensors", packed=True)
    sizes = [(tmp_path / f"{name}.safetensors").stat().st_size for name in ("half", "packed")]
    assert sizes[1] / sizes[0] == pytest.approx(0.5, abs=0.02)
    image = torch.rand(1, 1, 96, 96)
    with torch.inference_mode():
        maps = [
            load_network("resnet10t", tmp_path / f"{name}.safetensors")(image)[1]
            for name in ("half", "packed")
        ]
    assert torch.linalg.norm(maps[1] - maps[0]) < 0.02 * torch.linalg.norm(maps[0])
