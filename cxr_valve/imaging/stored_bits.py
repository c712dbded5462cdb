"""Bits above the stored ones: dropped where they are foreign, kept where the header understates.

BitsStored says how many bits of a sample carry grey. What lies above may be an overlay (an old
practice) whose description a de-identifier took out, or rubbish; read as grey, it would turn a
marked region far too bright. But headers also declare fewer bits than their values use, and then
cutting would fold the image over.

Neighbouring pixels tell the two apart. Where the upper bits of two neighbours differ because grey
passes 2ⁿ, the pixels are close as they are and far apart once cut; where a foreign bit ends, it is
the other way round.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Neighbours that differ above the cut count as "closer once cut" if this much closer …
CLOSER = 8
#: … and the bits are foreign if this share of such neighbours are.
FOREIGN_SHARE = 0.9


def drop_foreign_bits(
    samples: NDArray[Any], bits: int, *, declared: bool, padded: NDArray[np.bool_] | None
) -> NDArray[Any]:
    """Drop what is not grey from the bits above the ``bits`` stored ones.

    Args:
        samples: (rows, columns), signed or unsigned integers; signed ones are two's complement
            of ``bits`` bits, with or without their sign extended.
        bits: BitsStored.
        declared: whether the file says that it keeps an overlay in these bits.
        padded: where samples are padding, which may lie beyond the bits; it is left as it is.

    Returns:
        The samples themselves where nothing is foreign, or a copy without the foreign bits.
    """
    width = samples.dtype.itemsize * 8
    image = samples if padded is None else samples[~padded]
    if bits >= width or not _beyond(image, bits):
        return samples
    for kept in range(bits, width):
        cut = keep_bits(samples, kept)
        if padded is not None:
            cut = np.where(padded, samples, cut)
        if np.array_equal(cut, samples):
            break
        if declared or _is_foreign(samples, cut, padded):
            return cut
    return samples


def keep_bits(samples: NDArray[Any], bits: int) -> NDArray[Any]:
    """The lowest ``bits`` bits of integers; of signed ones the highest of these is the sign."""
    if samples.dtype.kind == "u":
        return np.asarray(samples & samples.dtype.type((1 << bits) - 1))
    room = samples.dtype.type(samples.dtype.itemsize * 8 - bits)
    return np.asarray((samples << room) >> room)


def _beyond(samples: NDArray[Any], bits: int) -> bool:
    """Whether any sample needs more bits, whichever way its sign is kept."""
    low, high = int(samples.min()), int(samples.max())
    return high >= 1 << bits or (low < 0 and low < -(1 << (bits - 1)))


def _is_foreign(samples: NDArray[Any], cut: NDArray[Any], padded: NDArray[np.bool_] | None) -> bool:
    """Whether what ``cut`` lacks is foreign: neighbours are closer without it.

    Where no neighbours differ in it, it says nothing of the image and is foreign too.
    """
    differing = closer = 0
    for axis in (0, 1):
        here, there = _pairs(samples, axis), _pairs(cut, axis)
        # Differences wrap around in the samples' own type, which does for telling them apart.
        pairs = (here[0] - there[0]) != (here[1] - there[1])
        if padded is not None:
            first, second = _pairs(padded, axis)
            pairs &= ~(first | second)
        before = np.abs(here[0][pairs].astype(np.float32) - here[1][pairs])
        after = np.abs(there[0][pairs].astype(np.float32) - there[1][pairs])
        differing += before.size
        closer += int(np.count_nonzero(after * CLOSER <= before))
    return closer >= FOREIGN_SHARE * differing


def _pairs(image: NDArray[Any], axis: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """All pixels and their neighbours along an axis."""
    return (image[1:], image[:-1]) if axis == 0 else (image[:, 1:], image[:, :-1])
