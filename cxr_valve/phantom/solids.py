"""Solids of the chest along the rays of an exposure: where each ray enters and leaves them.

A solid is seen along parallel rays after it was turned with the patient and magnified as its own
centre is: chambers are small against the distance of the tube, so the error stays under a percent
of their size. The body frame is that of ``rays``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_valve.phantom.rays import Field, Rays, Vector


@dataclass(frozen=True, eq=False)
class Slab:
    """A solid along the rays of a window of the detector.

    ``back`` and ``front`` are depths z in mm where a ray enters and leaves it; where a ray misses
    it both are equal. ``window``: rows and columns of the detector.
    """

    window: tuple[slice, slice]
    back: Field
    front: Field

    def thickness(self, side: int) -> Field:
        """Length of the rays inside it, mm, (side, side)."""
        out = np.zeros((side, side), np.float32)
        out[self.window] = self.front - self.back
        return out


def ellipsoid(
    rays: Rays, centre: Vector, semi: Vector, axes: NDArray[np.float64] | None = None
) -> Slab:
    """An ellipsoid with semi-axes in mm along the columns of ``axes`` (3, 3), in the body frame;
    along x, y and z by default. See ``turned`` for axes given by angles."""
    frame = rays.view.rotation @ (np.eye(3) if axes is None else axes)
    # Points p with p' Q p = 1; its inverse gives the shadow's extent.
    quadric = frame @ np.diag(1 / np.square(semi)) @ frame.T
    spread = np.sqrt(np.diag(frame @ np.diag(np.square(semi)) @ frame.T))
    u, v, z, scale = rays.place(centre)
    window = rays.window(u, v, spread[0] * scale, spread[1] * scale)
    across, down = rays.axes()
    dx = ((across[window[1]] - u) / scale)[None, :]
    dy = ((down[window[0]] - v) / scale)[:, None]
    a = quadric[2, 2]
    b = quadric[0, 2] * dx + quadric[1, 2] * dy
    c = quadric[0, 0] * dx**2 + 2 * quadric[0, 1] * dx * dy + quadric[1, 1] * dy**2 - 1
    root = np.sqrt(np.maximum(b * b - a * c, 0)) / a
    middle = z - b / a
    return Slab(window, (middle - root).astype(np.float32), (middle + root).astype(np.float32))


def turned(about_z: float = 0.0, about_y: float = 0.0, about_x: float = 0.0) -> NDArray[np.float64]:
    """Axes (3, 3) turned by degrees about z (x towards y: clockwise in the image), then y (x
    towards z), then x (y towards z)."""
    cz, sz = np.cos(np.deg2rad(about_z)), np.sin(np.deg2rad(about_z))
    cy, sy = np.cos(np.deg2rad(about_y)), np.sin(np.deg2rad(about_y))
    cx, sx = np.cos(np.deg2rad(about_x)), np.sin(np.deg2rad(about_x))
    z_turn = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    y_turn = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    x_turn = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    return np.asarray(x_turn @ y_turn @ z_turn)


def tube(rays: Rays, points: Sequence[Vector], radii: Sequence[float]) -> Slab:
    """A bent tube through ``points`` (body frame) with a radius in mm at each, round at both ends.

    The window is that of all pieces; a ray through two pieces counts as inside between them.
    """
    placed = [rays.place(point) for point in points]
    grown = [radius * spot[3] for radius, spot in zip(radii, placed, strict=True)]
    low_u = min(spot[0] - r for spot, r in zip(placed, grown, strict=True))
    high_u = max(spot[0] + r for spot, r in zip(placed, grown, strict=True))
    low_v = min(spot[1] - r for spot, r in zip(placed, grown, strict=True))
    high_v = max(spot[1] + r for spot, r in zip(placed, grown, strict=True))
    middle_u, middle_v = (low_u + high_u) / 2, (low_v + high_v) / 2
    window = rays.window(middle_u, middle_v, high_u - middle_u, high_v - middle_v)
    shape = (window[0].stop - window[0].start, window[1].stop - window[1].start)
    back, front = np.full(shape, np.inf, np.float32), np.full(shape, -np.inf, np.float32)
    for index in range(len(points) - 1):
        _piece(rays, window, (back, front), placed[index : index + 2], radii[index : index + 2])
    missed = front <= back
    back[missed] = front[missed] = 0
    return Slab(window, back, front)


def _piece(
    rays: Rays,
    window: tuple[slice, slice],
    into: tuple[Field, Field],
    ends: Sequence[tuple[float, float, float, float]],
    radii: Sequence[float],
) -> None:
    """Widen ``into`` by one straight piece, within its own part of the window."""
    (u0, v0, z0, m0), (u1, v1, z1, m1) = ends
    reach_u = abs(u1 - u0) / 2 + max(radii[0] * m0, radii[1] * m1)
    reach_v = abs(v1 - v0) / 2 + max(radii[0] * m0, radii[1] * m1)
    own = rays.window((u0 + u1) / 2, (v0 + v1) / 2, reach_u, reach_v)
    rows, columns = (_within(a, b) for a, b in zip(own, window, strict=True))
    across, down = rays.axes()
    du = across[window[1]][columns][None, :] - u0
    dv = down[window[0]][rows][:, None] - v0
    length2 = max((u1 - u0) ** 2 + (v1 - v0) ** 2, 1e-6)
    along = np.clip((du * (u1 - u0) + dv * (v1 - v0)) / length2, 0, 1)
    off2 = (du - along * (u1 - u0)) ** 2 + (dv - along * (v1 - v0)) ** 2
    magnified = m0 + along * (m1 - m0)
    radius = radii[0] + along * (radii[1] - radii[0])
    # A piece that leans towards the tube is longer along the ray.
    slant = np.sqrt(1 + min(((z1 - z0) * m0) ** 2 / length2, 8.0))
    inside = radius**2 - off2 / magnified**2
    half = slant * np.sqrt(np.maximum(inside, 0))
    middle = z0 + along * (z1 - z0)
    back, front = into[0][rows, columns], into[1][rows, columns]
    hit = inside > 0
    np.copyto(back, np.minimum(back, middle - half), where=hit)
    np.copyto(front, np.maximum(front, middle + half), where=hit)


#: Where a slab that a ray misses is put: a point beyond every body, of no length.
_BEYOND = 999.0


def _within(part: slice, whole: slice) -> slice:
    """The rows of ``part`` that lie in ``whole``, counted from its start."""
    start = max(part.start - whole.start, 0)
    return slice(start, max(min(part.stop, whole.stop) - whole.start, start))


def union_length(slabs: Sequence[Slab], side: int) -> Field:
    """Length in mm that each ray runs inside at least one of the slabs, (side, side).

    Overlaps count once; what lies behind something else without touching it adds: so an atrium
    behind a ventricle is seen through it.
    """
    top = min(slab.window[0].start for slab in slabs)
    left = min(slab.window[1].start for slab in slabs)
    rows = slice(top, max(slab.window[0].stop for slab in slabs))
    columns = slice(left, max(slab.window[1].stop for slab in slabs))
    shape = (len(slabs), rows.stop - rows.start, columns.stop - columns.start)
    back, front = np.full(shape, _BEYOND, np.float32), np.full(shape, _BEYOND, np.float32)
    for index, slab in enumerate(slabs):
        part = tuple(
            slice(own.start - start, own.stop - start)
            for own, start in zip(slab.window, (top, left), strict=True)
        )
        hit = slab.front > slab.back
        np.copyto(back[index][part], slab.back, where=hit)
        np.copyto(front[index][part], slab.front, where=hit)
    _sort_first_axis(back)
    _sort_first_axis(front)
    # As many have ended as begun exactly where the next beginning comes after the next end: with
    # both in order those are the gaps, whichever end belongs to which beginning.
    total = front[-1] - back[0]
    for index in range(len(slabs) - 1):
        total -= np.maximum(back[index + 1] - front[index], 0)
    out = np.zeros((side, side), np.float32)
    out[rows, columns] = total
    return out


def _sort_first_axis(values: Field) -> None:
    """Sort in place along the first axis by Batcher's odd-even merging: whole images are compared
    at once, many times faster than sorting each ray."""
    count = len(values)
    low = np.empty_like(values[0])
    block = 1
    while block < count:
        step = block
        while step >= 1:
            for start in range(step % block, count - step, 2 * step):
                for first in range(start, min(start + step, count - step)):
                    if first // (2 * block) == (first + step) // (2 * block):
                        np.minimum(values[first], values[first + step], out=low)
                        np.maximum(values[first], values[first + step], out=values[first + step])
                        values[first] = low
            step //= 2
        block *= 2
