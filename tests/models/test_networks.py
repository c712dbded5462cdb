"""Each network gives its logit and its map in one pass, and only its own weights."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from cxr_valve.findings import FINDINGS
from cxr_valve.models.networks import INPUT_CENTRE, INPUT_SCALE, ValveNet, load_network

NETWORKS = sorted({name for finding in FINDINGS.values() for name in finding.networks})


def settled(network: str, size: int) -> ValveNet:
    """Random weights whose normalisation has seen images, as any trained network's has."""
    torch.manual_seed(1)
    model = ValveNet(network).train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    with torch.no_grad():
        model(torch.rand(3, 1, size, size))
        model.classifier.weight.mul_(10)
        model.classifier.bias.fill_(0.7)
    return model.eval()


@pytest.mark.parametrize("network", NETWORKS)
def test_the_mean_of_the_map_plus_the_bias_is_the_networks_own_logit(network: str) -> None:
    size = 107 if network == "inception_v3" else 96
    model = settled(network, size)
    images = torch.rand(2, 1, size, size)
    with torch.inference_mode():
        logits, maps = model(images)
        # The backbone's own head: global pooling, then the linear layer.
        own = model.backbone((images - INPUT_CENTRE) / INPUT_SCALE)[:, 0]
    assert maps.shape[0] == 2
    assert maps.shape[1] == maps.shape[2] >= 2
    assert logits.shape == (2,)
    assert logits[0] != logits[1]
    torch.testing.assert_close(logits, own, atol=1e-3, rtol=0)
    torch.testing.assert_close(
        maps.mean(dim=(1, 2)) + model.classifier.bias, own, atol=1e-3, rtol=0
    )


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("weights") / "network.safetensors"
    tensors = settled("test_resnet", 96).state_dict()
    save_file({k: v.half() for k, v in tensors.items() if "num_batches" not in k}, file)
    return file


def test_a_network_is_filled_from_its_file_in_float32_and_ready_to_run(weights: Path) -> None:
    model = load_network("test_resnet", weights)
    assert not model.training
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    kept = load_file(weights)["backbone.fc.weight"].float()
    torch.testing.assert_close(model.classifier.weight.detach(), kept)


def changed(weights: Path, folder: Path, **tensors: torch.Tensor | None) -> Path:
    """The file with tensors added or (None) left out."""
    whole = load_file(weights) | {name.replace("__", "."): t for name, t in tensors.items()}
    file = folder / "changed.safetensors"
    save_file({name: t for name, t in whole.items() if t is not None}, file)
    return file


def test_a_file_without_some_tensors_is_refused(weights: Path, tmp_path: Path) -> None:
    file = changed(weights, tmp_path, backbone__fc__weight=None, backbone__fc__bias=None)
    with pytest.raises(RuntimeError, match=r"in changed\.safetensors; 2 are missing, 0 "):
        load_network("test_resnet", file)


def test_a_file_with_unknown_tensors_is_refused(weights: Path, tmp_path: Path) -> None:
    file = changed(weights, tmp_path, stranger=torch.zeros(1))
    with pytest.raises(RuntimeError, match=r"0 are missing, 1 are unknown and 0 have"):
        load_network("test_resnet", file)


def test_another_networks_file_is_refused(weights: Path) -> None:
    with pytest.raises(RuntimeError, match=r"of test_efficientnet in .* [1-9]\d* have anoth"):
        load_network("test_efficientnet", weights)
