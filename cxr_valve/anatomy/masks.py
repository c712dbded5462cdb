"""Probabilities of a network → one clean mask each for heart, right lung and left lung."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cxr_valve.anatomy.heart import Structure
from cxr_valve.imaging.geometry import Box

#: What the anatomy network gives, in order. Right and left are the patient's in a radiograph that
#: is not mirrored: the right lung lies on the left of the image.
STRUCTURES: tuple[Structure, ...] = ("heart", "right lung", "left lung")

#: Pixels around a piece in which its border may lie.
BORDER = 4

Probabilities = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Masks:
    """``masks``: bool (3, S, S) in the order of ``STRUCTURES``, each in one piece without holes;
    ``probabilities``: float32 (3, S, S), what they were cut from, 0 away from the pieces kept;
    ``kept``: the share of each structure's pixels that the piece kept holds, 0 where none is."""

    masks: NDArray[np.bool_]
    probabilities: Probabilities
    kept: tuple[float, float, float]


def probabilities(logits: NDArray[np.float32]) -> Probabilities:
    """Logistic function, in float32."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -30, 30))), np.float32)


def within(found: Probabilities, field: Box) -> Probabilities:
    """The probabilities (C, S, S), 0 outside ``field``, by a pixel's centre.

    A network that has seen lungs cut off goes on with them beyond the image, where nothing is seen.
    """
    rows, columns = (np.arange(side) + 0.5 for side in found.shape[1:])
    inside = np.outer(
        (field.top <= rows) & (rows < field.bottom),
        (field.left <= columns) & (columns < field.right),
    )
    return np.where(inside, found, np.float32(0))


def clean_masks(found: Probabilities) -> Masks:
    """Cut at even odds, keep the largest piece of each structure and fill its holes.

    A pixel both lungs claim goes to the likelier one.

    Raises:
        ValueError: not three square probability maps.
    """
    if found.ndim != 3 or found.shape[0] != 3 or found.shape[1] != found.shape[2]:
        raise ValueError(f"Expected probabilities (3, S, S); found shape {found.shape}.")
    found = found.copy()
    right_wins = found[1] >= found[2]
    found[1][~right_wins], found[2][right_wins] = 0.0, 0.0
    masks, kept = np.zeros(found.shape, np.bool_), []
    for probability, mask in zip(found, masks, strict=True):
        # Nothing is kept farther away, and a part of the image takes a part of the time.
        window = extent(probability >= 0.5, BORDER)
        whole = probability[window] >= 0.5
        piece = largest_piece(whole)
        kept.append(float(piece.sum() / max(1, whole.sum())))
        # Around the piece values are kept, so that its border can be sought at other levels too.
        near = ndimage.maximum_filter(piece, 2 * BORDER + 1) & (piece | ~whole)
        around = np.where(near, probability[window], 0.0)
        probability[:] = 0.0
        probability[window] = around
        mask[window] = filled(piece)
    return Masks(masks, found, (kept[0], kept[1], kept[2]))


def extent(mask: Mask, margin: int) -> tuple[slice, slice]:
    """Rows and columns that hold the mask and ``margin`` pixels around it; nothing for nothing."""
    slices = []
    for axis in (1, 0):
        inside = np.flatnonzero(mask.any(axis=axis))
        if inside.size == 0:
            return slice(0, 0), slice(0, 0)
        slices.append(slice(max(0, int(inside[0]) - margin), int(inside[-1]) + 1 + margin))
    return slices[0], slices[1]


def largest_piece(mask: Mask) -> Mask:
    """The largest connected piece of a mask (neighbours share a side)."""
    labels, count = ndimage.label(mask)
    if count < 2:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == sizes.argmax(), np.bool_)


def filled(mask: Mask) -> Mask:
    """The mask with its holes: all but the background that reaches the edge.

    As scipy's binary_fill_holes, by one labelling instead of many dilations.
    """
    outside, _ = ndimage.label(np.pad(~mask, 1, constant_values=True))
    return np.asarray(outside[1:-1, 1:-1] != outside[0, 0], np.bool_)
