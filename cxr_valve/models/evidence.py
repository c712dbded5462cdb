"""Evidence maps: the log likelihood ratio that each cell contributes, per member.

For a member with calibration (A, B) and prevalence π, cell by cell: A·(map + bias) + B − logit(π).
Since mean(map) + bias = logit, the mean of the evidence is the image's log likelihood ratio,
whatever the prevalence: logit(post-test) = logit(prevalence) + mean evidence.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cxr_valve.cards import Calibration
from cxr_valve.evaluation.calibration import safe_logit
from cxr_valve.imaging.geometry import Geometry

Grid = NDArray[np.float32]


def member_evidence(
    activation: Grid, logit: float, calibration: Calibration, prevalence: float
) -> Grid:
    """Evidence (h, w) from the class activation map (h, w) of a member and its logit."""
    bias = logit - float(activation.mean(dtype=np.float64))
    offset = calibration.b - float(safe_logit(prevalence))
    return np.asarray(calibration.a * (activation + bias) + offset, np.float32)


def value_evidence(
    activation: Grid, output: float, calibration: Calibration, centre: float
) -> Grid:
    """Evidence (h, w) of a value: how far each cell moves it from ``centre``, in its own unit.

    Its mean is the member's value minus ``centre``.
    """
    bias = output - float(activation.mean(dtype=np.float64))
    offset = calibration.b - centre
    return np.asarray(calibration.a * (activation + bias) + offset, np.float32)


def consensus(maps: Sequence[Grid]) -> Grid:
    """Mean of the members' evidence on the finest of their grids (bilinear).

    Its mean is not the ensemble's log likelihood ratio and is never said to be.
    """
    rows = max(grid.shape[0] for grid in maps)
    columns = max(grid.shape[1] for grid in maps)
    return np.asarray(np.mean([resample(grid, rows, columns) for grid in maps], axis=0), np.float32)


def resample(grid: Grid, rows: int, columns: int) -> Grid:
    """Bilinear resampling between cell centres, flat beyond the outermost centres."""
    if grid.shape == (rows, columns):
        return grid
    image = Image.fromarray(np.ascontiguousarray(grid, np.float32))
    return np.asarray(image.resize((columns, rows), Image.Resampling.BILINEAR), np.float32)


def has_positive_evidence(grid: Grid, epsilon: float) -> bool:
    """Whether any cell lies above the card's ε."""
    return bool(np.any(grid > epsilon))


def padding_share(grid: Grid, geometry: Geometry) -> float:
    """Share of the absolute evidence that lies on padding, in [0, 1].

    A cell counts by the part of its area that is padding.
    """
    inside = np.outer(
        _covered(grid.shape[0], geometry.placed.top, geometry.placed.bottom, geometry.size),
        _covered(grid.shape[1], geometry.placed.left, geometry.placed.right, geometry.size),
    )
    weight = np.abs(grid, dtype=np.float64)
    total = float(weight.sum())
    # Sums in another order may differ in the last digit.
    return min(1.0, float((weight * (1 - inside)).sum()) / total) if total > 0 else 0.0


def _covered(cells: int, start: float, stop: float, size: int) -> NDArray[np.float64]:
    """Part of each of ``cells`` equal intervals of [0, size) that lies in [start, stop)."""
    edges = np.linspace(0, size, cells + 1)
    overlap = np.minimum(edges[1:], stop) - np.maximum(edges[:-1], start)
    covered: NDArray[np.float64] = np.clip(overlap * cells / size, 0, 1)
    return covered
