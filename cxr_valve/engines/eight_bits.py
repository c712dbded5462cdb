"""Convolutions in 8 bits, for the fast engine: what goes into one is rounded to 256 even steps.

Between which ends the steps lie is measured on training images. Filters are rounded evenly about
zero, a scale for each output channel (Jacob et al., CVPR 2018), which is how shipped weights are
kept anyway: of those no bit is lost. Everything but convolutions, the classifier among it, stays in
floats.
"""

from collections.abc import Iterable
from typing import Any, cast

import torch
from torch import Tensor, nn

from cxr_valve.engines.engine import Images, Ranges

_STEPS, _LEVELS = 255, 127


class EightBits(nn.Module):
    """A convolution whose input and filters are rounded to 8 bits; floats all the same, so that
    torch can run it, and an engine sees from it what it may compute with integers.

    ``low`` and ``high``: the least and the greatest value of its input. The range is widened to
    hold zero, which padding needs to be exact.
    """

    def __init__(self, convolution: nn.Conv2d, low: float, high: float) -> None:
        super().__init__()
        self.convolution = convolution
        low, high = min(low, 0.0), max(high, 0.0)
        self.scale = (high - low) / _STEPS
        self.zero = round(-low / self.scale)
        filters = convolution.weight.detach().abs().flatten(1).amax(dim=1)
        # A filter of zeros has no scale of its own; any will do.
        self.register_buffer("scales", (filters / _LEVELS).clamp(min=torch.finfo().tiny))
        self.register_buffer("zeros", torch.zeros(len(filters), dtype=torch.int32))

    def forward(self, image: Tensor) -> Tensor:
        """(N, C, H, W) → what the convolution makes of it rounded."""
        kept: Any = self.convolution
        scales, zeros = cast(Tensor, self.scales), cast(Tensor, self.zeros)
        image = torch.fake_quantize_per_tensor_affine(image, self.scale, self.zero, 0, _STEPS)
        filters = torch.fake_quantize_per_channel_affine(
            kept.weight, scales, zeros, 0, -_LEVELS, _LEVELS
        )
        result: Tensor = kept._conv_forward(image, filters, kept.bias)
        return result


def measure_ranges(network: nn.Module, images: Iterable[Images]) -> dict[str, tuple[float, float]]:
    """Run ``network`` on images (N, 1, S, S) in [0, 1] and keep, for each convolution that 8 bits
    can do, the least and the greatest value that went into it.

    Convolutions of one channel at a time gain nothing, and neither do those whose input never
    changes; they are left out.
    """
    found: dict[str, tuple[float, float]] = {}

    def watch(name: str) -> Any:
        def keep(_: nn.Module, given: tuple[Tensor, ...]) -> None:
            least, greatest = (float(end) for end in torch.aminmax(given[0]))
            before = found.get(name, (least, greatest))
            found[name] = min(least, before[0]), max(greatest, before[1])

        return keep

    hooks = [
        module.register_forward_pre_hook(watch(name))
        for name, module in network.named_modules()
        # Subclasses pad in ways of their own.
        if type(module) is nn.Conv2d and module.weight.shape[1] > 1
    ]
    try:
        with torch.inference_mode():
            for image in images:
                network(torch.from_numpy(image))
    finally:
        for hook in hooks:
            hook.remove()
    return {name: (low, high) for name, (low, high) in found.items() if high > low}


def in_eight_bits(network: nn.Module, ranges: Ranges) -> nn.Module:
    """The same network with the convolutions named in ``ranges`` in 8 bits; changed in place.

    Raises:
        ValueError: the network has no convolution of that name.
    """
    for name, (low, high) in ranges.items():
        try:
            module = network.get_submodule(name)
        except AttributeError:
            module = None
        if not isinstance(module, nn.Conv2d):
            raise ValueError(
                f"Expected a convolution called {name}, found none. Its ranges were measured on "
                "another network; measure them anew."
            )
        network.set_submodule(name, EightBits(module, low, high))
    return network
