"""The geometry that ties a network's square input to the pixels of the radiograph."""

from dataclasses import asdict, dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", float, NDArray[np.float64])


@dataclass(frozen=True)
class Box:
    """A rectangle: ``top``/``left`` inclusive, ``bottom``/``right`` exclusive."""

    top: float
    left: float
    bottom: float
    right: float

    @property
    def height(self) -> float:
        """Extent along rows."""
        return self.bottom - self.top

    @property
    def width(self) -> float:
        """Extent along columns."""
        return self.right - self.left


@dataclass(frozen=True)
class Geometry:
    """Maps between the radiograph (``rows`` × ``columns``) and the square input (``size``).

    ``crop`` is the part of the radiograph that was kept, in its pixels; it lies in the input at
    ``placed``, in input pixels; the rest of the input is padding. Coordinates are continuous:
    pixel (r, c) covers [r, r+1) × [c, c+1).
    """

    rows: int
    columns: int
    size: int
    crop: Box
    placed: Box

    @property
    def scale(self) -> tuple[float, float]:
        """Input pixels per radiograph pixel, along rows and along columns."""
        return self.placed.height / self.crop.height, self.placed.width / self.crop.width

    def to_original(self, row: Number, column: Number) -> tuple[Number, Number]:
        """Input coordinates, or arrays of them → radiograph coordinates (may lie outside:
        padding)."""
        down, across = self.scale
        return (
            self.crop.top + (row - self.placed.top) / down,
            self.crop.left + (column - self.placed.left) / across,
        )

    def to_input(self, row: float, column: float) -> tuple[float, float]:
        """Radiograph coordinates → input coordinates."""
        down, across = self.scale
        return (
            self.placed.top + (row - self.crop.top) * down,
            self.placed.left + (column - self.crop.left) * across,
        )

    def input_extent(self) -> Box:
        """Where the whole square input lies in radiograph coordinates."""
        top, left = self.to_original(0.0, 0.0)
        bottom, right = self.to_original(float(self.size), float(self.size))
        return Box(top, left, bottom, right)

    def as_dict(self) -> dict[str, object]:
        """Plain numbers for JSON, with the input's extent in radiograph pixels."""
        return {**asdict(self), "input_extent": asdict(self.input_extent())}
