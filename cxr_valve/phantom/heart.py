"""Chambers, great vessels and windpipe of a patient, as solids along the rays."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cxr_valve.phantom.patient import Patient
from cxr_valve.phantom.solids import Field, Rays, Slab, Vector, ellipsoid, tube, turned

if TYPE_CHECKING:
    from cxr_valve.phantom.build import Build

#: Structures that make up the outline of the heart as a radiologist draws it.
SILHOUETTE = ("lv", "rv", "ra", "la", "appendage", "pericardium_fat", "aortic_valve")


@dataclass(frozen=True, eq=False)
class Heart:
    """A patient's heart and great vessels in one radiograph.

    Attributes:
        slabs: lv, rv, ra, la, appendage, ascending_aorta, aortic_arch, descending_aorta,
            pulmonary_trunk, svc, aortic_valve, pericardium_fat and trachea (which holds air).
        calcium: extra mm of soft tissue that calcium attenuates like, (side, side).
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
    """The heart of a patient as these rays meet it, ``breath`` 1 at full inspiration."""
    size = patient.measurements
    short = size.lvedd / 2 + size.wall
    slabs = {
        "lv": ellipsoid(rays, (38, 172, 20), (short * 1.4, short, short), turned(40)),
        "rv": ellipsoid(rays, (8, 180, 35), (50, 34, 32), turned(14)),
        "ra": ellipsoid(rays, (-14, 160, 12), (27, 38, 30)),
        "la": ellipsoid(rays, (2, 142, -22), (0.8 * size.la, 0.68 * size.la, 0.5 * size.la)),
        "appendage": tube(rays, [(22, 132, -10), (26 + 0.6 * size.la, 124, 5)], [14, 8]),
        "ascending_aorta": tube(
            rays, [(2, 138, 15), (-13, 105, 20), (-10, 75, 12)], [size.aorta / 2] * 3
        ),
        "aortic_arch": tube(rays, [(-10, 72, 10), (8, 56, -8), (22, 66, -38)], [14, 14, 13]),
        "descending_aorta": tube(
            rays, [(22, 66, -38), (18, 130, -52), (8, 250, -58)], [13, 12.5, 12]
        ),
        "pulmonary_trunk": tube(rays, [(15, 145, 38), (24, 105, 12), (38, 96, -14)], [15, 15, 12]),
        "svc": tube(rays, [(-20, 55, -2), (-21, 125, 2)], [9, 9.5]),
        "aortic_valve": ellipsoid(rays, (4, 140, 14), (13, 13, 13)),
        "pericardium_fat": ellipsoid(rays, (22, 195, 34), (66, 24, 26), turned(8)),
        "trachea": tube(rays, [(2, -30, -15), (0, 88, -25)], [9, 8.5]),
    }
    return Heart(
        slabs, np.zeros((rays.side, rays.side), np.float32), ((-48, 108, -14), (45, 98, -14))
    )
