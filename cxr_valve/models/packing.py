"""Weights in 8 bits, a scale for each output channel: a quarter of float32 on disk.

They are unpacked when a network is opened, so that every engine computes with floats as ever.
Symmetric, per channel, as in Jacob et al., CVPR 2018.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

#: A packed tensor's scales stand beside it under its own name and this.
SCALE = ".scale"
#: Smaller tensors stay as they are: they are few bytes, and every bit of them counts.
LEAST = 4096
_LEVELS = 127


def pack(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Keep tensors of two and more axes and ``LEAST`` values as int8 (same shape) with a float32
    scale for each index of the first axis; others unchanged."""
    packed: dict[str, Tensor] = {}
    for name, value in tensors.items():
        if value.ndim < 2 or value.numel() < LEAST:
            packed[name] = value
            continue
        rows = value.float().flatten(1)
        # A channel of zeros has no scale of its own; any will do.
        scale = (rows.abs().amax(dim=1) / _LEVELS).clamp(min=torch.finfo(torch.float32).tiny)
        packed[name] = (rows / scale[:, None]).round().to(torch.int8).view(value.shape)
        packed[name + SCALE] = scale
    return packed


def unpack(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Float32 tensors from packed ones, or from floats of any kind."""
    unpacked = {}
    for name, value in tensors.items():
        if name.endswith(SCALE) and name.removesuffix(SCALE) in tensors:
            continue
        scale = tensors.get(name + SCALE)
        unpacked[name] = value.float()
        if scale is not None:
            unpacked[name] *= scale.view(-1, *[1] * (value.ndim - 1))
    return unpacked
