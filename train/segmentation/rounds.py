"""The rounds of training: masks drawn by people first, then real radiographs that have none."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from cxr_valve.models.anatomy_network import ENCODER, AnatomyNet, load_anatomy_network
from train.segmentation.data import Pictures
from train.segmentation.encoder_start import from_imagenet
from train.segmentation.fit import Recipe, Share, fit
from train.segmentation.measure import usual_ranges
from train.segmentation.pseudo import Teacher, teach

log = logging.getLogger(__name__)

#: The teacher's encoder: smaller, and good enough to teach.
SMALL = "tf_efficientnet_lite0"


@dataclass(frozen=True)
class Round:
    """One round: of each batch, ``drawn`` images have masks that people drew, the others the mean
    of those of the networks of the rounds ``teachers``.

    ``start`` is the round whose network it goes on from; None: ImageNet weights.
    """

    name: str
    encoder: str
    recipe: Recipe
    drawn: int
    start: str | None = None
    teachers: tuple[str, ...] = ()


#: How the network that is kept begins.
LONG = Recipe(1500, input_size=192, encoder_share=0.5, average=0.998, seed=21)

ROUNDS = (
    #: At a smaller size first: twice as many steps in the time, and it teaches the next.
    Round("first", SMALL, Recipe(steps=600, input_size=192), drawn=12),
    Round("second", SMALL, Recipe(350, rate=1.5e-3, seed=12), 7, "first", ("first",)),
    #: The borders as people draw them: mild augmentation, drawn masks nearly alone.
    Round(
        "third",
        SMALL,
        Recipe(280, rate=1e-3, encoder_share=0.5, strength=0.5, seed=13),
        10,
        "second",
        ("first",),
    ),
    #: The network that is kept. Its teacher is good from the start; and 192 px, at which a batch
    #: takes half the time of 256, measure the ratio as well.
    Round(
        "fourth",
        ENCODER,
        LONG,
        7,
        None,
        ("third",),
    ),
    #: At length, with better masks for the other images: two networks' mean.
    Round(
        "fifth",
        ENCODER,
        replace(LONG, steps=2600, rate=1.5e-3, strength=0.8, seed=22),
        7,
        "fourth",
        ("third", "fourth"),
    ),
)

#: After the measuring: every drawn image, those held out until then among them. There are few, and
#: the error on unseen images is what few of them leave. As long and as bold as the fifth: 600 timid
#: steps leave the error on the images that are new to it where it was.
LAST = Round(
    "last",
    ENCODER,
    replace(LONG, steps=2600, rate=1.5e-3, strength=0.8, seed=15),
    7,
    "fifth",
    ("third", "fourth"),
)


@dataclass(frozen=True, eq=False)
class Radiographs:
    """What the rounds learn from; ``unlabelled`` loads the images without masks, where needed."""

    labelled: Pictures
    unlabelled: Callable[[], NDArray[np.uint8]]


def measured_network(given: Radiographs, work: Path) -> tuple[Path, int]:
    """All rounds but the last; what is done in ``work`` is reused.

    Returns the last network's file, and how many images without masks taught it.
    """
    count = 0
    for one in ROUNDS:
        count = fit_round(one, given, given.labelled, work)
    return _network(work, ROUNDS[-1].name), count


def last_network(given: Radiographs, held_out: Pictures, work: Path) -> Path:
    """Go on from the network that was measured, with the images that were held out until then."""
    everything = Pictures(
        np.concatenate([given.labelled.images, held_out.images]),
        np.concatenate([given.labelled.masks, held_out.masks]),
    )
    fit_round(LAST, given, everything, work)
    return _network(work, LAST.name)


def fit_round(one: Round, given: Radiographs, drawn: Pictures, work: Path) -> int:
    """Train one round's network on ``drawn`` and what its teachers are sure of; reused where it is
    done. Returns how many images without masks took part."""
    taught = taught_masks(one, given, work) if one.teachers else None
    count = len(taught) if taught else 0
    if _network(work, one.name).exists():
        return count
    log.info("round %s: %d images, %d without drawn masks", one.name, len(drawn), count)
    shares = [Share(drawn, one.drawn)]
    if taught:
        shares.append(Share(taught, one.recipe.batch - one.drawn))
    torch.manual_seed(one.recipe.seed)
    begun = (
        from_imagenet(one.encoder)
        if one.start is None
        else load_anatomy_network(_network(work, one.start), one.encoder)
    )
    save_network(fit(one.recipe, shares, begun, work / one.name), _network(work, one.name))
    return count


def taught_masks(one: Round, given: Radiographs, work: Path) -> Pictures:
    """The unlabelled images that the round's teachers are sure of, with their masks; kept."""
    file = work / f"taught-by-{'-and-'.join(one.teachers)}.npz"
    if not file.exists():
        teachers = [
            Teacher(
                load_anatomy_network(_network(work, each.name), each.encoder),
                each.recipe.input_size,
            )
            for each in ROUNDS
            if each.name in one.teachers
        ]
        taught = teach(teachers, given.unlabelled(), usual_ranges(given.labelled))
        partial = file.with_suffix(".partial.npz")
        np.savez(partial, images=taught.images, masks=taught.masks)
        partial.replace(file)
    kept = np.load(file)
    return Pictures(kept["images"], kept["masks"])


def save_network(network: AnatomyNet, file: Path) -> None:
    """Write the network as safetensors, its filters as float16: half the size, and what is then
    measured."""
    tensors = {
        # A normalisation's variance may be beyond float16; it and the biases weigh nothing.
        name: value.detach().to(torch.float16 if value.ndim > 1 else torch.float32).contiguous()
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    save_file(tensors, partial)
    partial.rename(file)


def _network(work: Path, name: str) -> Path:
    return work / name / "network.safetensors"
