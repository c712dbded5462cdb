"""The rounds of training: masks drawn by people first, then real radiographs that have none."""

import logging
from pathlib import Path

import torch
from safetensors.torch import save_file

from cxr_valve.models.anatomy_network import AnatomyNet, load_anatomy_network
from train.segmentation.data import Pictures
from train.segmentation.encoder_start import start_from_imagenet
from train.segmentation.fit import Recipe, Share, fit

log = logging.getLogger(__name__)

#: At a smaller size first: twice as many steps in the time, and it teaches the second round.
FIRST = Recipe(steps=600, input_size=192)


def first_round(labelled: Pictures, work: Path) -> AnatomyNet:
    """Fit on drawn masks alone, from ImageNet weights; reused where it is done."""
    file = work / "first" / "network.safetensors"
    if not file.exists():
        torch.manual_seed(FIRST.seed)
        network = AnatomyNet()
        start_from_imagenet(network)
        log.info("first round: %d images, %d steps", len(labelled), FIRST.steps)
        fitted = fit(FIRST, [Share(labelled, FIRST.batch)], network, file.parent)
        save_network(fitted, file)
    return load_anatomy_network(file)


def save_network(network: AnatomyNet, file: Path) -> None:
    """Write the network as float16 safetensors: half the size, and what is then measured."""
    tensors = {
        name: value.detach().half().contiguous()
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    save_file(tensors, partial)
    partial.rename(file)
