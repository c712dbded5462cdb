"""Pixel data of one DICOM frame → stored values, by numpy for native and codecs for the rest."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_valve.imaging.codecs import decode_frame, decode_raw_components, decode_rle
from cxr_valve.imaging.header import Layout, pixel_keyword
from cxr_valve.imaging.padding import Padding, find_padding, read_padding
from cxr_valve.imaging.refusal import Refusal, damaged, truncated
from cxr_valve.imaging.stored_bits import drop_foreign_bits, keep_bits

RLE = "1.2.840.10008.1.2.5"
#: Other readings of the same colour samples, made only when asked for.
Others = tuple[Callable[[], NDArray[Any]], ...]


@dataclass(frozen=True, eq=False)
class Stored:
    """Stored values, integer or float, (rows, columns) or (rows, columns, 3), with sign.

    ``others``: for colour, other ways to read the same samples, should the label be wrong.
    """

    values: NDArray[Any]
    others: Others = ()
    warnings: tuple[str, ...] = ()


def read_stored(dataset: Any, layout: Layout, transfer_syntax: str) -> Stored:
    """Decode the frame.

    Raises:
        Refusal: truncated, damaged, several frames in one, or no image.
    """
    element = dataset[pixel_keyword(dataset)]
    data = element.value
    if not isinstance(data, bytes) or not data:
        raise Refusal("no-pixels", found="empty pixel data")
    if layout.float_bytes:
        return Stored(_native(data, layout, swap_bytes=False))
    padding = read_padding(dataset, layout)
    if not element.is_undefined_length:
        # 8-bit samples kept as 16-bit words have their bytes in the other order in big endian.
        swap = not layout.little_endian and layout.allocated <= 8 and element.VR == "OW"
        return _readings(_native(data, layout, swap), layout, padding)
    frame = _one_frame(data)
    if transfer_syntax == RLE:
        bytes_per_sample = max(1, layout.allocated // 8)
        samples = decode_rle(frame, layout.rows, layout.columns, layout.samples, bytes_per_sample)
        return _readings(samples, layout, padding)
    samples, codestream = decode_frame(frame, layout.rows, layout.columns)
    if codestream.components != layout.samples:
        found = f"{codestream.components} in the compressed data"
        raise Refusal("inconsistent", f"{layout.samples} sample(s) per pixel", found)
    if layout.samples == 3:
        others: Others = (lambda: ybr_to_rgb(samples),)
        if codestream.kind == "jpeg":
            others = (*others, lambda: decode_raw_components(frame))
        return Stored(samples, others)
    return _grey(samples, layout, padding)


def ybr_to_rgb(samples: NDArray[Any]) -> NDArray[Any]:
    """YBR_FULL → RGB (PS3.3 C.7.6.3.1.2), unsigned (rows, columns, 3)."""
    top = float(np.iinfo(samples.dtype).max) if samples.dtype.kind in "ui" else 255.0
    # Single precision would round the top of 32 bits up, out of range.
    values: NDArray[Any] = samples.astype(np.float32 if samples.dtype.itemsize <= 2 else np.float64)
    middle = (top + 1) / 2
    luminance, blue, red = values[..., 0], values[..., 1] - middle, values[..., 2] - middle
    planes = (
        luminance + 1.402 * red,
        luminance - 0.344136 * blue - 0.714136 * red,
        luminance + 1.772 * blue,
    )
    rgb = np.rint(np.clip(np.stack(planes, axis=-1), 0, top))
    return np.asarray(rgb.astype(samples.dtype))


def _readings(samples: NDArray[Any], layout: Layout, padding: Padding | None) -> Stored:
    """Samples as the label says, and, for colour, as the other label would have it.

    Files that were decompressed often keep the label of the compressed ones.
    """
    if layout.samples == 1:
        # Codecs give the bits that were stored alone; here they may lie higher up.
        shift = layout.high_bit + 1 - layout.stored
        return _grey(samples >> samples.dtype.type(shift) if shift else samples, layout, padding)
    if layout.photometric in ("YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420"):
        return Stored(ybr_to_rgb(samples), (lambda: samples,))
    return Stored(samples, (lambda: ybr_to_rgb(samples),))


def _native(data: bytes, layout: Layout, swap_bytes: bool) -> NDArray[Any]:
    """Uncompressed samples, unsigned or float, (rows, columns[, 3]), in native byte order."""
    count = layout.rows * layout.columns * layout.samples
    if layout.photometric == "YBR_FULL_422" and layout.allocated == 8 and len(data) < count:
        return _subsampled(data, layout)
    needed = (count * layout.allocated + 7) // 8
    if len(data) < needed:
        share = 100 * len(data) / needed
        raise truncated(f"{share:.0f}% of the pixel data the header announces")
    if swap_bytes:
        data = np.frombuffer(data, np.uint16, len(data) // 2).byteswap().tobytes() + data[-1:]
    if layout.allocated == 1:
        bits = np.frombuffer(data, np.uint8, needed)
        return np.unpackbits(bits, bitorder="little", count=count).reshape(
            layout.rows, layout.columns
        )
    order = "<" if layout.little_endian else ">"
    kind = "f" if layout.float_bytes else "u"
    dtype = np.dtype(f"{order}{kind}{layout.allocated // 8}")
    samples = np.frombuffer(data, dtype, count).astype(dtype.newbyteorder("="), copy=False)
    if layout.samples == 1:
        return samples.reshape(layout.rows, layout.columns)
    if layout.planar:
        return np.moveaxis(samples.reshape(3, layout.rows, layout.columns), 0, -1)
    return samples.reshape(layout.rows, layout.columns, 3)


def _subsampled(data: bytes, layout: Layout) -> NDArray[Any]:
    """YBR_FULL_422: two luminances share one pair of colour differences (Y Y B R)."""
    pairs = layout.rows * layout.columns // 2
    if len(data) < pairs * 4:
        raise truncated(f"{100 * len(data) / (pairs * 4):.0f}% of the pixel data announced")
    quads = np.frombuffer(data, np.uint8, pairs * 4).reshape(pairs, 4)
    full = np.empty((pairs, 2, 3), np.uint8)
    full[..., 0] = quads[:, :2]
    full[..., 1:] = quads[:, None, 2:]
    return full.reshape(layout.rows, layout.columns, 3)


def _one_frame(data: bytes) -> bytes:
    """Join the fragments of the one frame of encapsulated pixel data."""
    from pydicom.encaps import generate_fragments, parse_basic_offsets

    try:
        if len(parse_basic_offsets(data)) > 1:
            raise Refusal(
                "multi-frame", found="several frames", advice="Export a single frame and try again."
            )
        # Offsets come as the first item, which holds no image.
        fragments = list(generate_fragments(data[8 + int.from_bytes(data[4:8], "little") :]))
    except Refusal:
        raise
    except Exception as error:
        raise damaged("compressed pixel data in broken fragments") from error
    starts = sum(part.startswith((b"\xff\xd8\xff", b"\xff\x4f\xff\x51")) for part in fragments)
    if starts > 1:
        advice = "Export a single frame and try again."
        raise Refusal("multi-frame", found=f"{starts} frames", advice=advice)
    return b"".join(fragments)


def _grey(samples: NDArray[Any], layout: Layout, padding: Padding | None) -> Stored:
    """Turn raw samples of one component into stored values: drop foreign bits, extend the sign."""
    if layout.allocated == 1:
        return Stored(samples)
    if samples.dtype.kind == "i":
        if layout.signed:
            return Stored(samples)
        # A codestream that calls itself signed under a header that does not: the bits count.
        samples = keep_bits(samples.view(samples.dtype.str.replace("i", "u")), layout.stored)
    if layout.signed:
        samples = samples.view(samples.dtype.str.replace("u", "i"))
    # Padding may lie beyond the stored bits, and is told by its whole value.
    grey = drop_foreign_bits(
        samples,
        layout.stored,
        declared=layout.overlay_in_pixels,
        padded=find_padding(samples, padding),
    )
    warnings = () if grey is samples else (_dropped(layout.stored),)
    return Stored(_extend_sign(grey, layout.stored) if layout.signed else grey, warnings=warnings)


def _dropped(stored: int) -> str:
    return (
        f"Marks kept in the bits above the {stored} of the image, probably an overlay, were left "
        "out."
    )


def _extend_sign(samples: NDArray[Any], stored: int) -> NDArray[Any]:
    """Two's complement of ``stored`` bits, some writers having extended the sign, some not."""
    low, high = int(samples.min()), int(samples.max())
    half = 1 << (stored - 1)
    # Values in range are right already; values beyond both conventions use more bits than said.
    if stored >= samples.dtype.itemsize * 8 or high < half or low < -half or high >= 2 * half:
        return samples
    return keep_bits(samples, stored)
