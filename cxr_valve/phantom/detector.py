"""Path of a ray through tissue → what the detector measures: primary, scatter, blur and noise.

Lengths are in mm. The signal is given as attenuation, −ln(signal / signal in air), so that dense
tissue is bright and every step afterwards is a subtraction.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Field = NDArray[np.float32]

#: Scatter is smooth, so it is worked out on pixels of about this size, in mm.
SCATTER_PIXEL_MM = 6.0
#: Radii (mm) over which scatter of thin and of thick tissue spreads, and the thickness at which it
#: is all of the second kind.
SPREAD_MM, THICK_MM = (22.0, 55.0), 260.0
#: Nothing measures more than this.
MOST = 9.0


@dataclass(frozen=True)
class Detector:
    """Beam and detector of one exposure.

    Attributes:
        mu: attenuation of soft tissue in 1/mm; about 0.019 at 120 kV, 0.022 at 85 kV (Hubbell and
            Seltzer, NIST 126).
        scatter: scattered over primary signal behind 150 mm of tissue; 0.4 with a good grid, 1.8
            at the bedside without.
        quanta: X-ray quanta counted in a mm² of unattenuated beam.
        electronic: noise of the electronics, in quanta per mm² (standard deviation).
        blur_mm: standard deviation of the blur by focus and phosphor, at the detector.
    """

    mu: float
    scatter: float
    quanta: float
    electronic: float
    blur_mm: float


def sample_detector(rng: np.random.Generator, *, portable: bool) -> Detector:
    """Draw beam and detector; ``portable`` is a bedside exposure: softer beam, no grid."""
    return Detector(
        mu=float(rng.uniform(0.0195, 0.022) if portable else rng.uniform(0.0175, 0.0205)),
        scatter=float(rng.uniform(0.9, 1.8) if portable else rng.uniform(0.35, 0.9)),
        quanta=float(np.exp(rng.uniform(*np.log((6e4, 4e5) if portable else (1.2e5, 1.5e6))))),
        electronic=float(rng.uniform(20, 80)),
        blur_mm=float(rng.uniform(0.25, 0.6) if portable else rng.uniform(0.15, 0.45)),
    )


def expose(path: Field, pixel_mm: float, detector: Detector, rng: np.random.Generator) -> Field:
    """Attenuation measured behind a path of soft tissue, both (side, side); path in mm.

    Attenuation is 0 in the open beam (slightly more or less by noise) and at most ``MOST``.
    """
    primary = np.exp(-detector.mu * path)
    signal = primary + _scatter(path, primary, pixel_mm, detector.scatter)
    sigma = detector.blur_mm / pixel_mm
    # A ray stands for the whole pixel that it hits the middle of.
    signal = ndimage.gaussian_filter(signal, float(np.hypot(sigma, 0.35)), truncate=3.0)
    area = pixel_mm**2
    noise = rng.standard_normal(signal.shape, np.float32)
    spread = signal / (detector.quanta * area) + (detector.electronic / detector.quanta) ** 2 / area
    signal += noise * np.sqrt(np.maximum(spread, 0))
    return np.asarray(-np.log(np.maximum(signal, np.float32(np.exp(-MOST)))), np.float32)


def _scatter(path: Field, primary: Field, pixel_mm: float, share: float) -> Field:
    """Scatter that reaches the detector: made where quanta are taken out, spread further by thick
    tissue than by thin."""
    side = path.shape[0]
    coarse = max(16, round(side * pixel_mm / SCATTER_PIXEL_MM))
    step = side * pixel_mm / coarse
    thickness, through = resized(path, coarse), resized(primary, coarse)
    made = np.float32(share) * through * (thickness / np.float32(150.0))
    thick = np.clip(thickness / np.float32(THICK_MM), 0, 1)
    near = ndimage.gaussian_filter(made * (1 - thick), SPREAD_MM[0] / step, mode="constant")
    far = ndimage.gaussian_filter(made * thick, SPREAD_MM[1] / step, mode="constant")
    return resized(near + far, side)


def resized(field: Field, side: int) -> Field:
    """A square field at another size; reducing averages, enlarging interpolates smoothly."""
    enlarges = side > field.shape[0]
    how = Image.Resampling.BICUBIC if enlarges else Image.Resampling.BOX
    return np.asarray(Image.fromarray(field).resize((side, side), how), np.float32)
