"""Padding: stored values that mean "no image here"."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_valve.imaging.header import Layout, numbers

#: Lowest and highest stored value that are padding.
Padding = tuple[float, float]


def read_padding(dataset: Any, layout: Layout) -> Padding | None:
    """Padding values as stored values, whatever VR the file gave them; None if it names none."""
    keywords = ("PixelPaddingValue", "PixelPaddingRangeLimit")
    if layout.float_bytes:
        keywords = ("FloatPixelPaddingValue", "FloatPixelPaddingRangeLimit")
        if layout.float_bytes == 8:
            keywords = ("DoubleFloatPixelPaddingValue", "DoubleFloatPixelPaddingRangeLimit")
    ends = [values[0] for keyword in keywords if (values := numbers(dataset, keyword))]
    if "PixelPaddingValue" in keywords:
        ends = [_as_stored(value, layout) for value in ends]
    return (min(ends), max(ends)) if ends else None


def find_padding(stored: NDArray[Any], padding: Padding | None) -> NDArray[np.bool_] | None:
    """Where the stored values are padding; None if nowhere, or everywhere."""
    if padding is None:
        return None
    low, high = padding
    padded = stored == low if low == high else (stored >= low) & (stored <= high)
    some = bool(padded.any()) and not bool(padded.all())
    return np.asarray(padded) if some else None


def _as_stored(value: float, layout: Layout) -> float:
    bits = layout.allocated
    if layout.signed and value >= 1 << (bits - 1):
        return value - (1 << bits)
    if not layout.signed and value < 0:
        return value + (1 << bits)
    return value
