"""The gate's network: an EfficientNet-Lite0 that says what an image is and how a chest lies."""

from pathlib import Path
from typing import Any, cast

import timm
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

#: timm's name.
BACKBONE = "tf_efficientnet_lite0"
#: Grey in [0, 1] → the scale on which the ImageNet weights were trained.
INPUT_CENTRE, INPUT_SCALE = 127 / 255, 128 / 255
STAGES = 7
#: Stages whose mean activations describe an image: early ones its texture, late ones its content.
TEXTURE = (2, 3)
HALVED = 4
#: The fifth stage, halved, and the last one: channels of the grid the head looks at, and its side
#: for an input of 224 pixels.
CHANNELS, GRID = 112 + 320, 7
#: Width of the head: channels it mixes the grid into, and units between the grid and the answers.
MIXED, HIDDEN = 64, 256


class GateHead(nn.Module):
    """Grid (N, CHANNELS, GRID, GRID) → one logit for each answer.

    Every cell keeps its place: which way a chest lies and on which side its heart is are questions
    of place, which a mean over the grid would blur.
    """

    def __init__(self, answers: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(CHANNELS)
        self.mix = nn.Conv2d(CHANNELS, MIXED, 1)
        self.mixed = nn.BatchNorm2d(MIXED)
        self.hidden = nn.Linear(MIXED * GRID * GRID, HIDDEN)
        self.out = nn.Linear(HIDDEN, answers)
        self.drop = nn.Dropout(dropout)

    def forward(self, grid: Tensor) -> Tensor:
        """Logits (N, answers)."""
        x = torch.relu(self.mixed(self.mix(self.norm(grid))))
        x = torch.relu(self.hidden(self.drop(x.flatten(1))))
        return cast(Tensor, self.out(self.drop(x)))


class GateNet(nn.Module):
    """Image → one logit for each of ``answers``, and the description novelty is measured on.

    The backbone is ImageNet's as it is: with a few hundred radiographs and few other images, a head
    on general features knows more of images it never saw than a tuned network would. ImageNet
    filters see colour; a grey image shows them the same in all three channels, so their sum over
    channels is the filter for grey.
    """

    def __init__(self, answers: int) -> None:
        super().__init__()
        self.backbone: Any = timm.create_model(BACKBONE, in_chans=1, num_classes=0)
        # What follows the last stage serves ImageNet's classes alone.
        del self.backbone.conv_head, self.backbone.bn2
        self.head = GateHead(answers)

    def features(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 1, S, S) in [0, 1] → the head's grid, and the description (N, D)."""
        x = self.backbone.bn1(self.backbone.conv_stem((image - INPUT_CENTRE) / INPUT_SCALE))
        means, halved = [], x
        for number in range(STAGES):
            x = self.backbone.blocks[number](x)
            if number in TEXTURE:
                means.append(x.mean(dim=(2, 3)))
            elif number == HALVED:
                halved = functional.avg_pool2d(x, 2)
        grid = torch.cat([halved, x], dim=1)
        return grid, torch.cat([*means, grid.mean(dim=(2, 3))], dim=1)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 1, S, S) in [0, 1] → logits (N, answers) and descriptions (N, D)."""
        grid, description = self.features(image)
        return self.head(grid), description


def load_gate_network(weights: Path) -> GateNet:
    """The network filled from a .safetensors file (any float type; used as float32).

    Raises:
        RuntimeError: the file's tensors are not those of the gate.
    """
    tensors = {name: value.float() for name, value in load_file(weights).items()}
    if "head.out.bias" not in tensors:
        raise RuntimeError(f"Expected the tensors of the gate in {weights.name}, found others.")
    network = GateNet(len(tensors["head.out.bias"]))
    missing, unknown = network.load_state_dict(tensors, strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unknown:
        raise RuntimeError(
            f"Expected the tensors of the gate in {weights.name}; {len(missing)} are missing and "
            f"{len(unknown)} are unknown."
        )
    return network.eval()
