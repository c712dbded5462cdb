"""On which side of the chest the heart lies, from the outlines found."""

import numpy as np
from numpy.typing import NDArray

from cxr_valve.anatomy.heart import HeartReading


def lean(heart: HeartReading) -> float | None:
    """How far the heart's centre lies from the middle of both lungs, as a share of their width.

    Positive towards the right of the image, where the patient's left is displayed; usually between
    0.02 and 0.12. None where the outlines do not say.
    """
    borders = {one.structure: one.points.astype(np.float64) for one in heart.outlines}
    lungs = [borders[name] for name in ("right lung", "left lung") if name in borders]
    if "heart" not in borders or len(lungs) < 2:
        return None
    columns = np.concatenate(lungs)[:, 1]
    low, high = float(columns.min()), float(columns.max())
    if high <= low:
        return None
    return (centre_column(borders["heart"]) - (low + high) / 2) / (high - low)


def centre_column(border: NDArray[np.float64]) -> float:
    """Column of a polygon's centre of area; ``border`` (N, 2) as (row, column)."""
    rows, columns = border[:, 0], border[:, 1]
    cross = rows * np.roll(columns, -1) - np.roll(rows, -1) * columns
    area = float(cross.sum())
    if abs(area) < 1e-9:
        return float(columns.mean())
    return float(((columns + np.roll(columns, -1)) * cross).sum() / (3 * area))
