"""Toy networks as engines open them, and a cache that is the tests' own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cxr_valve.engines.engine import CACHE_VARIABLE, NetworkSource

SIDE = 96
MakeSource = Callable[..., NetworkSource]


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engines")


@pytest.fixture(autouse=True)
def cache(shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder converted networks go to: never the user's."""
    monkeypatch.setenv(CACHE_VARIABLE, str(shared_cache))
    return shared_cache


def build(network: str) -> Any:
    """Random weights with logits that differ between images."""
    import torch

    from cxr_valve.models.networks import ValveNet

    torch.manual_seed(5)
    model = ValveNet(network).train()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
    with torch.no_grad():
        model(torch.rand(4, 1, SIDE, SIDE))
        # Maps about as large as a trained network's.
        _, maps = model.eval()(torch.rand(4, 1, SIDE, SIDE))
        model.classifier.weight.mul_(10 / maps.abs().max())
    return model.eval()


@pytest.fixture(scope="session")
def make_source() -> MakeSource:
    def make(network: str = "test_resnet", checksum: str = "a" * 64) -> NetworkSource:
        return NetworkSource(network, checksum, SIDE, lambda: build(network))

    return make


@pytest.fixture(scope="session")
def images() -> NDArray[np.float32]:
    return np.random.default_rng(8).random((5, 1, SIDE, SIDE), np.float32)
