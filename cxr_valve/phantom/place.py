"""Where the points of an average heart lie in one person at one breath."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cxr_valve.phantom.rays import Vector

if TYPE_CHECKING:
    from cxr_valve.phantom.build import Build

#: Half width, height and depth of the chest that the reference points are given for, mm.
HALF_WIDTH, HEIGHT, DEPTH = 142.0, 262.0, 228.0
#: Between these heights the diaphragm lifts the heart more and more as breath is let out, mm.
STILL_Y, LIFTED_Y = 50.0, 200.0
#: How far the lower border of the heart lies below the tops of the diaphragm, beyond the reference.
DENT_MM = 16.0


@dataclass(frozen=True)
class Place:
    """Maps reference points (body frame, mm) into a person.

    Attributes:
        wide, tall, deep: size of the person's chest over the reference's.
        lift: mm by which breath let out lifts the heart's lower border.
        axis: degrees by which the long axis is steeper than the average 40 below the horizontal.
        offset: (x, y) in mm, where this heart lies beside its usual place.
    """

    wide: float
    tall: float
    deep: float
    lift: float
    axis: float
    offset: tuple[float, float]

    def __call__(self, x: float, y: float, z: float) -> Vector:
        """A reference point in this person."""
        share = float(np.clip((y - STILL_Y) / (LIFTED_Y - STILL_Y), 0, 1.2))
        # The heart rests on the diaphragm and dents it.
        rise = (self.lift - DENT_MM) * share
        return (
            x * self.wide + self.offset[0],
            y * self.tall - rise + self.offset[1],
            z * self.deep,
        )


def place_heart(build: "Build", breath: float, rng: np.random.Generator) -> Place:
    """The place of a person's heart, ``breath`` 1 at full inspiration."""
    out = 1 - breath
    return Place(
        # A heart fills a narrow chest more than a wide one: positions scale less than the chest.
        wide=(build.half_width / HALF_WIDTH) ** 0.6,
        tall=build.height / HEIGHT,
        deep=build.depth / DEPTH,
        lift=48 * out,
        axis=build.heart_axis - 24 * out,
        offset=(float(rng.normal(0, 1.5)), float(rng.normal(0, 2.0))),
    )
