"""The sac around the heart: it and its fat bridge the notches between the chambers."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from cxr_valve.phantom.rays import Rays
from cxr_valve.phantom.solids import Slab

#: A notch is bridged where a ball of this radius would not fit in, mm.
BRIDGE_MM = 45.0
#: Radius of the rounding towards the sac's edge, mm, and how far it keeps inside the chambers'.
ROUND_MM, INSIDE_MM = 36.0, 1.0


def sac(rays: Rays, slabs: Sequence[Slab], z: float) -> Slab:
    """A rounded bag around the solids' common shadow, its middle at depth ``z`` mm.

    It closes their outline: where that bulges it follows it, where that has a notch it cuts across.
    """
    margin = round(BRIDGE_MM * 1.1 / rays.pixel_mm) + 2
    rows, columns = (
        slice(
            max(min(slab.window[axis].start for slab in slabs) - margin, 0),
            min(max(slab.window[axis].stop for slab in slabs) + margin, rays.side),
        )
        for axis in (0, 1)
    )
    shadow = np.zeros((rows.stop - rows.start, columns.stop - columns.start), bool)
    for slab in slabs:
        top = slab.window[0].start - rows.start
        left = slab.window[1].start - columns.start
        height, width = slab.front.shape
        shadow[top : top + height, left : left + width] |= slab.front > slab.back
    outside = ndimage.distance_transform_edt(~shadow) * rays.pixel_mm
    within = ndimage.distance_transform_edt(outside < BRIDGE_MM) * rays.pixel_mm
    deep = np.clip(within - BRIDGE_MM - INSIDE_MM, 0, ROUND_MM)
    half = np.sqrt(deep * (2 * ROUND_MM - deep)).astype(np.float32)
    return Slab((rows, columns), np.float32(z) - half, np.float32(z) + half)
