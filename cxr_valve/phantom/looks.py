"""Attenuation → the picture that is archived: processing as vendors do it, borders, letters.

No vendor's algorithm is copied: each look is a point in a space of detail at four scales, evening
out of the broad greys, and a tone curve, which between them span what archives hold.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cxr_valve.phantom.detector import resized

Field = NDArray[np.float32]
Span = tuple[float, float]

#: Standard deviations (mm) that part detail from what is broader: fine, vessels, ribs, organs.
SCALES_MM = (0.9, 3.0, 10.0, 32.0)
#: Greys in which an archive of bytes is stored, of 4096.
WHITE = 4095


@dataclass(frozen=True)
class Look:
    """One way of processing; a span is drawn from uniformly for each radiograph.

    Attributes:
        share: how many radiographs get it.
        gains: factor of the detail at each of ``SCALES_MM``; 1 leaves it.
        even: share of the broadest greys that is taken out, so that lungs brighten and the
            mediastinum becomes transparent.
        low: percentile of attenuation within the body drawn black.
        high: percentile drawn white.
        bend: exponent of the tone; above 1 darkens the middle.
        steep: slope of the S-curve; 0 is a straight line.
        bytes_: stored in 256 greys, as exported archives are.
        grain: noise of film and digitiser, in greys of 1.
        soft_mm: blur of the digitiser or of a resized copy.
    """

    share: float
    gains: tuple[Span, Span, Span, Span]
    even: Span
    low: Span
    high: Span
    bend: Span
    steep: Span
    bytes_: bool = False
    grain: Span = (0.0, 0.0)
    soft_mm: Span = (0.0, 0.0)


_PLAIN: tuple[Span, Span, Span, Span] = ((1.8, 3.0), (1.4, 2.0), (1.1, 1.4), (1.0, 1.0))

LOOKS = {
    # The logarithm and a window, nothing else.
    "plain": Look(0.12, _PLAIN, (0.0, 0.3), (0.5, 3), (98.5, 99.8), (0.8, 1.2), (0.0, 0.5)),
    # A strong S-curve: black lungs, white mediastinum.
    "s-curve": Look(
        0.14, ((1.5, 2.4), (1.3, 2.0), (1.0, 1.3), (1.0, 1.0)), (0.1, 0.4),
        (0.5, 4), (97.5, 99.5), (0.85, 1.2), (2.0, 4.0),
    ),
    # Bright lungs by a low exponent.
    "gamma": Look(
        0.12, ((1.5, 2.4), (1.3, 2.0), (1.0, 1.3), (1.0, 1.0)), (0.1, 0.45),
        (0.2, 2), (98.5, 99.9), (0.55, 0.85), (0.0, 1.0),
    ),
    # Unsharp masking with one wide kernel.
    "unsharp": Look(
        0.16, ((2.0, 3.6), (1.8, 2.8), (1.2, 1.8), (1.0, 1.2)), (0.1, 0.4),
        (0.5, 3), (98.5, 99.8), (0.8, 1.15), (0.5, 2.0),
    ),
    # Contrast raised at several scales.
    "multi-scale": Look(
        0.18, ((2.0, 3.8), (2.0, 3.2), (1.3, 2.0), (0.9, 1.2)), (0.3, 0.6),
        (0.3, 2), (99.0, 99.9), (0.8, 1.2), (0.5, 2.0),
    ),
    # Lung fields evened out against the mediastinum.
    "even": Look(
        0.12, ((1.8, 3.2), (1.6, 2.6), (1.1, 1.7), (1.0, 1.2)), (0.4, 0.65),
        (0.3, 2), (98.5, 99.8), (0.75, 1.1), (0.0, 1.5),
    ),
    # Film with its toe and shoulder, digitised years later.
    "film": Look(
        0.08, _PLAIN, (0.0, 0.1), (1, 6), (96, 99), (0.9, 1.3), (2.5, 4.5),
        bytes_=True, grain=(0.012, 0.03), soft_mm=(0.2, 0.5),
    ),
    # A reduced copy in bytes from an old archive.
    "archive": Look(
        0.08, ((1.6, 3.0), (1.4, 2.4), (1.0, 1.5), (1.0, 1.0)), (0.0, 0.4),
        (0.5, 3), (98, 99.8), (0.75, 1.2), (0.5, 2.5),
        bytes_=True, grain=(0.004, 0.014), soft_mm=(0.2, 0.6),
    ),
}  # fmt: skip


def sample_look(rng: np.random.Generator) -> str:
    """Draw the name of a look, by their shares."""
    shares = np.array([look.share for look in LOOKS.values()])
    return str(rng.choice(list(LOOKS), p=shares / shares.sum()))


def process(
    attenuation: Field,
    body: NDArray[np.bool_],
    pixel_mm: float,
    look: Look,
    rng: np.random.Generator,
    noise: np.random.Generator,
) -> Field:
    """Grey in [0, 1], bright = dense, of attenuation (side, side).

    ``body`` is where anything was exposed through the patient: greys are windowed on it. ``rng``
    draws from the look's spans, ``noise`` the grain.
    """
    bands, base = _bands(attenuation, pixel_mm)
    middle = np.float32(np.median(base[body])) if body.any() else np.float32(0)
    base = middle + (base - middle) * np.float32(1 - rng.uniform(*look.even))
    image = base
    for band, gain in zip(bands, look.gains, strict=True):
        image = image + np.float32(rng.uniform(*gain)) * band
    seen = image[body] if body.any() else image.ravel()
    low, high = np.percentile(seen[::7], (rng.uniform(*look.low), rng.uniform(*look.high)))
    grey = np.clip((image - low) / max(high - low, 1e-3), 0, 1).astype(np.float32)
    grey = _tone(grey, rng.uniform(*look.bend), rng.uniform(*look.steep))
    soft, grain = rng.uniform(*look.soft_mm) / pixel_mm, rng.uniform(*look.grain)
    if soft > 0.2:
        grey = ndimage.gaussian_filter(grey, soft, truncate=3.0)
    if grain > 0:
        grey = grey + np.float32(grain) * noise.standard_normal(grey.shape, np.float32)
    return np.asarray(np.clip(grey, 0, 1), np.float32)


def stored(grey: Field, look: Look) -> NDArray[np.uint16]:
    """Grey in [0, 1] → 12 bits, in steps of a byte where the look is an archive of bytes."""
    if look.bytes_:
        return np.asarray(np.rint(np.rint(grey * 255) * (WHITE / 255)), np.uint16)
    return np.asarray(np.rint(grey * WHITE), np.uint16)


def _bands(image: Field, pixel_mm: float) -> tuple[list[Field], Field]:
    """Detail at each of ``SCALES_MM``, and what is broader than all of them; they add up to it.

    Broad scales are worked out on a reduced copy.
    """
    side = image.shape[0]
    bands, finer = [], image
    for scale in SCALES_MM:
        sigma = scale / pixel_mm
        factor = max(1, min(int(sigma / 2), side // 24))
        if factor > 1:
            small = resized(image, side // factor)
            broad = resized(ndimage.gaussian_filter(small, sigma / factor, truncate=3.0), side)
        else:
            broad = ndimage.gaussian_filter(image, sigma, truncate=3.0)
        bands.append(finer - broad)
        finer = broad
    return bands, finer


def _tone(grey: Field, bend: float, steep: float) -> Field:
    """Exponent, then an S-curve through black and white."""
    grey = grey ** np.float32(bend)
    if steep < 0.1:
        return np.asarray(grey, np.float32)
    half = np.tanh(steep / 2)
    return np.asarray(0.5 + 0.5 * np.tanh(steep * (grey - 0.5)) / half, np.float32)
