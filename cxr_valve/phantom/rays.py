"""How the patient stands before the detector, and the rays that reach it.

Body frame, mm: x towards the patient's left (the image's right) from the midline, y downwards from
the lungs' apices, z towards the front from the middle of the chest.
"""

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
