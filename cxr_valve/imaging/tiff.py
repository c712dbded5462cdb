"""The corners of TIFF that Pillow leaves: inverted 16-bit grey, and rarer depths."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from cxr_valve.imaging.limits import MAX_PIXELS
from cxr_valve.imaging.refusal import Refusal, damaged, too_large

WIDTH, LENGTH, PHOTOMETRIC, SAMPLES = 256, 257, 262, 277


def is_white_zero(image: Image.Image) -> bool:
    """Whether an opened TIFF keeps white as zero in a mode that Pillow does not turn over."""
    tags = getattr(image, "tag_v2", None)
    wide = image.mode.startswith(("I", "F"))
    return tags is not None and wide and tags.get(PHOTOMETRIC) == 0


def read_wide_tiff(data: bytes) -> NDArray[Any] | None:
    """Decode a one-page TIFF of a depth that Pillow does not know; None if it is not readable.

    Returns:
        Samples (rows, columns) or (rows, columns, planes), white-zero grey already turned over.
    """
    first = ImageFileDirectory_v2(data[:8])
    stream = io.BytesIO(data)
    stream.seek(first.next)
    first.load(stream)
    rows, columns = int(first.get(LENGTH, 0)), int(first.get(WIDTH, 0))
    if rows <= 0 or columns <= 0:
        raise damaged("a TIFF picture without a size")
    if rows * columns > MAX_PIXELS or int(first.get(SAMPLES, 1)) > 4:
        size = f"{rows * columns / 1e6:.0f} megapixels"
        raise too_large(f"at most {MAX_PIXELS // 10**6} megapixels", size)
    if first.next:
        advice = "Export a single page and try again."
        raise Refusal("multi-frame", found="several pages", advice=advice)
    import imagecodecs

    try:
        samples = np.asarray(imagecodecs.tiff_decode(data, index=0))
    except Exception:  # the caller reports that nothing could read the file
        return None
    if samples.shape[:2] != (rows, columns):
        return None
    if first.get(PHOTOMETRIC) == 0 and samples.ndim == 2:
        top = np.iinfo(samples.dtype).max if samples.dtype.kind in "ui" else samples.max()
        samples = (top - samples).astype(samples.dtype)
    return samples
