"""Grey pictures kept in colour: read as grey; coloured pictures: refused.

Three kinds are grey: equal planes; grey with a few coloured marks; and grey seen through one
tint, as in a toned print or a photograph of a light box. What tells a tint from a picture in one
dominant colour is that colour follows brightness exactly: over public radiographs tinted in
several ways at most .4% of pixels stray from that curve, over photographs 7% and more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_valve.imaging.refusal import Refusal

SAMPLE_SIDE = 384
BINS = 16
#: Chroma (largest minus smallest plane, as a share of the range) that counts as colour at all …
VISIBLE = 0.1
#: … and as vivid: a Doppler flow is, the frame of a workstation is not.
VIVID = 0.2
MAX_VIVID_SHARE = 0.01
MAX_VISIBLE_SHARE = 0.2
#: A tint: this share of pixels may stray from it by more than ``STRAY``.
STRAY = 0.06
MAX_STRAY_SHARE = 0.02
MAX_TINT = 0.7
MIN_SAME_HUE = 0.9
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Chroma:
    """Shares of pixels in [0, 1]: with visible colour, with vivid colour; whether one tint."""

    visible: float
    vivid: float
    tinted: bool


def measure_chroma(picture: NDArray[Any]) -> Chroma:
    """Measure the colour of an RGB picture (rows, columns, 3) of unsigned integers."""
    step = max(1, -(-max(picture.shape[:2]) // SAMPLE_SIDE))
    # Planes first, as sums over a last axis of three are slow.
    sample = np.moveaxis(picture[::step, ::step, :3], -1, 0).reshape(3, -1)
    planes = sample.astype(np.float32) / np.float32(_top(picture))
    luminance = _LUMINANCE @ planes
    spread = planes.max(axis=0) - planes.min(axis=0)
    visible, vivid = float(np.mean(spread > VISIBLE)), float(np.mean(spread > VIVID))
    if vivid <= MAX_VIVID_SHARE and visible <= MAX_VISIBLE_SHARE:
        return Chroma(visible, vivid, tinted=False)
    return Chroma(visible, vivid, _is_tint(luminance, planes - luminance))


def to_grey(
    picture: NDArray[Any],
    others: Sequence[Callable[[], NDArray[Any]]] = (),
    *,
    palette: bool = False,
) -> tuple[NDArray[Any], str]:
    """Make grey of a picture in colour planes whose content is grey.

    Args:
        picture: (rows, columns, 3) unsigned integers, RGB.
        others: other readings of the same samples, tried in turn where this one has colour:
            files mislabel their colour space, and no coloured picture turns grey by mistake.
        palette: whether one stored value a pixel was coloured by a palette. Such a frame is read
            by its brightness whatever the palette, and says so.

    Returns:
        Grey (rows, columns) at the same depth, and a sentence on what was done.

    Raises:
        Refusal: "colour", every reading has real colour and there is no palette.
    """
    chroma = measure_chroma(picture)
    for reading in others:
        if _is_plain(chroma):
            break
        candidate = reading()
        # Only equal planes are proof enough to overrule the label.
        measured = measure_chroma(candidate)
        if measured.visible <= MAX_VIVID_SHARE:
            picture, chroma = candidate, measured
    if not (_is_plain(chroma) or chroma.tinted):
        if palette:
            return _grey(picture), "A palette colours this image; its brightness was read as grey."
        raise Refusal(
            "colour",
            found=f"a coloured picture ({100 * chroma.visible:.0f}% of it in colour)",
            advice="Export the radiograph itself, in grey.",
        )
    return _grey(picture), _note(chroma)


def _is_plain(chroma: Chroma) -> bool:
    """Grey with at most a few coloured marks."""
    return chroma.vivid <= MAX_VIVID_SHARE and chroma.visible <= MAX_VISIBLE_SHARE


def _note(chroma: Chroma) -> str:
    if chroma.tinted:
        return "The picture is tinted; its brightness was read as grey."
    if chroma.visible > 0:
        return "The picture has coloured marks; they were read as grey."
    return "The image was stored in colour and read as grey."


def _grey(picture: NDArray[Any]) -> NDArray[Any]:
    red, green, blue = (picture[..., plane] for plane in range(3))
    if np.array_equal(red, green) and np.array_equal(green, blue):
        return np.ascontiguousarray(green)
    precise = np.float32 if picture.dtype.itemsize <= 2 else np.float64
    grey = picture[..., :3].astype(precise) @ _LUMINANCE.astype(precise)
    return np.asarray(np.rint(np.clip(grey, 0, _top(picture))).astype(picture.dtype))


def _top(picture: NDArray[Any]) -> float:
    """The brightest value the picture could hold: samples may use fewer bits than their type."""
    highest = int(picture.max())
    depths = (8, 10, 12, 14, 16, 32)
    return float(next((1 << bits for bits in depths if highest < 1 << bits), 1 << 64) - 1)


def _is_tint(luminance: NDArray[np.float32], difference: NDArray[np.float32]) -> bool:
    """Whether colour, given as ``difference`` (3, n) from luminance, follows it along one hue."""
    bins = np.minimum((luminance * BINS).astype(np.intp), BINS - 1)
    share = np.bincount(bins, minlength=BINS) / bins.size
    tint = np.zeros((3, BINS), np.float32)
    for index in np.flatnonzero(share):
        # A few thousand pixels of a bin tell its middle colour well enough.
        members = np.flatnonzero(bins == index)
        tint[:, index] = np.median(difference[:, members[:: 1 + members.size // 4096]], axis=1)
    strength = tint.max(axis=0) - tint.min(axis=0)
    told = (strength > STRAY / 2) & (share > 0.005)
    if not told.any() or float(strength[told].max()) > MAX_TINT:
        return False
    directions = tint[:, told] / np.linalg.norm(tint[:, told], axis=0)
    mean = directions @ share[told]
    mean /= float(np.linalg.norm(mean)) + 1e-9
    if float((mean @ directions).min()) < MIN_SAME_HUE:
        return False
    # Within a bin the tint still grows with brightness: draw it through the bin centres.
    known = share > 0
    centres = ((np.arange(BINS) + 0.5) / BINS)[known]
    strayed = [
        difference[plane] - np.interp(luminance, centres, tint[plane, known]) for plane in range(3)
    ]
    spread = np.max(strayed, axis=0) - np.min(strayed, axis=0)
    return float(np.mean(spread > STRAY)) <= MAX_STRAY_SHARE
