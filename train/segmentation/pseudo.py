"""Masks for radiographs that nobody drew on: those of earlier networks, where they are sure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cxr_valve.anatomy.masks import clean_masks
from cxr_valve.anatomy.plausibility import judge
from cxr_valve.anatomy.ratio import measure_lines
from cxr_valve.imaging.geometry import Box
from cxr_valve.models.anatomy_network import AnatomyNet
from train.fit.team import single
from train.segmentation.data import SIDE, Pictures

#: How each image is shown: degrees, enlargement, gamma. The masks are averaged.
SHOWN = (
    (0.0, 1.0, 1.0),
    (6.0, 1.0, 1.0),
    (-6.0, 1.0, 1.0),
    (0.0, 0.88, 1.0),
    (0.0, 1.12, 1.0),
    (0.0, 1.0, 0.65),
    (0.0, 1.0, 1.5),
)
#: Least overlap of what is probable in 7 of 10 with what is probable in 3 of 10.
SURE = 0.85
#: Least confidence of the masks' shape: at most one departure from the usual.
PLAUSIBLE = 0.5
BATCH = 8


@dataclass(frozen=True, eq=False)
class Teacher:
    """A network and the side of its input in pixels."""

    network: AnatomyNet
    size: int


def teach(
    teachers: Sequence[Teacher],
    images: NDArray[np.uint8],
    usual: Mapping[str, tuple[float, float]],
) -> Pictures:
    """Images (N, SIDE, SIDE) → those of them whose masks are sure and plausible, with the masks.

    Raises:
        ValueError: there is none.
    """
    taught = [
        masks
        for start in range(0, len(images), BATCH)
        for masks in average_masks(teachers, images[start : start + BATCH])
    ]
    kept = [index for index, masks in enumerate(taught) if trusted(masks, usual)]
    if not kept:
        raise ValueError(
            f"Expected images whose masks the network is sure of, found none among {len(images)}. "
            "Train the round before for longer."
        )
    masks = np.stack([np.rint(taught[index] * 255).astype(np.uint8) for index in kept])
    return Pictures(images[kept], masks)


@torch.inference_mode()
def average_masks(teachers: Sequence[Teacher], images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Probabilities (N, 3, SIDE, SIDE), each image shown to each teacher in several poses and
    tones."""
    fabric = single("auto").fabric
    shown = torch.from_numpy(images[:, None].astype(np.float32) / 255)
    total = torch.zeros(len(images), 3, SIDE, SIDE)
    for degrees, enlargement, gamma in SHOWN:
        there = _turn(degrees, 1 / enlargement)
        for teacher in teachers:
            view = _sample(shown**gamma, there, teacher.size).to(
                fabric.device, memory_format=torch.channels_last
            )
            with fabric.autocast():
                logits = teacher.network.to(fabric.device)(view)
            probability = torch.sigmoid(logits.float()).cpu()
            total += _sample(probability, _turn(-degrees, enlargement), SIDE)
    return np.asarray((total / len(SHOWN) / len(teachers)).numpy(), np.float32)


def trusted(masks: NDArray[np.float32], usual: Mapping[str, tuple[float, float]]) -> bool:
    """Whether averaged masks (3, S, S) agree among the views and look like heart and lungs."""
    found = clean_masks(masks)
    lines = measure_lines(found)
    if lines is None:
        return False
    likely = (found.probabilities > 0.7).sum(axis=(1, 2))
    possible = (found.probabilities > 0.3).sum(axis=(1, 2))
    sure = bool(np.all(likely >= SURE * possible))
    # Where in the frame the image lies is not kept with it.
    frame = Box(0.0, 0.0, *map(float, masks.shape[1:]))
    return sure and judge(found, lines, 0.0, usual, frame).confidence >= PLAUSIBLE


def _turn(degrees: float, size: float) -> Tensor:
    angle = np.deg2rad(degrees)
    cos, sin = size * np.cos(angle), size * np.sin(angle)
    return torch.tensor([[cos, -sin, 0.0], [sin, cos, 0.0]], dtype=torch.float32)


def _sample(images: Tensor, turn: Tensor, size: int) -> Tensor:
    shape = [len(images), 1, size, size]
    grid = functional.affine_grid(turn.expand(len(images), 2, 3), shape, align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)
