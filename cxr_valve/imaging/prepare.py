"""Radiograph → model input: one path for training and for inference.

Archives differ: black collimation borders, dark or washed-out processing, any aspect. So the
border is trimmed, grey levels are scaled between robust percentiles, the tone is bent until the
median lies at mid-grey, and the image is resized with antialiasing and without distortion.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cxr_valve.imaging.geometry import Box, Geometry
from cxr_valve.imaging.radiograph import Radiograph

#: Identifies this preparation in cards; change it with anything that moves a pixel.
PREPROCESSING = "trim-percentile-midtone-letterbox/1"

ANALYSIS_SIDE = 256
PERCENTILES = (0.5, 99.5)
MIDTONE_LIMITS = (0.5, 2.0)
#: At most this share of a side is trimmed as border, so that a large dark lung is never cut.
MAX_TRIM = 0.35
#: A border line spans less than this share of the grey range …
FLAT = 0.04
#: … and lies this close to its black or white end.
END = 0.06


@dataclass(frozen=True)
class Framing:
    """What is kept of a radiograph and how its greys are scaled.

    ``low`` and ``high`` are pixel values mapped to 0 and 1; ``midtone`` is the exponent applied
    afterwards, in [0.5, 2].
    """

    crop: Box
    low: float
    high: float
    midtone: float


@dataclass(frozen=True, eq=False)
class Prepared:
    """``image``: float32 (size, size) in [0, 1], bright = dense, padding 0; and its geometry."""

    image: NDArray[np.float32]
    geometry: Geometry


def frame(radiograph: Radiograph) -> Framing:
    """Find the border to trim and the grey scale, from a copy at most 256 px long.

    Never fails: a blank image keeps its whole area and gets a range of one grey level.
    """
    small, step = _reduced(radiograph.pixels)
    small = np.clip(small, *_display_limits(radiograph, small))
    top, bottom = _trim(small)
    left, right = _trim(small.T)
    kept = small[top:bottom, left:right]
    low, high = np.percentile(kept, PERCENTILES)
    high = max(high, low + 1.0)
    median = float(np.clip((np.median(kept) - low) / (high - low), 0.01, 0.99))
    midtone = float(np.clip(np.log(0.5) / np.log(median), *MIDTONE_LIMITS))
    crop = Box(
        top * step[0],
        left * step[1],
        min(bottom * step[0], float(radiograph.rows)),
        min(right * step[1], float(radiograph.columns)),
    )
    return Framing(crop, float(low), float(high), midtone)


def prepare(radiograph: Radiograph, size: int, framing: Framing | None = None) -> Prepared:
    """Make the square model input of side ``size`` pixels; ``framing`` is found if not given."""
    return prepare_sizes(radiograph, (size,), framing)[size]


def prepare_sizes(
    radiograph: Radiograph, sizes: Collection[int], framing: Framing | None = None
) -> dict[int, Prepared]:
    """Make square model inputs of several sides in pixels, by side.

    The same as ``prepare`` for each; what they share is done once.
    """
    framing = framing or frame(radiograph)
    crop = framing.crop
    top, left = int(crop.top), int(crop.left)
    bottom, right = int(np.ceil(crop.bottom)), int(np.ceil(crop.right))
    part = Image.fromarray(radiograph.pixels[top:bottom, left:right].astype(np.float32))
    box = (crop.left - left, crop.top - top, crop.right - left, crop.bottom - top)
    inputs = {}
    for size in sizes:
        placed = _placed(crop, size)
        grey = _resized(part, box, round(placed.width), round(placed.height))
        grey = np.clip((grey - framing.low) / (framing.high - framing.low), 0.0, 1.0)
        image = np.zeros((size, size), np.float32)
        rows = slice(round(placed.top), round(placed.bottom))
        image[rows, round(placed.left) : round(placed.right)] = grey**framing.midtone
        geometry = Geometry(radiograph.rows, radiograph.columns, size, crop, placed)
        inputs[size] = Prepared(image, geometry)
    return inputs


def _placed(crop: Box, size: int) -> Box:
    """Where the crop lies, undistorted, in the middle of an input of side ``size``."""
    scale = size / max(crop.height, crop.width)
    height, width = max(1, round(crop.height * scale)), max(1, round(crop.width * scale))
    top, left = (size - height) // 2, (size - width) // 2
    return Box(float(top), float(left), float(top + height), float(left + width))


def _resized(
    part: Image.Image, box: tuple[float, float, float, float], width: int, height: int
) -> NDArray[np.float32]:
    """Resize with a filter as wide as the reduction (Pillow's resize antialiases)."""
    resized = part.resize((width, height), Image.Resampling.BILINEAR, box=box, reducing_gap=3.0)
    return np.asarray(resized, np.float32)


def _reduced(pixels: NDArray[np.uint16]) -> tuple[NDArray[np.float32], tuple[float, float]]:
    """A copy at most ANALYSIS_SIDE long, and radiograph pixels per pixel of it."""
    rows, columns = pixels.shape
    step = max(1, int(np.ceil(max(rows, columns) / ANALYSIS_SIDE)))
    # Every step-th pixel suffices for percentiles and borders, and costs nothing.
    small = pixels[step // 2 :: step, step // 2 :: step].astype(np.float32)
    if small.size == 0:
        small = pixels.astype(np.float32)
    return small, (rows / small.shape[0], columns / small.shape[1])


def _display_limits(radiograph: Radiograph, small: NDArray[np.float32]) -> tuple[float, float]:
    """The header's window, unless it would blank out more than half of the image."""
    low, high = radiograph.display
    inside = float(np.mean((small > low) & (small < high)))
    if radiograph.decoding.window is None or inside < 0.5 or high <= low:
        return 0.0, float(np.iinfo(np.uint16).max)
    return low, high


def _trim(image: NDArray[np.float32]) -> tuple[int, int]:
    """First and one-past-last row that is not flat border."""
    length = image.shape[0]
    low, high = np.percentile(image, PERCENTILES)
    spread = max(float(high - low), 1e-6)
    ends = np.percentile(image, (5, 50, 95), axis=1)
    flat = (ends[2] - ends[0]) < FLAT * spread
    level = (ends[1] - low) / spread
    border = flat & ((level < END) | (level > 1 - END))
    limit = int(length * MAX_TRIM)
    inside = np.flatnonzero(~border)
    if inside.size == 0:
        return 0, length
    first = min(int(inside[0]), limit)
    last = max(int(inside[-1]) + 1, length - limit)
    return first, last
