"""Any stored depth → 16 bits without loss where the values allow it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def to_uint16(stored: NDArray[Any], bits: int) -> tuple[NDArray[np.uint16], float, float]:
    """Bring stored values into uint16.

    Unsigned values that fit are kept as they are; signed ones are shifted by half their range;
    wider integers are shifted if their spread fits; the rest, and floats, are scaled to the
    whole range.

    Args:
        stored: (rows, columns), boolean, integer or float; NaN becomes the lowest value.
        bits: declared depth of the stored values.

    Returns:
        pixels, scale and offset such that stored = scale × pixels + offset.
    """
    if stored.dtype.kind == "f":
        return _scaled(stored)
    if stored.dtype.kind in "bu" and stored.dtype.itemsize <= 2:
        return stored.astype(np.uint16, copy=False), 1.0, 0.0
    low, high = int(stored.min()), int(stored.max())
    if low >= 0 and high <= 65535 and stored.dtype.kind == "u":
        return stored.astype(np.uint16), 1.0, 0.0
    half = 1 << (min(bits, 16) - 1)
    if stored.dtype.kind == "i" and not (-half <= low and high < half):
        half = 32768 if low >= -32768 and high < 32768 else 0
    if stored.dtype.kind == "i" and half:
        if stored.dtype.itemsize == 2:
            # Modular arithmetic adds the shift without a wider copy.
            return stored.view(np.uint16) + np.uint16(half), 1.0, float(-half)
        return (stored.astype(np.int64) + half).astype(np.uint16), 1.0, float(-half)
    if high - low <= 65535:
        # Python integers, as 64-bit values may exceed what int64 holds.
        return (stored - stored.dtype.type(low)).astype(np.uint16), 1.0, float(low)
    return _scaled(stored)


def _scaled(stored: NDArray[Any]) -> tuple[NDArray[np.uint16], float, float]:
    # A file may hold NaN that signals, of which the conversion would warn.
    with np.errstate(invalid="ignore"):
        values = stored.astype(np.float64)
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros(values.shape, np.uint16), 1.0, 0.0
    low = float(values.min(where=finite, initial=np.inf))
    high = float(values.max(where=finite, initial=-np.inf))
    # Halves first: the difference of two extreme floats may overflow.
    scale = (high / 65535 - low / 65535) or 1.0
    if not finite.all():
        values = np.where(values == np.inf, high, np.where(finite, values, low))
    levels = np.rint(np.clip(values / scale - low / scale, 0, 65535))
    return levels.astype(np.uint16), scale, low
