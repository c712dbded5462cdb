"""PNG, JPEG, TIFF, BMP and WebP → grey at full depth."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from cxr_valve.imaging.codecs import decode_codestream
from cxr_valve.imaging.codestream import read_codestream
from cxr_valve.imaging.colour import to_grey
from cxr_valve.imaging.limits import MAX_PIXELS
from cxr_valve.imaging.refusal import Refusal, damaged, too_large, truncated
from cxr_valve.imaging.tiff import is_white_zero, read_wide_tiff

FORMATS = {"PNG": "PNG", "JPEG": "JPEG", "TIFF": "TIFF", "BMP": "BMP", "WebP": "WEBP"}
ORIENTATION = 0x0112
_BITS = {"1": 1, "I": 32, "F": 32, "I;16": 16, "I;16L": 16, "I;16B": 16, "I;16N": 16}
_GREY = (*_BITS, "L", "LA", "La")
_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")


@dataclass(frozen=True, eq=False)
class Raster:
    """``grey``: (rows, columns), upright, integer or float; ``bits``: its declared depth.

    ``white_zero`` says that low values are bright, as in MONOCHROME1.
    """

    grey: NDArray[Any]
    bits: int
    photometric: str
    white_zero: bool
    warnings: tuple[str, ...]


def read_raster(data: bytes, container: str) -> Raster:
    """Decode one picture; ``container`` is what ``sniff`` found.

    Raises:
        Refusal: several pages or frames, too large, real colour, truncated or damaged.
    """
    try:
        with Image.open(io.BytesIO(data), formats=(FORMATS[container],)) as image:
            _check(image)
            return _read(image, data, container)
    except Image.DecompressionBombError as error:
        limit = f"at most {MAX_PIXELS // 10**6} megapixels"
        raise too_large(limit, "a larger picture") from error
    except UnidentifiedImageError as error:
        other = _read_other(data, container)
        if other is None:
            raise _broken(data, container) from error
        return other
    except OSError as error:
        if "truncated" in str(error):
            raise truncated(f"a {container} picture that breaks off") from error
        raise _broken(data, container) from error
    except (SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, Refusal):
            raise
        raise _broken(data, container) from error


def _broken(data: bytes, container: str) -> Refusal:
    """Tell a picture that was cut short from one that is damaged within."""
    announced = {
        "BMP": int.from_bytes(data[2:6], "little"),
        "WebP": int.from_bytes(data[4:8], "little") + 8,
    }.get(container, 0)
    ends = {"PNG": b"IEND", "JPEG": b"\xff\xd9"}.get(container, b"")
    if announced > len(data) or ends not in data[-4096:]:
        return truncated(f"a {container} picture that breaks off")
    return damaged(f"a {container} picture that cannot be decoded")


def _check(image: Image.Image) -> None:
    """Refuse by the header, before any pixel is decoded."""
    columns, rows = image.size
    if rows * columns > MAX_PIXELS:
        size = f"{rows * columns / 1e6:.0f} megapixels"
        raise too_large(f"at most {MAX_PIXELS // 10**6} megapixels", size)
    # Phones put a second, smaller copy behind a JPEG; the first is the picture.
    frames = 1 if image.format == "MPO" else int(getattr(image, "n_frames", 1))
    if frames > 1:
        advice = "Export a single frame and try again."
        raise Refusal("multi-frame", found=f"{frames} frames or pages", advice=advice)


def _read(image: Image.Image, data: bytes, container: str) -> Raster:
    warnings: list[str] = []
    # Pillow turns TIFF pictures upright by itself when it loads them.
    orientation = image.getexif().get(ORIENTATION, 1) if container != "TIFF" else 1
    mode = image.mode
    white_zero = is_white_zero(image)
    samples = _wide_samples(image, data, container)
    if samples is None:
        samples = _samples(image)
    bits = 16 if samples.dtype == np.uint16 else _BITS.get(mode, 8)
    samples, flattened = _flatten(samples)
    if flattened:
        warnings.append("The picture is partly transparent; it was laid on black.")
    if samples.ndim == 3:
        samples, note = to_grey(samples)
        warnings.append(note)
    if container == "JPEG" or (container == "WebP" and b"VP8 " in data[12:4096]):
        warnings.append(f"{container} compresses with loss; fine detail may be gone.")
    if bits not in (8, 16):
        warnings.append(f"The picture has {bits} bits per pixel, which is unusual.")
    photometric = "PALETTE COLOR" if mode in ("P", "PA") else "RGB"
    if mode in _GREY:
        photometric = "MONOCHROME1" if white_zero else "MONOCHROME2"
    grey = np.ascontiguousarray(_upright(samples, orientation))
    return Raster(grey, bits, photometric, white_zero, tuple(warnings))


def _read_other(data: bytes, container: str) -> Raster | None:
    """What Pillow does not know: JPEG of 12 bits or without loss, TIFF of rarer depths."""
    if container == "TIFF":
        samples = read_wide_tiff(data)
        if samples is None:
            return None
        bits, note = samples.dtype.itemsize * 8, "The picture has an unusual kind of pixel."
    elif container == "JPEG":
        codestream = read_codestream(data)
        samples, bits = decode_codestream(data, codestream), codestream.precision
        note = f"The picture has {bits} bits per pixel, which is unusual for a JPEG."
    else:
        return None
    notes = [note]
    if samples.ndim == 3:
        samples, told = to_grey(_flatten(samples)[0])
        notes.append(told)
    return Raster(samples, bits, "MONOCHROME2", False, tuple(notes))


def _wide_samples(image: Image.Image, data: bytes, container: str) -> NDArray[Any] | None:
    """16-bit colour or alpha at full depth, which Pillow would cut to 8 bits; else None."""
    if container == "PNG" and data[24] == 16 and data[25] in (2, 4, 6):
        import imagecodecs

        # Pillow decodes first: it is strict about truncation, which libpng is not.
        image.load()
        return np.asarray(imagecodecs.png_decode(data))
    return None


def _samples(image: Image.Image) -> NDArray[Any]:
    """The picture's samples: (rows, columns) grey, else with 2, 3 or 4 planes."""
    if image.mode in ("P", "PA"):
        clear = image.mode == "PA" or "transparency" in image.info
        image = image.convert("RGBA" if clear else "RGB")
    elif image.mode == "La":
        image = image.convert("LA")
    elif image.mode == "RGBa":
        image = image.convert("RGBA")
    elif image.mode not in (*_GREY, "RGB", "RGBA"):
        image = image.convert("RGB")
    samples = np.asarray(image)
    if samples.dtype == np.bool_:
        return samples.astype(np.uint8)
    return samples.astype(samples.dtype.newbyteorder("="), copy=False)


def _flatten(samples: NDArray[Any]) -> tuple[NDArray[Any], bool]:
    """Lay a picture with alpha as its last plane on black; whether that changed anything."""
    if samples.ndim == 2 or samples.shape[2] == 3:
        return samples, False
    alpha, colours = samples[..., -1], samples[..., :-1]
    colours = colours[..., 0] if colours.shape[2] == 1 else colours
    top = np.iinfo(samples.dtype).max
    # All clear is as meaningless as all opaque: some programs write alpha as zeros.
    if int(alpha.min()) == top or int(alpha.max()) == 0:
        return colours, False
    share = alpha.astype(np.float32) / top
    share = share[..., None] if colours.ndim == 3 else share
    return np.rint(colours * share).astype(samples.dtype), True


def _upright(grey: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn a picture by its EXIF orientation (1 to 8); others leave it as it is."""
    if orientation in (5, 6, 7, 8):
        grey = grey.T
    if orientation in (2, 3, 6, 7):
        grey = grey[:, ::-1]
    if orientation in (3, 4, 7, 8):
        grey = grey[::-1]
    return grey
