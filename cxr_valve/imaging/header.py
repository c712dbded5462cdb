"""The facts of a DICOM dataset that decoding needs, and no others: the dataset is then dropped."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cxr_valve.imaging.limits import MAX_PIXELS
from cxr_valve.imaging.refusal import Refusal, too_large

GREY = ("MONOCHROME1", "MONOCHROME2")
COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT")
PALETTE = "PALETTE COLOR"


@dataclass(frozen=True)
class Layout:
    """How samples lie in the pixel data. ``float_bytes`` is 4 or 8 for float pixel data, else 0."""

    rows: int
    columns: int
    samples: int
    allocated: int
    stored: int
    high_bit: int
    signed: bool
    photometric: str
    planar: bool
    little_endian: bool
    overlay_in_pixels: bool
    float_bytes: int
    warnings: tuple[str, ...]


def integer(dataset: Any, keyword: str) -> int | None:
    """The attribute as an integer, None where it is absent or no number."""
    value = number(dataset, keyword)
    return None if value is None else int(value)


def number(dataset: Any, keyword: str) -> float | None:
    """The attribute (its first value) as a finite number, None where it is absent or is none."""
    values = numbers(dataset, keyword)
    return values[0] if values else None


def numbers(dataset: Any, keyword: str) -> tuple[float, ...]:
    """The finite numbers of a multi-valued attribute; empty where any of them is none."""
    try:
        value = getattr(dataset, keyword, None)
        if value is None or isinstance(value, bytes) or value == "":
            return ()
        several = [value] if isinstance(value, str | int | float) else list(value)
        found = tuple(float(item) for item in several)
    except Exception:  # a malformed value may fail in any way when it is first looked at
        return ()
    return found if all(np.isfinite(found)) else ()


def words(dataset: Any, keyword: str) -> tuple[str, ...]:
    """The attribute's values as upper-case words; empty where it is absent or unreadable."""
    try:
        value = getattr(dataset, keyword, None)
        if value is None:
            return ()
        several = [value] if isinstance(value, str) else list(value)
        return tuple(str(item).strip().strip("\0").upper() for item in several)
    except Exception:
        return ()


def word(dataset: Any, keyword: str) -> str:
    """The first of ``words``, "" where there is none."""
    return (*words(dataset, keyword), "")[0]


def read_layout(dataset: Any, little_endian: bool) -> Layout:
    """Collect and check how samples are laid out.

    Raises:
        Refusal: no size, several frames, too many pixels, or a layout that no radiograph has.
    """
    rows, columns = _size(dataset)
    float_bytes = {"FloatPixelData": 4, "DoubleFloatPixelData": 8}.get(pixel_keyword(dataset), 0)
    samples = integer(dataset, "SamplesPerPixel") or 1
    allocated = float_bytes * 8 or integer(dataset, "BitsAllocated") or 0
    photometric = word(dataset, "PhotometricInterpretation")
    warnings: list[str] = []
    if not photometric:
        photometric = "MONOCHROME2" if samples == 1 else "RGB"
        warnings.append("The file does not say whether high values are bright; it was assumed.")
    _check(samples, allocated, photometric)
    stored = integer(dataset, "BitsStored") or allocated
    if stored > allocated:
        stored = allocated
        warnings.append("The file declares more bits stored than allocated.")
    high_bit = integer(dataset, "HighBit")
    if high_bit is None or not stored - 1 <= high_bit < allocated:
        high_bit = stored - 1
    return Layout(
        rows=rows,
        columns=columns,
        samples=samples,
        allocated=allocated,
        stored=allocated if float_bytes else stored,
        high_bit=high_bit,
        signed=integer(dataset, "PixelRepresentation") == 1,
        photometric=photometric,
        planar=integer(dataset, "PlanarConfiguration") == 1,
        little_endian=little_endian,
        overlay_in_pixels=_overlay_in_pixels(dataset),
        float_bytes=float_bytes,
        warnings=tuple(warnings),
    )


def _size(dataset: Any) -> tuple[int, int]:
    """Rows and columns of the one frame, within the limits."""
    rows, columns = integer(dataset, "Rows") or 0, integer(dataset, "Columns") or 0
    frames = integer(dataset, "NumberOfFrames") or 1
    if frames > 1:
        advice = "Export a single frame and try again."
        raise Refusal("multi-frame", found=f"{frames} frames", advice=advice)
    if rows <= 0 or columns <= 0:
        raise Refusal("inconsistent", "an image with rows and columns", "a header without a size")
    if rows * columns > MAX_PIXELS:
        size = f"{rows * columns / 1e6:.0f} megapixels"
        raise too_large(f"at most {MAX_PIXELS // 10**6} megapixels", size)
    return rows, columns


def pixel_keyword(dataset: Any) -> str:
    """The pixel data attribute that the dataset has, "" if none."""
    for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"):
        if keyword in dataset:
            return keyword
    return ""


def _check(samples: int, allocated: int, photometric: str) -> None:
    if allocated not in (1, 8, 16, 32, 64):
        raise Refusal("unsupported", "8, 16 or 32 bits per sample", f"{allocated}")
    known = photometric in (*GREY, *COLOUR, PALETTE)
    if not known:
        raise Refusal("unsupported", "a grey image", "an unknown photometric interpretation")
    if samples not in (1, 3) or (samples == 3) != (photometric in COLOUR):
        found = f"{samples} samples per pixel, labelled {photometric}"
        raise Refusal("inconsistent", "one sample per pixel", found)


def _overlay_in_pixels(dataset: Any) -> bool:
    """Whether an overlay is kept in the bits above the grey value (an old practice)."""
    for group in range(0x6000, 0x6020, 2):
        try:
            if (group, 0x0102) in dataset and int(dataset[group, 0x0102].value) > 0:
                return True
        except Exception:  # an unreadable overlay is no reason to refuse the image
            continue
    return False
