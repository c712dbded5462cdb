"""Great vessels and windpipe: they follow the aorta's width, the atrium below and age."""

import numpy as np

from cxr_valve.phantom.patient import Patient
from cxr_valve.phantom.place import Place
from cxr_valve.phantom.rays import Rays, Vector
from cxr_valve.phantom.solids import Slab, ellipsoid, tube

#: Ascending aorta of the average heart, mm.
AORTA = 33.0
#: The carina's share of its angle on the right: the left bronchus lies flatter.
RIGHT_SHARE = 0.42


def great_vessels(rays: Rays, patient: Patient, place: Place) -> dict[str, Slab]:
    """Aorta in three parts, its valve, pulmonary trunk, upper caval vein and windpipe, by name."""
    unfolded = max(patient.age - 45, 0.0)
    arch = _arch(patient, place, unfolded)
    return {
        "ascending_aorta": _ascending(rays, patient, place),
        "aortic_arch": tube(rays, arch, _arch_radii(patient, unfolded)),
        "descending_aorta": _descending(rays, place, arch[-1], unfolded),
        "pulmonary_trunk": _pulmonary(rays, patient, place),
        "svc": tube(rays, [place(-17, 42, -4), place(-19, 128, 2)], [8.5, 9.5]),
        "aortic_valve": ellipsoid(rays, valve_at(place), (15, 22, 15)),
        "trachea": _windpipe(rays, patient, place),
    }


def valve_at(place: Place) -> Vector:
    """Middle of the aortic root."""
    return place(1, 130, 13)


def _ascending(rays: Rays, patient: Patient, place: Place) -> Slab:
    """From the root up and to the right; a wide one bows to the right as it is longer, too."""
    wide = patient.measurements.aorta - AORTA
    radius = patient.measurements.aorta / 2
    bow = 1.4 * wide
    points = [
        place(2, 134, 12),
        place(-9 - bow, 112, 20),
        place(-11 - bow, 92, 18),
        place(-6 - 0.6 * bow, 74, 10),
    ]
    return tube(rays, points, [0.95 * radius, radius, radius, 0.9 * radius])


def _arch(patient: Patient, place: Place, unfolded: float) -> list[Vector]:
    """Over the left bronchus to the knuckle at the left border; age pushes it up and out."""
    out = 0.12 * unfolded + 0.25 * (patient.measurements.aorta - AORTA)
    return [
        place(-6, 74, 10),
        place(6, 62 - 0.4 * out, -4),
        place(18 + 0.7 * out, 60 - 0.5 * out, -24),
        place(20 + out, 72, -38),
    ]


def _arch_radii(patient: Patient, unfolded: float) -> list[float]:
    knuckle = 12.5 + 0.03 * unfolded + 0.22 * (patient.measurements.aorta - AORTA)
    return [1.1 * knuckle, 1.05 * knuckle, knuckle, knuckle]


def _descending(rays: Rays, place: Place, top: Vector, unfolded: float) -> Slab:
    radius = 12 + 0.03 * unfolded
    bow = 0.2 * unfolded
    points = [top, place(18 + bow, 130, -52), place(15 + bow, 180, -56), place(6, 275, -60)]
    return tube(rays, points, [radius, radius, radius, radius - 1])


def _pulmonary(rays: Rays, patient: Patient, place: Place) -> Slab:
    """From the right ventricle to the left hilum; back pressure of a large atrium widens it."""
    wide = 0.12 * max(patient.measurements.la - 40, 0.0)
    points = [place(16, 150, 40), place(22 + wide, 116, 20), place(28, 102, 0), place(44, 98, -16)]
    return tube(rays, points, [15.5, 14.5 + wide, 13 + 0.6 * wide, 8])


def _windpipe(rays: Rays, patient: Patient, place: Place) -> Slab:
    """Trachea and both main bronchi in one path; the atrium below splays them."""
    angle = np.deg2rad(patient.measurements.carina)
    right, left = RIGHT_SHARE * angle, (1 - RIGHT_SHARE) * angle
    carina = (-1.0, 88.0, -26.0)
    points = [
        place(-1 - 28 * float(np.sin(right)), 88 + 28 * float(np.cos(right)), -30),
        place(*carina),
        place(1, -40, -8),
        place(*carina),
        place(-1 + 46 * float(np.sin(left)), 88 + 46 * float(np.cos(left)), -32),
    ]
    return tube(rays, points, [6, 7.5, 8, 7.5, 5])
