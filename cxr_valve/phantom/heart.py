"""A patient's heart, great vessels and windpipe as solids along the rays."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cxr_valve.phantom.chambers import chambers
from cxr_valve.phantom.great_vessels import great_vessels, valve_at
from cxr_valve.phantom.patient import Patient
from cxr_valve.phantom.place import Place, place_heart
from cxr_valve.phantom.rays import Field, Rays, Vector
from cxr_valve.phantom.solids import Slab

if TYPE_CHECKING:
    from cxr_valve.phantom.build import Build

#: Structures whose union a radiologist would draw as the heart.
SILHOUETTE = ("lv", "rv", "ra", "la", "appendage", "pericardium_fat", "aortic_valve")
#: Right and left hilum of an average chest, body frame, mm.
HILA: tuple[Vector, Vector] = ((-44.0, 112.0, -18.0), (45.0, 100.0, -18.0))


@dataclass(frozen=True, eq=False)
class Heart:
    """A patient's heart and great vessels in one radiograph.

    Attributes:
        slabs: lv, rv, ra, la, appendage, ascending_aorta, aortic_arch, descending_aorta,
            pulmonary_trunk, svc, aortic_valve, pericardium_fat and trachea (which holds air).
        calcium: mm of soft tissue that attenuates as calcium does, (side, side).
        hila: right and left hilum, body frame, mm.
    """

    slabs: dict[str, Slab]
    calcium: Field
    hila: tuple[Vector, Vector]

    @property
    def silhouette(self) -> tuple[Slab, ...]:
        """The solids whose union is the heart's outline."""
        return tuple(self.slabs[name] for name in SILHOUETTE)


def build_heart(
    rays: Rays, patient: Patient, build: "Build", breath: float, rng: np.random.Generator
) -> Heart:
    """The heart of a patient as these rays meet it, ``breath`` 1 at full inspiration.

    ``rng`` draws what of the anatomy the measurements leave open; the same draws belong to the
    same person.
    """
    place = place_heart(build, breath, rng)
    slabs = chambers(rays, patient, place, rng) | great_vessels(rays, patient, place)
    right, left = (place(*hilum) for hilum in HILA)
    return Heart(slabs, _calcium(rays, patient, place, slabs, rng), (right, left))


def _calcium(
    rays: Rays,
    patient: Patient,
    place: Place,
    slabs: dict[str, Slab],
    rng: np.random.Generator,
) -> Field:
    """Flecks on the valve, and in old age a rim of the aortic knuckle."""
    calcium = np.zeros((rays.side, rays.side), np.float32)
    x, y, z = valve_at(place)
    for dx, dy, size in zip(*rng.normal(0, 6, (2, 6)), rng.uniform(1.5, 3.5, 6), strict=True):
        u, v, _, scale = rays.place((x + dx, y + 8 + 0.6 * dy, z))
        spot = rays.window(u, v, 3 * size, 3 * size)
        across, down = (axis[part] for axis, part in zip(rays.axes(), spot[::-1], strict=True))
        off = ((across[None, :] - u) ** 2 + (down[:, None] - v) ** 2) / (size * scale) ** 2
        calcium[spot] += np.float32(10 * patient.calcification) * np.exp(-off)
    rim = float(np.clip((patient.age - 62) / 40, 0, 1) * rng.uniform(0, 6))
    if rim > 0:
        arch = slabs["aortic_arch"]
        # A shell is seen edge on where the rays run through little of what it wraps.
        thick = arch.front - arch.back
        calcium[arch.window] += rim * np.exp(-(((thick - 9) / 4) ** 2)) * (thick > 0)
    return calcium
