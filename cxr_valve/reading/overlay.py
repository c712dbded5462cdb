"""Evidence drawn over the radiograph: warm for, cool against, transparent near zero."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cxr_valve.imaging.geometry import Geometry
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.models.evidence import Grid

#: Okabe-Ito vermillion and sky blue: told apart by every kind of colour vision.
FOR_COLOUR = (213, 94, 0)
AGAINST_COLOUR = (86, 180, 233)
#: Opacity of a cell at the colour limit.
FULL_OPACITY = 0.65


def grey_image(radiograph: Radiograph, longest: int) -> NDArray[np.uint8]:
    """The radiograph as displayed by default, uint8, at most ``longest`` pixels a side."""
    image = Image.fromarray(radiograph.shown())
    scale = min(1.0, longest / max(image.size))
    if scale < 1:
        size = (round(image.width * scale) or 1, round(image.height * scale) or 1)
        image = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0)
    return np.asarray(image)


def place(grid: Grid, geometry: Geometry, rows: int, columns: int) -> NDArray[np.float32]:
    """Evidence (h, w) spread over the whole radiograph drawn at ``rows`` × ``columns``.

    Bilinear between cell centres; zero where the network saw nothing (trimmed border).
    """
    crop, placed = geometry.crop, geometry.placed
    down = _weights(rows, geometry.rows, (crop.top, crop.bottom), placed.top, geometry.scale[0],
                    geometry.size, grid.shape[0])  # fmt: skip
    across = _weights(columns, geometry.columns, (crop.left, crop.right), placed.left,
                      geometry.scale[1], geometry.size, grid.shape[1])  # fmt: skip
    return np.asarray(down @ grid @ across.T, np.float32)


def _weights(
    drawn: int, original: int, kept: tuple[float, float], start: float, scale: float, size: int,
    cells: int,
) -> NDArray[np.float64]:  # fmt: skip
    """Interpolation weights (drawn, cells) along one axis; rows outside ``kept`` are zero."""
    at = (np.arange(drawn) + 0.5) * original / drawn
    cell = np.clip((start + (at - kept[0]) * scale) / size * cells - 0.5, 0, cells - 1)
    low = np.minimum(cell.astype(int), max(cells - 2, 0))
    high = np.minimum(low + 1, cells - 1)
    weights = np.zeros((drawn, cells))
    index = np.arange(drawn)
    np.add.at(weights, (index, low), 1 - (cell - low))
    np.add.at(weights, (index, high), cell - low)
    weights[(at < kept[0]) | (at >= kept[1])] = 0
    return weights


def colourise(evidence: NDArray[np.float32], limit: float, epsilon: float) -> NDArray[np.uint8]:
    """Evidence → RGBA (…, 4): opacity grows from ε to the limit, the same for every image."""
    strength = np.clip((np.abs(evidence) - epsilon) / max(limit - epsilon, 1e-6), 0, 1)
    rgba = np.empty((*evidence.shape, 4), np.uint8)
    rgba[..., :3] = np.where((evidence > 0)[..., None], FOR_COLOUR, AGAINST_COLOUR)
    rgba[..., 3] = np.rint(strength * FULL_OPACITY * 255)
    return rgba


def overlay(
    radiograph: Radiograph,
    grid: Grid,
    geometry: Geometry,
    *,
    limit: float,
    epsilon: float,
    longest: int = 1024,
    opacity: float = 1.0,
) -> Image.Image:
    """The radiograph with the evidence over it, RGB, at most ``longest`` pixels a side."""
    grey = grey_image(radiograph, longest)
    colours = colourise(place(grid, geometry, *grey.shape), limit, epsilon)
    colours[..., 3] = np.rint(colours[..., 3] * np.clip(opacity, 0, 1))
    base = Image.fromarray(grey).convert("RGBA")
    return Image.alpha_composite(base, Image.fromarray(colours)).convert("RGB")
