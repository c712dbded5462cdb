"""The left ventricle: a solid of revolution whose apex is pointed, round or blunt."""

import numpy as np

from cxr_valve.phantom.rays import Rays, Vector
from cxr_valve.phantom.solids import Slab

#: Where between base (0) and apex (1) the ventricle is widest.
WIDEST = 0.4


def ventricle(rays: Rays, base: Vector, apex: Vector, radius: float, bluntness: float) -> Slab:
    """A ventricle between the middle of its base and its apex (body frame), ``radius`` mm where it
    is widest.

    ``bluntness`` is the exponent p of the profile ``(1 - t^p)^(1/p)`` towards the apex: 2 is an
    ellipsoid, less is pointed, more is blunt. The base is half an ellipsoid.
    """
    u0, v0, z0, m0 = rays.place(base)
    u1, v1, z1, m1 = rays.place(apex)
    scale = (m0 + m1) / 2
    # A long axis that points at the tube has a short shadow, but none shorter than it is wide.
    length = max(float(np.hypot(u1 - u0, v1 - v0)) / scale, 1.3 * radius)
    down = np.arctan2(v1 - v0, u1 - u0)
    along_u, along_v = np.float32(np.cos(down)), np.float32(np.sin(down))
    reach = (0.5 * length + 0.4 * radius) * scale
    window = rays.window((u0 + u1) / 2, (v0 + v1) / 2, reach, reach)
    axis_u, axis_v = rays.axes()
    du = ((axis_u[window[1]] - u0) / scale)[None, :]
    dv = ((axis_v[window[0]] - v0) / scale)[:, None]
    along = (du * along_u + dv * along_v) / length
    off = dv * along_u - du * along_v
    towards_apex = along > WIDEST
    t = np.where(towards_apex, (along - WIDEST) / (1 - WIDEST), (WIDEST - along) / WIDEST)
    power = np.where(towards_apex, bluntness, 2.0).astype(np.float32)
    profile = radius * (1 - np.minimum(t, 1) ** power) ** (1 / power)
    slant = (z1 - z0) / length
    half = np.sqrt(np.maximum(profile**2 - off**2, 0)) * np.sqrt(1 + 0.5 * slant**2)
    middle = z0 + (z1 - z0) * along
    return Slab(window, (middle - half).astype(np.float32), (middle + half).astype(np.float32))
