"""Stored values → Radiograph: modality LUT or rescale, then VOI LUT or window, inversion last."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_valve.imaging.depth import to_uint16
from cxr_valve.imaging.header import Layout, number, word
from cxr_valve.imaging.lookup import LookupTable, read_table
from cxr_valve.imaging.padding import Padding, find_padding, read_padding
from cxr_valve.imaging.window import Window, percentile_limits, read_windows, table_window

#: A window that shows less than this share of the image is a mistake, and is not used.
MIN_SHOWN = 0.01


@dataclass(frozen=True, eq=False)
class Grading:
    """How stored values become light.

    Attributes:
        slope, intercept: stored value → modality value, where there is no ``modality_table``.
        modality_table: the Modality LUT, or None.
        windows: VOI windows in modality units, best first; a VOI LUT counts as one.
        inverted: MONOCHROME1, or PresentationLUTShape INVERSE.
        padding: lowest and highest stored value that mean "no image here", or None.
    """

    slope: float = 1.0
    intercept: float = 0.0
    modality_table: LookupTable | None = None
    windows: tuple[Window, ...] = ()
    inverted: bool = False
    padding: Padding | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Graded:
    """The graded image; fields as in ``Radiograph`` and ``Decoding``."""

    pixels: NDArray[np.uint16]
    slope: float
    intercept: float
    display: tuple[float, float]
    tone: NDArray[np.float32] | None
    window: tuple[float, float] | None
    inverted: bool
    warnings: tuple[str, ...]


def read_grading(dataset: Any, layout: Layout) -> Grading:
    """Collect the grading from a dataset. Colour images have none: their grey is final."""
    if layout.samples == 3 or layout.photometric == "PALETTE COLOR":
        return Grading()
    warnings: list[str] = []
    slope, intercept = number(dataset, "RescaleSlope"), number(dataset, "RescaleIntercept")
    if slope == 0:
        slope = None
        warnings.append("The file's rescale slope is zero; it was ignored.")
    table = read_table(dataset, "ModalityLUTSequence", layout.signed, layout.little_endian)
    windows = list(read_windows(dataset))
    # The VOI LUT takes modality values: below zero only if these can be.
    negative = table is None and (layout.signed or (intercept or 0.0) < 0 or (slope or 1.0) < 0)
    voi = read_table(dataset, "VOILUTSequence", negative, layout.little_endian)
    if voi is not None:
        windows.insert(0, table_window(voi))
    return Grading(
        slope=1.0 if slope is None else slope,
        intercept=0.0 if intercept is None else intercept,
        modality_table=table,
        windows=tuple(windows),
        inverted=layout.photometric == "MONOCHROME1"
        or word(dataset, "PresentationLUTShape") == "INVERSE",
        padding=read_padding(dataset, layout),
        warnings=tuple(warnings),
    )


def grade(stored: NDArray[Any], bits: int, grading: Grading) -> Graded:
    """Apply the grading to stored values (rows, columns), integer or float.

    ``bits`` is the declared depth: inversion turns values over within it, so that the same
    image stored as MONOCHROME1 and as MONOCHROME2 gives the same pixels.
    """
    padded = find_padding(stored, grading.padding)
    if padded is not None:
        # Padding may lie far outside the image and must not stretch its range.
        stored = np.where(padded, stored[~padded].min(), stored)
    pixels, slope, intercept, top = _modality(stored, bits, grading)
    sample = _sample(pixels, padded)
    window, display = _choose(grading.windows, sample, slope, intercept)
    # A falling slope or VOI LUT makes high stored values dark, as MONOCHROME1 does.
    falling = (slope < 0) != (window is not None and window.falling)
    inverted = grading.inverted != falling
    display = display or percentile_limits(sample)
    if inverted:
        pixels, sample = np.uint16(top) - pixels, np.uint16(top) - sample
        slope, intercept = -slope, intercept + slope * top
        display = (top - display[1], top - display[0])
    if padded is not None:
        black = max(0, min(int(sample.min()), int(np.floor(display[0]))))
        pixels = np.where(padded, np.uint16(black), pixels)
    tone = None if window is None else window.tone
    if tone is not None and slope < 0:
        # The curve was given along rising modality values; pixel values now run against them.
        tone = 1 - tone[::-1]
    return Graded(
        pixels=np.ascontiguousarray(pixels),
        slope=float(slope),
        intercept=float(intercept),
        display=(float(display[0]), float(display[1])),
        tone=tone,
        window=None if window is None else (window.centre, window.width),
        inverted=inverted,
        warnings=_warnings(grading, window, padded, sample, pixels),
    )


def _modality(
    stored: NDArray[Any], bits: int, grading: Grading
) -> tuple[NDArray[np.uint16], float, float, int]:
    """Pixels, slope and intercept to modality values, and the value that 0 inverts to."""
    table = grading.modality_table
    if table is not None:
        pixels, slope, intercept = table.apply(stored), 1.0, 0.0
        bits = max(1, int(table.values.max()).bit_length())
    else:
        pixels, scale, offset = to_uint16(stored, bits)
        slope, intercept = grading.slope * scale, grading.slope * offset + grading.intercept
        bits = bits if stored.dtype.kind != "f" and scale == 1.0 else 16
    top = (1 << min(bits, 16)) - 1
    # A header may declare fewer bits than its values use.
    return pixels, slope, intercept, top if int(pixels.max()) <= top else 65535


def _warnings(
    grading: Grading,
    window: Window | None,
    padded: NDArray[np.bool_] | None,
    sample: NDArray[np.uint16],
    pixels: NDArray[np.uint16],
) -> tuple[str, ...]:
    found = list(grading.warnings)
    if grading.windows and window is None:
        found.append("The file's window shows nothing of the image; it was replaced.")
    if padded is not None:
        found.append("Pixels marked as padding were left out and are drawn black.")
    if int(sample.min()) == int(sample.max()) and int(pixels.min()) == int(pixels.max()):
        found.append("The image is blank: all its pixels have the same value.")
    return tuple(found)


def _choose(
    windows: tuple[Window, ...], sample: NDArray[np.uint16], slope: float, intercept: float
) -> tuple[Window | None, tuple[float, float] | None]:
    """The first window that shows something, and its black and white as pixel values."""
    for window in windows:
        ends = sorted((value - intercept) / slope for value in (window.low, window.high))
        if not all(np.isfinite(ends)):
            continue
        low, high = ends[0], max(ends[1], ends[0] + 1e-6)
        inside = float(np.mean((sample >= low) & (sample <= high)))
        # Two-level images may lie on both sides of a window that divides them well.
        divided = bool(sample.min() <= low < high <= sample.max())
        if inside >= MIN_SHOWN or divided:
            return window, (low, high)
    return None, None


def _sample(pixels: NDArray[np.uint16], padded: NDArray[np.bool_] | None) -> NDArray[np.uint16]:
    """At most about a million pixels that are image; percentiles need no more."""
    step = max(1, max(pixels.shape) // 1024)
    sample = pixels[::step, ::step]
    if padded is None:
        return np.ascontiguousarray(sample)
    kept = sample[~padded[::step, ::step]]
    return kept if kept.size else pixels[~padded]
