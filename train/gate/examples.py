"""Originals → the examples the gate is fitted on: network inputs and what is to be said of them."""

import logging
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from cxr_valve.anatomy.gate import KINDS, Kind
from train.gate.augment import (
    SIDE,
    UPRIGHT,
    Pose,
    collage,
    drawn,
    laid,
    network_input,
    other_view,
    part_of,
    piece_of_picture,
    random_pose,
    tilted,
    varied,
)
from train.gate.sources import Original

log = logging.getLogger(__name__)

#: Examples made of each kind, frontals counted per original (simulated ones count less).
PER_RADIOGRAPH = 9
PER_SIMULATED = 3
PER_FRONTAL_PROJECTION = 40
COUNTS: dict[Kind, int] = {
    "lateral": 1000,
    "part": 600,
    "tilted": 500,
    "collage": 400,
    "radiograph": 900,
    "slice": 900,
    "picture": 1000,
}
#: Of the kinds that can be drawn, this share is drawn.
DRAWN = {"radiograph": 0.6, "slice": 0.12, "picture": 0.4}


@dataclass(frozen=True)
class Order:
    """One example to make: of an original (None: drawn), as a kind, with its own seed."""

    original: int | None
    second: int | None
    kind: Kind
    seed: int


@dataclass(frozen=True, eq=False)
class Examples:
    """``images`` uint8 (N, SIDE, SIDE); ``kinds`` index into KINDS; ``turns``, ``inverted`` and
    ``mirrored`` are −1 where the kind has none; ``originals`` index the originals, −1 drawn."""

    images: NDArray[np.uint8]
    kinds: NDArray[np.int64]
    turns: NDArray[np.int64]
    inverted: NDArray[np.int64]
    mirrored: NDArray[np.int64]
    originals: NDArray[np.int64]


def orders(originals: Sequence[Original], seed: int) -> list[Order]:
    """The examples to make of those originals."""
    rng = np.random.default_rng(seed)
    by_kind: dict[str, list[int]] = {kind: [] for kind in KINDS}
    listed: list[tuple[int | None, int | None, Kind]] = []
    for index, original in enumerate(originals):
        by_kind[original.kind].append(index)
        if original.kind == "frontal":
            times = {"sim": PER_SIMULATED, "chest-ct": PER_FRONTAL_PROJECTION}
            count = times.get(original.source, PER_RADIOGRAPH)
            listed += [(index, None, "frontal")] * count
    chests = [i for i in by_kind["frontal"] if originals[i].source != "sim"]
    for kind, count in COUNTS.items():
        source = by_kind[kind] or chests
        for _ in range(count):
            if rng.random() < DRAWN.get(kind, 0.0):
                listed.append((None, None, kind))
                continue
            # By source first: a hundred slices of one head weigh no more than one shoulder.
            groups = sorted({originals[i].source for i in source})
            group = groups[int(rng.integers(len(groups)))]
            choice = [i for i in source if originals[i].source == group]
            first = choice[int(rng.integers(len(choice)))]
            listed.append((first, chests[int(rng.integers(len(chests)))], kind))
    return [Order(*item, seed * 1_000_003 + number) for number, item in enumerate(listed)]


#: What a worker process makes examples of; handed over once, for it is large.
_ORIGINALS: list[Original] = []


def _share(originals: Sequence[Original]) -> None:
    _ORIGINALS[:] = originals


def _make_shared(order: Order) -> tuple[NDArray[np.uint8], Pose | None]:
    return make(order, _ORIGINALS)


def make(order: Order, originals: Sequence[Original]) -> tuple[NDArray[np.uint8], Pose | None]:
    """One example: the network's input, and its pose where it is a frontal chest."""
    rng = np.random.default_rng(order.seed)
    kind = order.kind
    if order.original is None:
        image = drawn(kind, rng)
    else:
        original = originals[order.original]
        image = original.grey
        if kind == "picture":
            image = piece_of_picture(original, rng)
        elif kind == "lateral":
            image = other_view(image, rng)
        elif kind == "part":
            image = part_of(image, rng)
        elif kind == "tilted":
            image = tilted(image, float(rng.choice((-1, 1)) * rng.uniform(25, 65)), rng)
        elif kind == "collage" and order.second is not None:
            image = collage(image, originals[order.second].grey, rng)
    image = varied(image, rng, gentle=kind == "tilted")
    pose = random_pose(rng)
    if kind != "frontal":
        # Any image may come in any pose, but most come as they are.
        return network_input(laid(image, pose if rng.random() < 0.5 else UPRIGHT)), None
    return network_input(laid(image, pose)), pose


def build(originals: Sequence[Original], seed: int) -> Examples:
    """Make all examples, on every core."""
    listed = orders(originals, seed)
    log.info("making %d examples of %d originals", len(listed), len(originals))
    with ProcessPoolExecutor(
        os.cpu_count(), get_context("fork"), initializer=_share, initargs=(originals,)
    ) as pool:
        made = list(pool.map(_make_shared, listed, chunksize=64))
    poses = [pose for _, pose in made]
    return Examples(
        images=np.stack([image for image, _ in made]).reshape(-1, SIDE, SIDE),
        kinds=np.array([KINDS.index(order.kind) for order in listed]),
        turns=np.array([-1 if pose is None else pose.turns for pose in poses]),
        inverted=np.array([-1 if pose is None else int(pose.inverted) for pose in poses]),
        mirrored=np.array([-1 if pose is None else int(pose.mirrored) for pose in poses]),
        originals=np.array([-1 if o.original is None else o.original for o in listed]),
    )
