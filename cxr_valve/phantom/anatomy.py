"""From measurements to a chest: thickness of tissue along the beam, in mm, per structure.

The chest is a set of ellipsoids and bands in a frontal plane: x grows to the image's right (the
patient's left) from the midline, y downwards from the top of the field, both in mm.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_valve.phantom.patient import Patient

Field = NDArray[np.float32]

FIELD_MM = 350.0


@dataclass(frozen=True)
class Pose:
    """How this patient stands: lengths in mm, ``rotation`` in mm of shift of central structures."""

    half_width: float
    apex: float
    base: float
    heart_y: float
    heart_x: float
    shift_x: float
    shift_y: float
    scale: float
    rotation: float


@dataclass(frozen=True, eq=False)
class Chest:
    """Thickness maps in mm: ``body``, ``lung`` (before the heart displaces it), ``bone``, and each
    soft structure of the mediastinum by name."""

    body: Field
    lung: Field
    bone: Field
    soft: dict[str, Field]


def sample_pose(rng: np.random.Generator, patient: Patient) -> Pose:
    """Draw stature, inspiration, position in the field and magnification."""
    male = patient.sex == "M"
    inspiration = rng.normal(0, 8)
    return Pose(
        half_width=float(rng.normal(143 if male else 130, 7)),
        apex=float(rng.normal(62, 6)),
        base=float(rng.normal(292 if male else 280, 9) + inspiration),
        heart_y=float(228 + 0.6 * inspiration + rng.normal(0, 6)),
        heart_x=float(rng.normal(15, 5)),
        shift_x=float(rng.normal(0, 7)),
        shift_y=float(rng.normal(0, 8)),
        scale=float(rng.normal(1.0, 0.045)),
        rotation=float(rng.normal(0, 4)),
    )


def grid(side: int, pose: Pose) -> tuple[Field, Field]:
    """Coordinates (x, y) in mm of the pixel centres of a square field, in the patient's frame."""
    axis = (np.arange(side, dtype=np.float32) + 0.5) * (FIELD_MM / side)
    y, x = np.meshgrid(axis, axis - FIELD_MM / 2, indexing="ij")
    return (x - pose.shift_x) / pose.scale, (y - pose.shift_y) / pose.scale


def ellipsoid(
    x: Field, y: Field, centre: tuple[float, float], semi: tuple[float, float], depth: float,
    angle: float = 0.0,
) -> Field:  # fmt: skip
    """Thickness of an ellipsoid: ``semi`` axes in the plane, full ``depth`` along the beam, mm.

    ``angle`` in degrees turns the first axis from +x towards +y.
    """
    turn = np.deg2rad(angle)
    dx, dy = x - centre[0], y - centre[1]
    along = (dx * np.cos(turn) + dy * np.sin(turn)) / semi[0]
    across = (-dx * np.sin(turn) + dy * np.cos(turn)) / semi[1]
    inside = np.maximum(0.0, 1.0 - along**2 - across**2)
    return np.asarray(depth * np.sqrt(inside), np.float32)


def tube(
    x: Field, y: Field, start: tuple[float, float], end: tuple[float, float], diameter: float
) -> Field:
    """Thickness of a straight cylinder between two points of the plane, with round ends."""
    ax, ay = end[0] - start[0], end[1] - start[1]
    along = ((x - start[0]) * ax + (y - start[1]) * ay) / (ax * ax + ay * ay)
    along = np.clip(along, 0.0, 1.0)
    distance2 = (x - start[0] - along * ax) ** 2 + (y - start[1] - along * ay) ** 2
    return np.asarray(2 * np.sqrt(np.maximum(0.0, (diameter / 2) ** 2 - distance2)), np.float32)


def build_chest(rng: np.random.Generator, patient: Patient, pose: Pose, side: int) -> Chest:
    """Thickness of every structure on a ``side`` × ``side`` grid over the field."""
    x, y = grid(side, pose)
    depth = 215.0 * patient.habitus
    body_half = pose.half_width + 38.0 * patient.habitus
    across = np.clip(np.abs(x) / (body_half + 0.12 * np.maximum(0, y - 200)), 0, 1)
    body = depth * np.sqrt(1 - across**2.6) * np.clip((y + 12 + 0.12 * np.abs(x)) / 45, 0, 1)
    mediastinum = _mediastinum(x, y, patient, pose, rng)
    return Chest(
        body=body.astype(np.float32),
        lung=_lungs(x, y, pose, depth),
        bone=_bones(x, y, pose, rng),
        soft=mediastinum,
    )


