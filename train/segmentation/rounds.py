"""The rounds of training: masks drawn by people first, then real radiographs that have none."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from cxr_valve.models.anatomy_network import AnatomyNet, load_anatomy_network
from train.segmentation.data import Pictures
from train.segmentation.encoder_start import start_from_imagenet
from train.segmentation.fit import Recipe, Share, fit
from train.segmentation.measure import usual_ranges
from train.segmentation.pseudo import teach

log = logging.getLogger(__name__)

#: At a smaller size first: twice as many steps in the time, and it teaches the second round.
FIRST = Recipe(steps=600, input_size=192)
SECOND = Recipe(steps=350, input_size=256, rate=1.5e-3, seed=12)
#: The border, at last, as people draw it: mild augmentation, drawn masks nearly alone.
THIRD = Recipe(steps=280, input_size=256, rate=1e-3, encoder_share=0.5, strength=0.5, seed=13)
#: Of a batch of the second and of the third round, how many have masks that people drew.
DRAWN, DRAWN_LAST = 7, 10


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


def second_round(
    labelled: Pictures, unlabelled: Callable[[], NDArray[np.uint8]], work: Path
) -> tuple[Path, int]:
    """Go on with masks of the first network beside drawn ones; reused where it is done.

    ``unlabelled`` loads the images without masks, where they are needed. Returns the network's
    file and how many of them took part.
    """
    file = work / "second" / "network.safetensors"
    taught = taught_masks(labelled, unlabelled, work)
    if not file.exists():
        log.info("second round: %d images and %d without drawn masks", len(labelled), len(taught))
        shares = [Share(labelled, DRAWN), Share(taught, SECOND.batch - DRAWN)]
        save_network(fit(SECOND, shares, first_round(labelled, work), file.parent), file)
    return file, len(taught)


def third_round(
    labelled: Pictures, unlabelled: Callable[[], NDArray[np.uint8]], work: Path
) -> tuple[Path, int]:
    """Settle the borders on drawn masks; reused where it is done. Returns as ``second_round``."""
    file = work / "third" / "network.safetensors"
    start, count = second_round(labelled, unlabelled, work)
    if not file.exists():
        log.info("third round: mild augmentation, %d of %d drawn", DRAWN_LAST, THIRD.batch)
        taught = taught_masks(labelled, unlabelled, work)
        shares = [Share(labelled, DRAWN_LAST), Share(taught, THIRD.batch - DRAWN_LAST)]
        save_network(fit(THIRD, shares, load_anatomy_network(start), file.parent), file)
    return file, count


def taught_masks(
    labelled: Pictures, unlabelled: Callable[[], NDArray[np.uint8]], work: Path
) -> Pictures:
    """The unlabelled images that the first network is sure of, with its masks; kept in ``work``."""
    file = work / "taught.npz"
    if not file.exists():
        teacher = first_round(labelled, work)
        taught = teach(teacher, unlabelled(), SECOND.input_size, usual_ranges(labelled))
        np.savez(work / "taught.partial.npz", images=taught.images, masks=taught.masks)
        (work / "taught.partial.npz").replace(file)
    kept = np.load(file)
    return Pictures(kept["images"], kept["masks"])


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
