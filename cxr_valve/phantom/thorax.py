"""Body, lungs and what lies between them, as the rays of one exposure meet them."""

from dataclasses import dataclass

import numpy as np

from cxr_valve.phantom.build import Build
from cxr_valve.phantom.cage import Cage, Lines, levels
from cxr_valve.phantom.changes import effusions, lung_changes
from cxr_valve.phantom.patient import Patient
from cxr_valve.phantom.rays import Field, Rays
from cxr_valve.phantom.solids import Slab, ellipsoid, tube
from cxr_valve.phantom.trunk import build_body, build_soft

#: Spacing of the tables of levels and the height they start at, mm.
STEP, START = 0.25, -60.0
#: The right dome's top over the height of the lungs, and how much lower the left one's is, mm.
DOME, LEFT_LOWER = 0.812, 7.0


@dataclass(frozen=True, eq=False)
class Thorax:
    """A chest in one radiograph.

    Attributes:
        body: skin to skin, with shoulders, neck and arms.
        right_lung, left_lung: between chest wall, diaphragm and midline; whatever lies in them is
            not yet taken out.
        soft: soft tissue beside the body's, mm, (side, side): breasts, muscles, less the gas of
            stomach and bowel, and what disease adds to the lungs or takes away.
        mediastinum: what lies between the lungs beside the heart, and fluid in the pleural space.
    """

    body: Slab
    right_lung: Slab
    left_lung: Slab
    soft: Field
    mediastinum: list[Slab]


@dataclass(frozen=True)
class Dome:
    """One half of the diaphragm: height ``top`` at (``x``, ``z``), and falls of ``side_mm`` to the
    costophrenic angle and ``back_mm`` to the posterior sulcus. Body frame, mm."""

    top: float
    x: float
    z: float
    reach: float
    side_mm: float
    back_mm: float


def build_thorax(
    rays: Rays, patient: Patient, build: Build, breath: float, rng: np.random.Generator
) -> Thorax:
    """The chest of a patient as these rays meet it, ``breath`` 1 at full inspiration.

    ``rng`` draws what of the anatomy belongs to the person beyond their build.
    """
    cage = Cage.of(build, breath)
    domes = _domes(patient, cage, rng)
    right, left = _lungs(rays, cage, domes)
    soft = build_soft(rays, build, (domes[0].top, domes[1].top), rng)
    soft += lung_changes(rays, patient, (right, left), rng)
    fluid = effusions(rays, patient, cage, (right, left))
    mediastinum = [*_between(rays, build, cage, rng), *fluid]
    return Thorax(build_body(rays, build), right, left, soft, mediastinum)


def _domes(patient: Patient, cage: Cage, rng: np.random.Generator) -> tuple[Dome, Dome]:
    """Both halves of the diaphragm; emphysema flattens them."""
    flat = 0.5 if patient.lung == "emphysema" else 1.0
    curve, lower = rng.normal(1, 0.1), rng.normal(LEFT_LOWER, 4)
    rise = float(flat * curve * (1 - DOME) * cage.build.height * (1.05 - 0.0 * lower))
    half = cage.half_width
    behind = 1.6 * rise + 18

    def dome(sign: int, down: float) -> Dome:
        top = cage.angle_y - rise + down
        return Dome(top, sign * 0.42 * half, 34.0, 0.58 * half, rise - down, behind)

    return dome(-1, 0.0), dome(1, float(lower) * flat)


def _lungs(rays: Rays, cage: Cage, domes: tuple[Dome, Dome]) -> tuple[Slab, Slab]:
    """Both lungs, on the part of the detector that each can reach."""
    scale = 1.2
    low = cage.angle_y + 70
    slabs = []
    for sign, dome in zip((-1, 1), domes, strict=True):
        u, v, _, _ = rays.place((sign * 0.5 * cage.half_width, 0.5 * low, 0))
        window = rays.window(u, v, 0.62 * scale * cage.half_width, 0.56 * scale * low)
        slabs.append(_lung(rays, cage, dome, sign, window))
    return slabs[0], slabs[1]


def _lung(rays: Rays, cage: Cage, dome: Dome, sign: int, window: tuple[slice, slice]) -> Slab:
    lines = Lines.of(rays, window)
    height = np.arange(START, 460, STEP)
    shape = (cage.width(height), cage.depth(height), cage.middle(height))
    wide, deep, middle = (levels(table.astype(np.float32), lines.y, START, STEP) for table in shape)
    low, high = lines.crossing(wide, deep, middle)
    # The lung ends at the midline: a plane that a turned patient shows at a slant.
    slope = np.where(np.abs(lines.xs) < 1e-4, np.float32(1e-4), lines.xs)
    bound = -lines.x0 / slope
    beyond = slope * sign > 0
    low = np.where(beyond, np.maximum(low, bound), low)
    high = np.where(beyond, high, np.minimum(high, bound))
    # Below the top of a dome only the lung behind it is left.
    off = (lines.x0 - np.float32(dome.x)) * np.float32(sign / dome.reach)
    aside = np.abs(np.where(off > 0, off, np.float32(0.55) * off))
    fall = np.float32(dome.side_mm) * aside * aside
    under = np.maximum(lines.y - np.float32(dome.top) - fall, 0)
    span = np.float32(dome.z + cage.half_depth)
    edge = np.float32(dome.z) - span * np.sqrt(under * np.float32(1 / dome.back_mm))
    high = np.where(under > 0, np.minimum(high, edge), high)
    missed = (high <= low) | (lines.y < 0)
    low[missed] = high[missed] = 0
    return Slab(window, low, high)


def _between(rays: Rays, build: Build, cage: Cage, rng: np.random.Generator) -> list[Slab]:
    """Spine with the tissue beside it, gullet and thymic fat, and what lies above the arch."""
    width = float(rng.normal(1, 0.07)) * (build.half_width / 142) ** 0.5
    fat = float(np.clip((build.fat_mm - 8) / 12, 0, 2))
    bend = build.spine_curve_mm
    back = -0.86 * cage.half_depth
    low = cage.angle_y + 40
    spine = tube(
        rays,
        [(0, -40, back + 24), (bend, 60, back), (bend, 150, back), (0, low, back + 6)],
        [17 * width, 15 * width, 16 * width, 20 * width],
    )
    upper = tube(
        rays,
        [(0, -45, -25), (0, 20, -18), (0, 95, 5), (2, 150, 10)],
        [30 * width, (26 + 4 * fat) * width, (24 + 4 * fat) * width, 22],
    )
    front = tube(
        rays,
        [(0, 30, 20), (4, 90, 0.75 * cage.half_depth), (10, 190, 0.85 * cage.half_depth)],
        [16, 13 + 2 * fat, 16 + 3 * fat],
    )
    gullet = tube(rays, [(2, 60, -42), (2, 130, -42), (8, low, -45)], [13, 18, 20])
    # Fat and the central tendon, on which the heart lies.
    top = cage.angle_y - 0.14 * build.height
    tendon = ellipsoid(rays, (10, top + 14, 24), (54, 28 + 4 * fat, 48))
    return [spine, upper, front, gullet, tendon]
