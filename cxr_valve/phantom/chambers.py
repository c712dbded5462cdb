"""The four chambers, the appendage and the fat around them, sized by a patient's measurements."""

import numpy as np

from cxr_valve.phantom.patient import Patient
from cxr_valve.phantom.pericardium import sac
from cxr_valve.phantom.place import Place
from cxr_valve.phantom.rays import Rays, Vector
from cxr_valve.phantom.solids import Slab, ellipsoid, tube, turned
from cxr_valve.phantom.ventricle import ventricle

#: Long axis of an average left ventricle: degrees below the horizontal and towards the front.
AXIS_DEG, FORWARD_DEG = 41.0, 22.0
#: Measurements of the average heart, mm, that the reference points are given for.
LA, LVEDD, WALL = 36.0, 48.0, 9.0
#: Growth of the right chambers for each mm of left atrium beyond this.
DAMMED_PER_MM, DAMMED_FROM_LA = 0.007, 40.0


def chambers(
    rays: Rays, patient: Patient, place: Place, rng: np.random.Generator
) -> dict[str, Slab]:
    """Both ventricles and atria, the left appendage and the pericardial fat, by name."""
    # What a large left atrium dams up fills the right heart.
    dammed = 1 + DAMMED_PER_MM * max(patient.measurements.la - DAMMED_FROM_LA, 0.0)
    right = float(rng.normal(1.0, 0.07)) * place.wide * dammed
    found = {
        "lv": _left_ventricle(rays, patient, place),
        "rv": _right_ventricle(rays, patient, place, right),
        "ra": _right_atrium(rays, patient, place, right),
        "la": _left_atrium(rays, patient, place),
        "appendage": _appendage(rays, patient, place),
    }
    return found | {"pericardium_fat": _fat(rays, patient, place, list(found.values()))}


def apex_of(patient: Patient, place: Place) -> tuple[Vector, Vector]:
    """Middle of the base and apex of the left ventricle: it grows longer as it dilates, and its
    apex rises as its wall thickens."""
    size = patient.measurements
    below = np.deg2rad(
        AXIS_DEG + place.axis - 3.0 * (size.wall - WALL) + 0.4 * (size.lvedd - LVEDD)
    )
    forward = np.deg2rad(FORWARD_DEG)
    length = 107 + 2.0 * (size.lvedd - LVEDD) + 0.2 * (size.wall - WALL)
    x, y, z = place(2, 147, 4)
    return (x, y, z), (
        x + length * float(np.cos(below) * np.cos(forward)),
        y + length * float(np.sin(below) * np.cos(forward)),
        z + length * float(np.sin(forward)),
    )


def _left_ventricle(rays: Rays, patient: Patient, place: Place) -> Slab:
    size = patient.measurements
    base, apex = apex_of(patient, place)
    bluntness = float(np.clip(1.85 + 0.28 * (size.wall - WALL), 1.3, 4.0))
    return ventricle(
        rays, base, apex, 33 + 0.65 * (size.lvedd - LVEDD) + 1.2 * (size.wall - WALL), bluntness
    )


def _right_ventricle(rays: Rays, patient: Patient, place: Place, right: float) -> Slab:
    grown = right * (1 + 0.06 * patient.cardiomyopathy)
    tilt = 12 + 0.6 * place.axis
    return ellipsoid(rays, place(12, 182, 38), (52 * grown, 28 * grown, 30 * grown), turned(tilt))


def _right_atrium(rays: Rays, patient: Patient, place: Place, right: float) -> Slab:
    grown = right * (1 + 0.07 * patient.atrial_fibrillation)
    return ellipsoid(rays, place(-17, 171, 8), (27.5 * grown, 40 * grown, 30 * grown), turned(-6))


def _left_atrium(rays: Rays, patient: Patient, place: Place) -> Slab:
    """Wider than deep; it grows back, up and to both sides, to the right the most."""
    la = patient.measurements.la
    grown = la - LA
    centre = place(3 - 0.1 * grown, 144 - 0.1 * grown, -24 - 0.15 * grown)
    return ellipsoid(rays, centre, (0.76 * la, 0.66 * la, 0.52 * la))


def _appendage(rays: Rays, patient: Patient, place: Place) -> Slab:
    """From the atrium to the left border below the pulmonary trunk, which it straightens and then
    bulges as it grows."""
    grown = patient.measurements.la - LA
    points = [
        place(16, 140, -8),
        place(23 + 0.95 * grown, 134 - 0.15 * grown, 4),
        place(27 + 1.05 * grown, 143 - 0.15 * grown, 12),
    ]
    return tube(rays, points, [14 + 0.2 * grown, 11.5 + 0.25 * grown, 11.5 + 0.25 * grown])


def _fat(rays: Rays, patient: Patient, place: Place, chambers: list[Slab]) -> Slab:
    """The sac around the chambers, with fat in its angles with the diaphragm."""
    thick = float(np.clip(1.1 + 0.035 * (patient.bmi - 26), 0.75, 1.6))
    tilt = 8 + 0.6 * place.axis
    pad = ellipsoid(rays, place(20, 194, 36), (56 * thick, 18 * thick, 28), turned(tilt))
    # The outflow of the right ventricle, below the pulmonary trunk.
    outflow = ellipsoid(rays, place(14, 132, 26), (20, 42, 22), turned(-18 + 0.5 * place.axis))
    return sac(rays, [*chambers, pad, outflow], place(0, 160, 12)[2])
