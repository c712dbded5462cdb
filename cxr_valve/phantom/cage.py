"""The shape of the rib cage, and where rays cross the body level by level.

A level of the chest is an ellipse that is flattened in front and behind. The frontal outline is the
median of 180 hand-drawn pairs of lungs (Dong et al., MICCAI 2018).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_valve.phantom.build import Build
from cxr_valve.phantom.rays import Field, Rays

Heights = NDArray[np.floating[Any]]

#: Levels as shares of the way from the apices to the costophrenic angles; at each, the inner half
#: width over the largest, half depth over half the inner depth, how far behind mid-chest it is, mm.
LEVELS = (-0.12, 0.0, 0.02, 0.04, 0.08, 0.12, 0.16, 0.2, 0.24, 0.31, 0.38, 0.46, 0.58, 0.73, 0.81,
          0.89, 1.0, 1.15, 1.4)  # fmt: skip
WIDTHS = (0.05, 0.2, 0.39, 0.49, 0.58, 0.65, 0.705, 0.75, 0.785, 0.835, 0.866, 0.893, 0.915, 0.944,
          0.962, 0.981, 1.0, 1.0, 0.97)  # fmt: skip
DEPTHS = (0.04, 0.1, 0.34, 0.43, 0.55, 0.63, 0.7, 0.76, 0.81, 0.89, 0.94, 0.98, 1.0, 1.02, 1.03,
          1.03, 1.03, 1.02, 1.0)  # fmt: skip
BEHIND = (30, 30, 29, 28, 25, 22, 19, 16, 13, 8, 4, 2, 0, 0, 0, 0, 0, 0, 0)
#: A level's ellipse is this much deeper than the chest, and cut off front and back.
FLATTENED = 1.14
#: How far the diaphragm rises from full inspiration to a breath of 0, mm.
RISE_MM = 52.0


@dataclass(frozen=True)
class Cage:
    """The inside of a person's chest at one breath; lengths in mm, body frame."""

    half_width: float
    half_depth: float
    angle_y: float
    build: Build

    @classmethod
    def of(cls, build: Build, breath: float) -> "Cage":
        """The cage of a person, ``breath`` 1 at full inspiration."""
        return cls(
            half_width=build.half_width * (0.96 + 0.04 * breath),
            half_depth=build.inner_depth / 2 * (0.95 + 0.05 * breath),
            angle_y=build.height - RISE_MM * (1 - breath),
            build=build,
        )

    def width(self, y: Heights) -> Heights:
        """Inner half width at heights ``y``."""
        return np.asarray(self.half_width * np.interp(y / self.build.height, LEVELS, WIDTHS))

    def depth(self, y: Heights) -> Heights:
        """Inner half depth at heights ``y``."""
        return np.asarray(self.half_depth * np.interp(y / self.build.height, LEVELS, DEPTHS))

    def middle(self, y: Heights) -> Heights:
        """Depth z of the middle of each level."""
        return np.asarray(-np.interp(y / self.build.height, LEVELS, BEHIND))


@dataclass(frozen=True, eq=False)
class Lines:
    """Rays of a window in the body frame: at depth ``s`` along a ray, x = x0 + xs·s and
    z = z0 + zs·s; y is taken where s = 0."""

    x0: Field
    xs: Field
    z0: Field
    zs: Field
    y: Field

    @classmethod
    def of(cls, rays: Rays, window: tuple[slice, slice]) -> "Lines":
        """The rays of a window of the detector."""
        view = rays.view
        across, down = rays.axes()
        du = (across[window[1]] - np.float32(rays.field_mm / 2 + view.shift_mm[0]))[None, :]
        dv = (down[window[0]] - np.float32(view.shift_mm[1]))[:, None]
        lean, turn = np.deg2rad(view.lean_deg), np.deg2rad(view.turn_deg)
        p = du * np.float32(np.cos(lean)) + dv * np.float32(np.sin(lean))
        r = dv * np.float32(np.cos(lean)) - du * np.float32(np.sin(lean))
        # One over the magnification is linear in depth.
        at = np.float32(1 / view.magnification(0.0))
        towards = np.float32((1 if view.projection == "PA" else -1) / view.tube_mm)
        sine, cosine = np.float32(np.sin(turn)), np.float32(np.cos(turn))
        return cls(
            x0=cosine * at * p,
            xs=cosine * towards * p + sine,
            z0=-sine * at * p,
            zs=cosine - sine * towards * p,
            y=r * at,
        )

    def crossing(self, half_width: Field, half_depth: Field, middle: Field) -> tuple[Field, Field]:
        """Depths where each ray enters and leaves a level with these half axes; equal where it
        misses."""
        deep = np.float32(FLATTENED) * half_depth
        over_w, over_d = 1 / (half_width * half_width), 1 / (deep * deep)
        off = self.z0 - middle
        a = self.xs * self.xs * over_w + self.zs * self.zs * over_d
        b = self.x0 * self.xs * over_w + off * self.zs * over_d
        c = self.x0 * self.x0 * over_w + off * off * over_d - 1
        root = np.sqrt(np.maximum(b * b - a * c, 0)) / a
        centre = -b / a
        low = np.maximum(centre - root, middle - half_depth)
        high = np.minimum(centre + root, middle + half_depth)
        return low, np.maximum(high, low)


def levels(values: Field, y: Field, start: float, step: float) -> Field:
    """Values tabulated from height ``start`` every ``step`` mm, taken at heights ``y``."""
    index = ((y - np.float32(start)) * np.float32(1 / step)).astype(np.int32)
    return np.take(values, index, mode="clip")
