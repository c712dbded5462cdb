"""Compressed pixel data → samples.

imagecodecs carries libjpeg-turbo (8, 12 and 16 bits, lossy and lossless), CharLS and OpenJPEG
(with High-Throughput JPEG 2000). It reads the 12-bit and progressive JPEG that pydicom's plugins
refuse, prints nothing, and raises where others have been seen to write to the terminal.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_valve.imaging.codestream import Codestream, read_codestream
from cxr_valve.imaging.limits import MAX_PIXELS
from cxr_valve.imaging.refusal import Refusal, damaged, too_large, truncated


def decode_frame(data: bytes, rows: int, columns: int) -> tuple[NDArray[Any], Codestream]:
    """Decode one JPEG, JPEG-LS, JPEG 2000 or HTJ2K frame of the size the header announced.

    Returns:
        Samples (rows, columns) or (rows, columns, components), and the codestream's header.

    Raises:
        Refusal: another size than announced, too large, truncated or damaged.
    """
    codestream = read_codestream(data)
    if (codestream.rows, codestream.columns) != (rows, columns):
        raise Refusal(
            "inconsistent",
            f"compressed pixel data of {columns} × {rows} pixels as the header says",
            f"{codestream.columns} × {codestream.rows}",
            "The file contradicts itself: export it again.",
        )
    return decode_codestream(data, codestream), codestream


def decode_codestream(data: bytes, codestream: Codestream) -> NDArray[Any]:
    """Decode a codestream whose header was read; the result has the size that it announces."""
    if codestream.rows * codestream.columns > MAX_PIXELS:
        size = f"{codestream.rows * codestream.columns / 1e6:.0f} megapixels"
        raise too_large(f"at most {MAX_PIXELS // 10**6} megapixels", size)
    # Imported here: most images never need it.
    import imagecodecs

    decoders = {
        "jpeg": imagecodecs.jpeg8_decode,
        "jpeg-ls": imagecodecs.jpegls_decode,
        "jpeg-2000": imagecodecs.jpeg2k_decode,
    }
    try:
        samples = np.asarray(decoders[codestream.kind](data))
    except Exception as error:
        raise damaged("compressed pixel data that cannot be decoded") from error
    if samples.ndim == 3 and samples.shape[2] == 1:
        samples = samples[..., 0]
    if samples.shape[:2] != (codestream.rows, codestream.columns):
        raise damaged("compressed pixel data of another size than it announces")
    return samples


def decode_raw_components(data: bytes) -> NDArray[Any]:
    """Decode a three-component JPEG without any change of colour space."""
    import imagecodecs

    try:
        return np.asarray(imagecodecs.jpeg8_decode(data, colorspace="RGB", outcolorspace="RGB"))
    except Exception as error:
        raise damaged("compressed pixel data that cannot be decoded") from error


def decode_rle(
    data: bytes, rows: int, columns: int, samples: int, bytes_per_sample: int
) -> NDArray[Any]:
    """Decode one DICOM RLE frame (PS3.5 annex G): a PackBits segment per byte plane.

    Returns:
        Unsigned samples (rows, columns) or (rows, columns, samples).
    """
    import imagecodecs

    header = np.frombuffer(data[:64].ljust(64, b"\0"), "<u4")
    count, offsets = int(header[0]), [int(offset) for offset in header[1:16]]
    if count != samples * bytes_per_sample:
        raise damaged(f"{count} RLE segments instead of {samples * bytes_per_sample}")
    size = rows * columns
    planes = np.empty((samples, size, bytes_per_sample), np.uint8)
    for index in range(count):
        end = offsets[index + 1] if index + 1 < count else len(data)
        try:
            # The bound on the output defuses a decompression bomb; encoders may pad by a few bytes.
            plane = imagecodecs.packbits_decode(data[offsets[index] : end], out=size + 256)
        except Exception as error:
            raise damaged("RLE pixel data that cannot be decoded") from error
        if len(plane) < size:
            raise truncated("RLE pixel data that ends early")
        # Segments hold the most significant byte first; the array is little endian.
        byte = bytes_per_sample - 1 - index % bytes_per_sample
        planes[index // bytes_per_sample, :, byte] = np.frombuffer(plane, np.uint8, size)
    whole = planes.view(f"<u{bytes_per_sample}")[..., 0].reshape(samples, rows, columns)
    return whole[0] if samples == 1 else np.ascontiguousarray(np.moveaxis(whole, 0, -1))
