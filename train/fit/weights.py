"""Networks on disk as they ship: float16 safetensors, or 8 bits a weight."""

import copy
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import torch
from safetensors.torch import save

from cxr_valve.models.networks import ValveNet
from cxr_valve.models.packing import pack


def save_network(network: ValveNet, file: Path, *, packed: bool = False) -> None:
    """Write the network as float16 safetensors: half the size, and what calibration then sees.

    ``packed`` keeps its large weights in 8 bits, a quarter of the size. Raises OSError where it
    cannot be written; the file is whole or absent.
    """
    tensors = {
        name: value.detach().cpu().half().contiguous()
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    if packed:
        tensors = pack(tensors)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, lambda stream: stream.write(save(tensors, {"network": network.network})))


def write_whole(file: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file aside, let it reach the disk, and put it in place: whole, or as it was before.

    Raises OSError; what was begun is removed, so that a full disk has room again.
    """
    partial = file.with_suffix(".partial")
    try:
        with partial.open("wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@torch.no_grad()
def in_own_unit(network: ValveNet, centre: float, spread: float) -> ValveNet:
    """A copy whose output is centre + spread · output: of standardised values, the values.

    Output and map stay one: the scale goes into the classifier's weights, the centre into its bias.
    """
    scaled = copy.deepcopy(network)
    scaled.classifier.weight.mul_(spread)
    scaled.classifier.bias.mul_(spread).add_(centre)
    return scaled
