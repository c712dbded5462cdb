"""Shells of bone as clouds of small volumes, laid onto the detector where the beam meets them.

Each point stands for some mm³ of bone; what falls on a pixel, over the pixel's area, is the length
of bone along its rays. Edges of bones, where rays run along the shell, come out bright by
themselves, as they are on a radiograph.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cxr_valve.phantom.rays import Field, Rays

Points = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Cloud:
    """``at``: (n, 3) in mm, body frame; ``volume``: (n,) in mm³ of soft tissue that attenuates
    alike."""

    at: Points
    volume: Points


def splat(rays: Rays, clouds: list[Cloud]) -> Field:
    """Length along each ray, mm, (side, side)."""
    at = np.concatenate([cloud.at for cloud in clouds])
    volume = np.concatenate([cloud.volume for cloud in clouds])
    # Not a matrix product: BLAS would spread three rows over every core, and wait for them.
    x, y, z = np.einsum("ij,nj->in", rays.view.rotation.astype(np.float32), at)
    view = rays.view
    sign = -1.0 if view.projection == "PA" else 1.0
    distance = view.gap_mm + view.depth_mm / 2 + sign * z
    scale = view.tube_mm / (view.tube_mm - distance)
    column = (x * scale + (view.shift_mm[0] + rays.field_mm / 2)) / rays.pixel_mm - 0.5
    row = (y * scale + view.shift_mm[1]) / rays.pixel_mm - 0.5
    # In the plane of the bone a pixel is smaller than at the detector.
    weight = volume * (scale / rays.pixel_mm) ** 2
    out = _shared(row, column, weight, rays.side)
    return np.asarray(ndimage.gaussian_filter(out, 0.45 / rays.pixel_mm, truncate=3), np.float32)


def _shared(row: Points, column: Points, weight: Points, side: int) -> Field:
    """Bilinear shares of each point on a grid that is one pixel wider all around."""
    wide = side + 2
    kept = (row > -1) & (row < side) & (column > -1) & (column < side)
    row, column, weight = row[kept] + 1, column[kept] + 1, weight[kept]
    top, left = np.floor(row).astype(np.int32), np.floor(column).astype(np.int32)
    down, across = row - top, column - left
    place = top * wide + left
    total = np.zeros(wide * wide)
    for offset, share in (
        (0, (1 - down) * (1 - across)),
        (1, (1 - down) * across),
        (wide, down * (1 - across)),
        (wide + 1, down * across),
    ):
        total += np.bincount(place + offset, weight * share, wide * wide)
    return total.reshape(wide, wide)[1:-1, 1:-1].astype(np.float32)


def along(points: Points, spacing: float) -> tuple[Points, Points]:
    """A polyline (n, 3) resampled every ``spacing`` mm or finer: points and directions, (m, 3)."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    reach = np.concatenate([[0], np.cumsum(steps)])
    count = max(2, int(np.ceil(reach[-1] / spacing)))
    at = (np.arange(count) + 0.5) * reach[-1] / count
    found = np.stack([np.interp(at, reach, points[:, axis]) for axis in range(3)], axis=1)
    direction = np.gradient(found, axis=0)
    direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-6)
    return found.astype(np.float32), direction.astype(np.float32)


def shaft(
    points: Points,
    radii: tuple[float, float],
    up: tuple[float, float, float],
    shell: float,
    marrow: float,
    spacing: float,
) -> Cloud:
    """A bent bone with an elliptic section.

    ``radii``: half height along ``up`` and half thickness across it; ``shell``: mm of cortex, in
    soft tissue that attenuates alike; ``marrow``: the same for each mm of the inside.
    """
    middle, direction = along(points, spacing)
    length = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum()) / len(middle)
    raised = (
        np.asarray(up, np.float32) - direction * (direction @ np.asarray(up, np.float32))[:, None]
    )
    raised /= np.maximum(np.linalg.norm(raised, axis=1, keepdims=True), 1e-6)
    across = np.cross(direction, raised)
    around = max(10, int(np.ceil(2 * np.pi * max(radii) / spacing)))
    turn = (np.arange(around, dtype=np.float32) + 0.5) * np.float32(2 * np.pi / around)
    cos, sin = radii[0] * np.cos(turn), radii[1] * np.sin(turn)
    arc = np.hypot(radii[0] * np.sin(turn), radii[1] * np.cos(turn)) * (2 * np.pi / around)
    # The inside as chords, which is how a beam across it meets it.
    off, chord = chords(max(4, int(np.ceil(2 * radii[0] / spacing))))
    place = np.concatenate([cos, radii[0] * off])
    depth = np.concatenate([sin, np.zeros_like(off)])
    volume = np.concatenate(
        [arc * (shell * length), chord * (np.pi * radii[0] * radii[1] * marrow * length)]
    ).astype(np.float32)
    at = (
        middle[:, None]
        + place[None, :, None] * raised[:, None]
        + depth[None, :, None] * across[:, None]
    )
    return Cloud(at.reshape(-1, 3), np.tile(volume, len(middle)))


def chords(count: int) -> tuple[Points, Points]:
    """Places across a round section, -1 to 1, and each one's share of its area."""
    off = ((np.arange(count, dtype=np.float32) + 0.5) / count * 2 - 1).astype(np.float32)
    chord = np.sqrt(1 - off**2)
    return off, np.asarray(chord / chord.sum(), np.float32)
