"""Windows: which modality values are drawn black and white, and the curve between them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_valve.imaging.header import numbers, word
from cxr_valve.imaging.lookup import LookupTable

TONE_STEPS = 256
#: Without a window, these percentiles of the image are drawn black and white.
PERCENTILES = (0.5, 99.5)


@dataclass(frozen=True, eq=False)
class Window:
    """A window in modality units, drawn black at ``low`` and white at ``high``.

    ``tone`` rises from 0 to 1 at even steps from low to high, None for a straight line;
    ``falling`` means that brightness is 1 − tone: a table that makes high values dark.
    """

    centre: float
    width: float
    low: float
    high: float
    tone: NDArray[np.float32] | None = None
    falling: bool = False


def read_windows(dataset: Any) -> tuple[Window, ...]:
    """The windows of a dataset in its order, those without sense left out."""
    centres, widths = numbers(dataset, "WindowCenter"), numbers(dataset, "WindowWidth")
    function = word(dataset, "VOILUTFunction")
    found = (
        window_of(centre, width, function) for centre, width in zip(centres, widths, strict=False)
    )
    return tuple(window for window in found if window is not None)


def window_of(centre: float, width: float, function: str = "LINEAR") -> Window | None:
    """One window by DICOM's formulas (PS3.3 C.11.2.1.2, C.11.2.1.3); None if it has no sense."""
    if width <= 0:
        return None
    if function == "LINEAR_EXACT":
        return Window(centre, width, centre - width / 2, centre + width / 2)
    if function == "SIGMOID":
        # One width to either side spans brightness .018 to .982; the curve is stretched to 0–1.
        steps = 1 / (1 + np.exp(-4 * np.linspace(-1, 1, TONE_STEPS)))
        tone = (steps - steps[0]) / (steps[-1] - steps[0])
        return Window(centre, width, centre - width, centre + width, tone.astype(np.float32))
    if width < 1:
        # LINEAR is not defined below 1; files in physical units nevertheless have such windows.
        return Window(centre, width, centre - width / 2, centre + width / 2)
    half = (width - 1) / 2
    return Window(centre, width, centre - 0.5 - half, centre - 0.5 + half)


def table_window(table: LookupTable) -> Window:
    """The window that spans a VOI LUT, with the table's curve as tone.

    It runs from the last input that is (nearly) black to the first that is (nearly) white.
    """
    values = table.values.astype(np.float64)
    falling = bool(values[-1] < values[0])
    low, high = values.min(), values.max()
    share = (values - low) / (high - low) if high > low else np.linspace(0, 1, values.size)
    if falling:
        share = 1 - share
    dark, bright = np.flatnonzero(share > 0.002), np.flatnonzero(share < 0.998)
    start = max(0, int(dark[0]) - 1) if dark.size else 0
    stop = min(values.size - 1, int(bright[-1]) + 1) if bright.size else values.size - 1
    if stop <= start:
        start, stop = 0, values.size - 1
    curve = np.interp(np.linspace(start, stop, TONE_STEPS), np.arange(values.size), share)
    first, last = float(table.first + start), float(table.first + stop)
    tone = curve.astype(np.float32)
    return Window((first + last) / 2, last - first, first, last, tone, falling)


def percentile_limits(sample: NDArray[np.uint16]) -> tuple[float, float]:
    """Pixel values drawn black and white where the file gives no window."""
    low, high = np.percentile(sample, PERCENTILES)
    if high <= low:
        low, high = float(sample.min()), float(sample.max())
    return (float(low), float(high)) if high > low else (float(low), float(low) + 1.0)