def _lungs(x: Field, y: Field, pose: Pose, depth: float) -> Field:
    """Air space: an arched thorax, cut by the domes, parted by spine and mediastinum."""
    v = np.clip((y - pose.apex) / (pose.base - pose.apex), 0, 1.3)
    wall = pose.half_width * np.clip(1 - np.clip(1 - v / 0.92, 0, 1) ** 2.3, 0.001, 1) ** 0.62
    across = np.clip(np.abs(x) / wall, 0, 1)
    thickness = (depth - 55) * np.sqrt(1 - across**2)
    right = x < 0
    dome_top = np.where(right, pose.base - 38, pose.base - 26)
    centre = np.where(right, -0.5, 0.55) * pose.half_width
    dome = dome_top + 48 * ((x - centre) / (0.62 * pose.half_width)) ** 2
    below = np.clip((y - dome) / 30, 0, 1)
    inner = 17 + 7 * v + 0.1 * pose.rotation * np.sign(x)
    medial = np.clip((np.abs(x) - inner) / 9, 0, 1)
    return np.asarray(thickness * np.clip(v * 14, 0, 1) * (1 - below) * medial, np.float32)


def _mediastinum(
    x: Field, y: Field, patient: Patient, pose: Pose, rng: np.random.Generator
) -> dict[str, Field]:
    """The chambers and great vessels of this patient, sized by the measurements."""
    size = patient.measurements
    hx, hy = pose.heart_x + pose.rotation, pose.heart_y
    lv_short = size.lvedd / 2 + size.wall
    # A thick wall rounds the apex: the long axis shortens relative to the short one.
    lv_long = 30 + 0.62 * size.lvedd + 0.4 * size.wall
    rv = 44 + rng.normal(0, 2.5)
    ra = 35 + rng.normal(0, 2.5)
    la = size.la
    age = max(patient.age - 50, 0)
    return {
        "lv": ellipsoid(x, y, (hx + 22, hy + 10), (lv_long, lv_short), 1.7 * lv_short, 38),
        "rv": ellipsoid(x, y, (hx - 4, hy + 18), (rv + 8, rv * 0.75), 70, 14),
        "ra": ellipsoid(x, y, (hx - 40, hy - 4), (ra * 0.72, ra * 1.05), 62, 0),
        "la": ellipsoid(x, y, (hx - 12, hy - 36), (0.98 * la + 3, 0.74 * la), 1.15 * la, 6),
        "appendage": ellipsoid(
            x, y, (hx + 22 + 0.25 * la, hy - 42), (6 + 0.3 * la, 0.34 * la), 0.6 * la, 55
        ),
        "ascending_aorta": ellipsoid(
            x, y, (hx - 27 - 0.5 * (size.aorta - 31), hy - 68), (0.56 * size.aorta, 46),
            size.aorta * 1.05, 8,
        ),
        "aortic_arch": ellipsoid(
            x, y, (19 + pose.rotation + 0.12 * age, hy - 106), (15 + 0.16 * age, 15), 40, 0
        ),
        "descending_aorta": tube(
            x, y, (20 + 0.15 * age, hy - 100), (14 + 0.1 * age, hy + 90), 25 + 0.05 * age
        ),
        "pulmonary_trunk": ellipsoid(x, y, (hx + 15, hy - 68), (17, 22), 34, 20),
        "svc": tube(x, y, (hx - 37, hy - 125), (hx - 36, hy - 50), 19),
    }  # fmt: skip


def _bones(x: Field, y: Field, pose: Pose, rng: np.random.Generator) -> Field:
    """Ribs (posterior steep near the spine, anterior sloping), clavicles and spine."""
    half = pose.half_width
    bone = np.zeros_like(x)
    reach = np.abs(x) / half
    edge = np.clip((1.06 - reach) / 0.08, 0, 1)
    spacing = (pose.base - pose.apex) / 8.6
    for rib in range(10):
        top = pose.apex - 22 + spacing * rib
        thick = 5.2 + rng.normal(0, 0.3)
        posterior = top + 34 * reach**1.4 + 14 * np.clip(reach - 0.75, 0, 1)
        bone += 12 * np.sqrt(np.clip(1 - ((y - posterior) / thick) ** 2, 0, 1)) * edge
        anterior = top + 88 - 52 * reach**1.2
        shown = edge * (reach > 0.42) * (rib < 6)
        bone += 6 * np.sqrt(np.clip(1 - ((y - anterior) / (thick * 1.3)) ** 2, 0, 1)) * shown
    clavicle = pose.apex + 8 - 22 * reach + 8 * np.sin(reach * 3)
    bone += 12 * np.sqrt(np.clip(1 - ((y - clavicle) / 6.5) ** 2, 0, 1)) * (reach > 0.1)
    vertebra = 0.75 + 0.25 * np.cos(2 * np.pi * (y + rng.uniform(0, 24)) / 24)
    spine = np.sqrt(np.clip(1 - ((x - 0.3 * pose.rotation) / 19) ** 2, 0, 1))
    return np.asarray(bone + 14 * spine * vertebra, np.float32)
