"""Solids of the chest along the rays of an exposure: where each ray enters and leaves them.

Body frame, mm: x towards the patient's left (the image's right) from the midline, y downwards from
the lungs' apices, z towards the front from the middle of the chest. A solid is seen along parallel
rays after it was turned with the patient and magnified as its own centre is: chambers are small
against the distance of the tube, so the error stays under a percent of their size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
Vector = tuple[float, float, float]


@dataclass(frozen=True)
class View:
    """How the patient stands before the detector.

    Attributes:
        projection: "PA" (the chest touches the detector) or "AP" (the back does).
        tube_mm: distance from the focus to the detector.
        depth_mm: depth of the chest from front to back.
        gap_mm: air between the chest and the detector.
        turn_deg: rotation about the long axis; positive brings the patient's left side forward.
        lean_deg: tilt in the plane of the image, clockwise as seen in it.
        shift_mm: (u, v) where the body's origin falls on the detector, from the field's top centre.
    """

    projection: Literal["PA", "AP"] = "PA"
    tube_mm: float = 1800.0
    depth_mm: float = 220.0
    gap_mm: float = 20.0
    turn_deg: float = 0.0
    lean_deg: float = 0.0
    shift_mm: tuple[float, float] = (0.0, 45.0)

    def magnification(self, z: float) -> float:
        """Size on the detector over size in the body, at depth ``z``."""
        half = self.depth_mm / 2
        distance = self.gap_mm + (half - z if self.projection == "PA" else half + z)
        return self.tube_mm / (self.tube_mm - distance)

    @property
    def rotation(self) -> NDArray[np.float64]:
        """(3, 3), body frame → frame of the rays, before magnification."""
        turn, lean = np.deg2rad(self.turn_deg), np.deg2rad(self.lean_deg)
        about_y = np.array(
            [[np.cos(turn), 0, -np.sin(turn)], [0, 1, 0], [np.sin(turn), 0, np.cos(turn)]]
        )
        about_z = np.array(
            [[np.cos(lean), -np.sin(lean), 0], [np.sin(lean), np.cos(lean), 0], [0, 0, 1]]
        )
        return np.asarray(about_z @ about_y)


@dataclass(frozen=True)
class Rays:
    """A square detector of ``side`` pixels over ``field_mm``, and the view on it."""

    side: int
    field_mm: float
    view: View

    @property
    def pixel_mm(self) -> float:
        """Side of a pixel at the detector."""
        return self.field_mm / self.side

    def place(self, point: Vector) -> tuple[float, float, float, float]:
        """A point of the body → (u, v) on the detector in mm from the field's top left corner, its
        depth z in the frame of the rays, and the magnification there."""
        x, y, z = self.view.rotation @ np.asarray(point)
        scale = self.view.magnification(float(z))
        u = float(x) * scale + self.view.shift_mm[0] + self.field_mm / 2
        return u, float(y) * scale + self.view.shift_mm[1], float(z), scale

    def axes(self) -> tuple[Field, Field]:
        """Pixel centres in mm from the field's top left corner: u (side,) and v (side,)."""
        axis = ((np.arange(self.side) + 0.5) * self.pixel_mm).astype(np.float32)
        return axis, axis

    def window(self, u: float, v: float, reach_u: float, reach_v: float) -> tuple[slice, slice]:
        """Rows and columns within a reach (mm) of a point of the detector; may be empty."""
        return self._span(v, reach_v), self._span(u, reach_u)

    def _span(self, at: float, reach: float) -> slice:
        first = int(np.floor((at - reach) / self.pixel_mm))
        last = int(np.ceil((at + reach) / self.pixel_mm)) + 1
        start = min(max(first, 0), self.side)
        return slice(start, min(max(last, start), self.side))


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
