"""The rounds of training: masks drawn by people first, then real radiographs that have none."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
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
#: Side of the images whose masks a network gives for the next.
TAUGHT_SIZE = 256


@dataclass(frozen=True)
class Later:
    """A round after the first: of each batch, ``drawn`` images have masks that people drew, the
    others those of the network of the round ``teacher``."""

    name: str
    recipe: Recipe
    drawn: int
    teacher: str


LATER = (
    Later("second", Recipe(steps=350, rate=1.5e-3, seed=12), drawn=7, teacher="first"),
    #: The borders, at length, as people draw them: milder augmentation.
    Later(
        "third",
        Recipe(steps=2400, rate=1.5e-3, encoder_share=0.5, average=0.995, strength=0.6, seed=13),
        drawn=9,
        teacher="first",
    ),
    #: By then it knows the drawn masks by heart: far better masks for the other images, and
    #: stronger augmentation, so that it knows unseen ones too.
    Later(
        "fourth",
        Recipe(steps=1500, rate=1e-3, encoder_share=0.5, average=0.998, seed=14),
        drawn=6,
        teacher="third",
    ),
)


#: After the measuring: every drawn image, those held out until then among them. There are few, and
#: the error on unseen images is what few of them leave.
LAST = Later(
    "last",
    Recipe(steps=700, rate=6e-4, encoder_share=0.5, average=0.998, strength=0.8, seed=15),
    drawn=7,
    teacher="third",
)


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


def later_rounds(
    labelled: Pictures, unlabelled: Callable[[], NDArray[np.uint8]], work: Path
) -> tuple[Path, int]:
    """Go on with masks of earlier networks beside drawn ones; what is done is reused.

    ``unlabelled`` loads the images without masks, where they are needed. Returns the last
    network's file and how many of those images took part.
    """
    first_round(labelled, work)
    count, start = 0, work / "first" / "network.safetensors"
    for later in LATER:
        start, count = _go_on(later, start, labelled, labelled, unlabelled, work)
    return start, count


def last_round(
    start: Path,
    labelled: Pictures,
    held_out: Pictures,
    unlabelled: Callable[[], NDArray[np.uint8]],
    work: Path,
) -> Path:
    """Go on from a network that was measured, with the images that were held out until then."""
    everything = Pictures(
        np.concatenate([labelled.images, held_out.images]),
        np.concatenate([labelled.masks, held_out.masks]),
    )
    return _go_on(LAST, start, everything, labelled, unlabelled, work)[0]


def _go_on(
    later: Later,
    start: Path,
    drawn: Pictures,
    usual: Pictures,
    unlabelled: Callable[[], NDArray[np.uint8]],
    work: Path,
) -> tuple[Path, int]:
    file = work / later.name / "network.safetensors"
    taught = taught_masks(usual, unlabelled, work / later.teacher / "network.safetensors")
    if not file.exists():
        log.info("%s round: %d images, %d without drawn masks", later.name, len(drawn), len(taught))
        network = load_anatomy_network(start)
        shares = [Share(drawn, later.drawn), Share(taught, later.recipe.batch - later.drawn)]
        save_network(fit(later.recipe, shares, network, file.parent), file)
    return file, len(taught)


def taught_masks(
    labelled: Pictures, unlabelled: Callable[[], NDArray[np.uint8]], teacher: Path
) -> Pictures:
    """The unlabelled images that a network is sure of, with its masks; kept beside the network."""
    file = teacher.with_name("taught.npz")
    if not file.exists():
        network = load_anatomy_network(teacher)
        taught = teach(network, unlabelled(), TAUGHT_SIZE, usual_ranges(labelled))
        partial = file.with_name("taught.partial.npz")
        np.savez(partial, images=taught.images, masks=taught.masks)
        partial.replace(file)
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
