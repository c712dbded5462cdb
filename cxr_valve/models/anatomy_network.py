"""The anatomy network: where the heart and the two lungs lie, in one pass."""

from pathlib import Path

import segmentation_models_pytorch as smp
from safetensors.torch import load_file
from torch import Tensor, nn

#: timm's name of the encoder, as segmentation-models-pytorch takes it.
ENCODER = "tf_efficientnet_lite0"
#: Channels of the decoder from coarse to fine; small, since fine levels cost most.
DECODER = (96, 64, 48, 32, 12)
#: The encoder's ImageNet weights were trained on inputs scaled so.
INPUT_CENTRE, INPUT_SCALE = 0.498, 0.502


class AnatomyNet(nn.Module):
    """A U-Net on EfficientNet-lite0 with one input channel and three outputs.

    The outputs are overlapping masks, not classes: a lung's border behind the heart is seen through
    it. They lie in the order of ``cxr_valve.anatomy.masks.STRUCTURES``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.unet = smp.Unet(
            f"tu-{ENCODER}",
            encoder_weights=None,
            in_channels=1,
            classes=3,
            decoder_channels=DECODER,
        )

    def forward(self, image: Tensor) -> Tensor:
        """(N, 1, S, S) in [0, 1] → logits (N, 3, S, S)."""
        logits: Tensor = self.unet((image - INPUT_CENTRE) / INPUT_SCALE)
        return logits


def load_anatomy_network(weights: Path) -> AnatomyNet:
    """Build the network and fill it from a .safetensors file (any float type; used as float32).

    Raises:
        RuntimeError: the file's tensors are not those of this network.
    """
    network = AnatomyNet()
    tensors = {name: value.float() for name, value in load_file(weights).items()}
    counters = {name for name in network.state_dict() if name.endswith("num_batches_tracked")}
    found = network.load_state_dict(tensors, strict=False)
    missing = set(found.missing_keys) - counters
    if missing or found.unexpected_keys:
        raise RuntimeError(
            f"Expected the tensors of the anatomy network in {weights.name}; {len(missing)} are "
            f"missing and {len(found.unexpected_keys)} are unknown."
        )
    return network.eval()
