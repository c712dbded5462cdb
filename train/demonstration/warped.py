"""Real radiographs whose hearts grow and shrink as those of simulated patients do.

A network that has seen simulated radiographs only may lean on what no real one shows. So it also
learns from real ones, each shown with the hearts of several simulated patients: the heart is first
brought to an average size, whatever made it large or small, then its outline moves outwards, or
inwards, by the difference between that patient's chambers and the average's. The label is the
simulated patient's; no label of a real radiograph is used.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cxr_valve.anatomy.masks import Masks
from cxr_valve.anatomy.ratio import measure_lines
from cxr_valve.phantom.patient import Measurements

Grey = NDArray[np.float32]

#: An average simulated heart, mm; it leaves a radiograph as it is.
LA, LVEDD, WALL = 38.0, 48.5, 9.8
#: How much of a chamber's relative growth its part of the outline follows: the left ventricle makes
#: the lower left border, the atrium lies behind and shares its growth with others.
LV_SHARE, LA_SHARE = 0.9, 0.5
#: Where around the centre of the heart, degrees clockwise from the patient's left, a chamber shows,
#: and how far to both sides.
LV_AT, LV_SPREAD = 30.0, 65.0
LA_AT, LA_SPREAD = -135.0, 75.0
LEAST, MOST = 0.62, 1.6
#: The cardiothoracic ratio that every heart is brought to before it grows.
RATIO = 0.48
#: The lungs give way over this share of the heart's radius.
GIVE = 0.8
ANGLES = 180


@dataclass(frozen=True)
class Growth:
    """Relative growth of the left ventricle (with its walls) and the left atrium."""

    lv: float
    la: float


def growth_of(size: Measurements) -> Growth:
    """How much larger than the average these chambers are."""
    ventricle = (size.lvedd + 2 * size.wall) / (LVEDD + 2 * WALL) - 1
    return Growth(ventricle, size.la / LA - 1)


def to_average(found: Masks) -> float:
    """The factor that brings a heart to the average ratio between its own lungs; NaN where it has
    no lines."""
    return RATIO / warped_ratio(found, found.masks[0])


def warp(
    image: Grey, heart: NDArray[np.bool_], growth: Growth, factor: float = 1.0
) -> tuple[Grey, NDArray[np.bool_]]:
    """Image (S, S) and the mask of its heart, with the heart grown; far from it nothing moves.

    ``factor`` multiplies its size before it grows.

    Raises:
        ValueError: the mask is empty.
    """
    if not heart.any():
        raise ValueError("Expected a heart in the mask; found none.")
    rows, columns = _sources(heart, _scales(growth, factor))
    moved = ndimage.map_coordinates(image, [rows, columns], order=1, mode="nearest")
    mask = ndimage.map_coordinates(heart.astype(np.float32), [rows, columns], order=1)
    return np.asarray(moved, np.float32), np.asarray(mask > 0.5)


def warped_ratio(found: Masks, heart: NDArray[np.bool_]) -> float:
    """Cardiothoracic ratio of a warped heart between its own lungs; NaN where it has no lines."""
    masks = np.stack([heart, found.masks[1], found.masks[2]])
    moved = Masks(masks, masks.astype(np.float32), found.kept)
    lines = measure_lines(moved)
    return lines.heart_width / lines.thorax_width if lines else float("nan")


def _sources(heart: NDArray[np.bool_], scale: NDArray[np.float64]) -> tuple[Grey, Grey]:
    """Where each pixel comes from: rows and columns."""
    middle = ndimage.center_of_mass(heart)
    y, x = np.mgrid[: heart.shape[0], : heart.shape[1]].astype(np.float32)
    down, across = y - middle[0], x - middle[1]
    distance, angle = np.hypot(down, across), np.arctan2(down, across)
    border = _radius(distance, angle, heart)
    at = np.linspace(-np.pi, np.pi, ANGLES, endpoint=False)
    old = np.interp(angle, at, border, period=2 * np.pi)
    new = old * np.interp(angle, at, scale, period=2 * np.pi)
    end = np.maximum(old, new) + GIVE * float(border.mean())
    inside = distance * old / new
    beyond = old + (distance - new) * (end - old) / (end - new)
    come = np.where(distance <= new, inside, np.where(distance < end, beyond, distance))
    share = come / np.maximum(distance, 1e-6)
    return middle[0] + down * share, middle[1] + across * share


def _radius(distance: Grey, angle: Grey, heart: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Radius of the outline for each of ``ANGLES`` directions, smoothed around."""
    sector = ((angle[heart] + np.pi) / (2 * np.pi) * ANGLES).astype(int) % ANGLES
    radius = np.zeros(ANGLES)
    np.maximum.at(radius, sector, distance[heart].astype(float))
    radius = ndimage.maximum_filter1d(radius, 3, mode="wrap")
    return np.asarray(ndimage.gaussian_filter1d(radius, 3, mode="wrap") + 1.0)


def _scales(growth: Growth, factor: float) -> NDArray[np.float64]:
    at = np.linspace(-180, 180, ANGLES, endpoint=False)

    def near(where: float, spread: float) -> NDArray[np.float64]:
        off = (at - where + 180) % 360 - 180
        return np.asarray(np.exp(-0.5 * (off / spread) ** 2))

    grown = 1 + LV_SHARE * growth.lv * near(LV_AT, LV_SPREAD)
    grown = grown + LA_SHARE * growth.la * near(LA_AT, LA_SPREAD)
    return np.clip(factor * grown, LEAST, MOST)
