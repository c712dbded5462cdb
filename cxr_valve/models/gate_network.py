"""The gate's network: an EfficientNet-Lite0 that says what an image is and how a chest lies."""

from pathlib import Path
from typing import Any

import timm
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

#: Grey in [0, 1] → the scale on which the ImageNet weights were trained.
INPUT_CENTRE, INPUT_SCALE = 127 / 255, 128 / 255
#: Stages whose pooled activations describe an image: early ones its texture, the last its content.
DESCRIBED = (2, 3, 6)
#: Stages from this one on are tuned; what the earlier ones give is ImageNet's.
TUNED_FROM = 5
STAGES, FEATURES = 7, 1280


class GateNet(nn.Module):
    """Image → one logit for each of ``answers``, and the description novelty is measured on.

    ImageNet filters see colour; a grey image shows them the same in all three channels, so their
    sum over channels is the filter for grey.
    """

    def __init__(self, answers: int) -> None:
        super().__init__()
        self.backbone: Any = timm.create_model("tf_efficientnet_lite0", in_chans=1, num_classes=0)
        self.head = nn.Linear(FEATURES, answers)

    def early(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The stages that are not tuned: (N, 1, S, S) in [0, 1] → activations, pooled ones."""
        x = self.backbone.bn1(self.backbone.conv_stem((image - INPUT_CENTRE) / INPUT_SCALE))
        pooled = []
        for number in range(TUNED_FROM):
            x = self.backbone.blocks[number](x)
            if number in DESCRIBED:
                pooled.append(x.mean(dim=(2, 3)))
        return x, pooled

    def late(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The tuned stages: activations of the stage before → features, pooled last stage."""
        for number in range(TUNED_FROM, STAGES):
            x = self.backbone.blocks[number](x)
        last = x.mean(dim=(2, 3))
        x = self.backbone.bn2(self.backbone.conv_head(x))
        return x.mean(dim=(2, 3)), last

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 1, S, S) in [0, 1] → logits (N, answers) and descriptions (N, D)."""
        x, pooled = self.early(image)
        features, last = self.late(x)
        return self.head(features), torch.cat([*pooled, last], dim=1)


def load_gate_network(weights: Path) -> GateNet:
    """The network filled from a .safetensors file (any float type; used as float32).

    Raises:
        RuntimeError: the file's tensors are not those of the gate.
    """
    tensors = {name: value.float() for name, value in load_file(weights).items()}
    if "head.bias" not in tensors:
        raise RuntimeError(f"Expected the tensors of the gate in {weights.name}, found others.")
    network = GateNet(len(tensors["head.bias"]))
    missing, unknown = network.load_state_dict(tensors, strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unknown:
        raise RuntimeError(
            f"Expected the tensors of the gate in {weights.name}; {len(missing)} are missing and "
            f"{len(unknown)} are unknown."
        )
    return network.eval()
