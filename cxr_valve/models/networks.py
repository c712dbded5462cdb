"""The study's three networks, each giving its logit and its class activation map in one pass."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import timm
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from cxr_valve.models.packing import unpack

#: Inputs arrive in [0, 1]; the network itself centres them, so that nobody can forget to.
INPUT_CENTRE, INPUT_SCALE = 0.5, 0.25


class ValveNet(nn.Module):
    """A timm backbone with one input channel, one logit and its map.

    All three backbones end in global average pooling and one linear layer, so applying the
    layer's weights to the feature map as a 1×1 convolution gives the class activation map of
    Zhou et al. (CVPR 2016) exactly: mean(map) + bias = logit.
    """

    def __init__(self, network: str, *, pretrained: bool = False) -> None:
        super().__init__()
        self.network = network
        self.backbone: Any = timm.create_model(
            network, pretrained=pretrained, in_chans=1, num_classes=1
        )

    @property
    def classifier(self) -> nn.Linear:
        """The last linear layer: features → logit."""
        return cast(nn.Linear, self.backbone.get_classifier())

    def features(self, image: Tensor) -> Tensor:
        """(N, 1, H, W) in [0, 1] → (N, C, h, w)."""
        centred = (image - INPUT_CENTRE) / INPUT_SCALE
        return cast(Tensor, self.backbone.forward_features(centred))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 1, H, W) in [0, 1] → logits (N,) and maps (N, h, w)."""
        weight = self.classifier.weight[:, :, None, None]
        activation = functional.conv2d(self.features(image), weight)[:, 0]
        return activation.mean(dim=(1, 2)) + self.classifier.bias, activation


class ManyHeads(nn.Module):
    """Networks that differ in their classifiers alone: features are computed once for all.

    Gives logits and maps of the first network, then of the second, and so on.
    """

    def __init__(self, networks: Sequence[ValveNet]) -> None:
        super().__init__()
        self.trunk, self.count = networks[0], len(networks)
        heads = [network.classifier for network in networks]
        self.register_buffer("weights", torch.cat([head.weight.detach() for head in heads]))
        self.register_buffer("biases", torch.cat([head.bias.detach() for head in heads]))

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """(N, 1, H, W) in [0, 1] → logits (N,) and maps (N, h, w) of each network."""
        weights, biases = cast(Tensor, self.weights), cast(Tensor, self.biases)
        maps = functional.conv2d(self.trunk.features(image), weights[:, :, None, None])
        logits = maps.mean(dim=(2, 3)) + biases
        return tuple(
            part for number in range(self.count) for part in (logits[:, number], maps[:, number])
        )


def classifier_name(network: str) -> str:
    """How timm calls the last layer of ``network`` ("fc", "classifier" …)."""
    return str(timm.get_pretrained_cfg_value(network, "classifier"))


def load_network(network: str, weights: Path) -> ValveNet:
    """Build ``network`` and fill it from a .safetensors file (any float type, or 8 bits a weight as
    ``cxr_valve.models.packing`` keeps them; used as float32).

    Raises:
        RuntimeError: the file's tensors are not those of ``network``.
    """
    model = ValveNet(network)
    tensors = unpack(load_file(weights))
    own = {name: value.shape for name, value in model.state_dict().items()}
    missing = {name for name in own if not name.endswith("num_batches_tracked")} - tensors.keys()
    unknown = tensors.keys() - own.keys()
    reshaped = [name for name in own.keys() & tensors.keys() if own[name] != tensors[name].shape]
    if missing or unknown or reshaped:
        raise RuntimeError(
            f"Expected the tensors of {network} in {weights.name}; {len(missing)} are missing, "
            f"{len(unknown)} are unknown and {len(reshaped)} have another shape."
        )
    model.load_state_dict(tensors, strict=False)
    return model.eval()


@lru_cache
def check_network(network: str, size: int) -> None:
    """Refuse a network whose map would not add up to its logit.

    Raises:
        ValueError: timm knows no such network, it does not take (1, size, size), or it does not end
            in global average pooling and one linear layer.
    """
    expected = (
        f"Expected a timm network for {size} px that ends in global average pooling and one "
        f"linear layer (such as resnet50 or densenet121); found {network!r}"
    )
    try:
        model = ValveNet(network).eval()
        image = torch.rand(2, 1, size, size, generator=torch.Generator().manual_seed(0))
        with torch.inference_mode():
            own = model.backbone((image - INPUT_CENTRE) / INPUT_SCALE)[:, 0]
            logit, activation = model(image)
            mean = activation.mean(dim=(1, 2)) + model.classifier.bias
    except Exception as error:
        # timm fails in as many ways as it has networks.
        raise ValueError(f"{expected}, which does not ({type(error).__name__}).") from error
    exact = torch.allclose(own, logit, rtol=1e-3, atol=1e-3) and logit.shape == mean.shape
    if not exact or activation.shape[-1] < 2 or logit.std() == 0:
        raise ValueError(f"{expected}, whose map does not add up to its logit.")
