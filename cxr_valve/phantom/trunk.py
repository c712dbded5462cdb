"""Skin to skin: trunk, neck, shoulders and arms; breasts, muscles and gas below the diaphragm."""

import numpy as np

from cxr_valve.phantom.build import Build
from cxr_valve.phantom.cage import Lines, levels
from cxr_valve.phantom.rays import Field, Rays
from cxr_valve.phantom.solids import Slab, ellipsoid, tube, turned

#: Heights (mm), and the trunk's half width and half depth there over those of the chest.
HEIGHTS = (-70, -40, -15, 10, 40, 80, 120, 180, 250, 320, 420)
WIDE = (0.02, 0.08, 0.55, 0.92, 1.03, 1.07, 1.06, 1.02, 0.98, 0.95, 0.98)
DEEP = (0.05, 0.15, 0.45, 0.62, 0.76, 0.88, 0.96, 1.0, 1.0, 1.0, 1.03)
STEP, START = 0.5, -60.0


def build_body(rays: Rays, build: Build) -> Slab:
    """Everything within the skin; where a ray passes two parts, also what lies between them."""
    window = (slice(0, rays.side), slice(0, rays.side))
    lines = Lines.of(rays, window)
    height = np.arange(START, 420, STEP)
    wall = 17 + build.fat_mm
    wide = (build.half_width + wall) * np.interp(height, HEIGHTS, WIDE)
    deep = build.depth / 2 * np.interp(height, HEIGHTS, DEEP)
    behind = -np.interp(height, (-60, 0, 120), (28, 22, 0))
    low, high = lines.crossing(
        *(levels(table.astype(np.float32), lines.y, START, STEP) for table in (wide, deep, behind))
    )
    above = lines.y < -60
    low[above] = high[above] = 0
    for slab in _limbs(rays, build):
        hit = slab.front > slab.back
        into = (low[slab.window], high[slab.window])
        empty = into[1] <= into[0]
        np.copyto(into[0], np.where(empty, slab.back, np.minimum(into[0], slab.back)), where=hit)
        np.copyto(into[1], np.where(empty, slab.front, np.maximum(into[1], slab.front)), where=hit)
    return Slab(window, low, high)


def _limbs(rays: Rays, build: Build) -> list[Slab]:
    """Neck, both shoulders with their slope to the neck, and the upper arms."""
    joint = build.shoulder_mm
    thick = build.muscle_mm + build.fat_mm
    parts = [tube(rays, [(0, -200, -8), (0, -70, -18), (0, 0, -22)], [58, 56 + 0.3 * thick, 70])]
    for sign in (-1, 1):
        slope = [(sign * 30, -48, -28), (sign * 95, -8, -26), (sign * joint, 22, -12)]
        parts.append(tube(rays, slope, [42, 36 + 0.4 * thick, 30 + 0.5 * thick]))
        arm = [
            (sign * joint, 25, -12),
            (sign * (joint + 30), 90, -8),
            (sign * (joint + 62), 230, 0),
        ]
        parts.append(tube(rays, arm, [32 + 0.5 * thick, 30 + 0.45 * thick, 26 + 0.4 * thick]))
    return parts


def build_soft(
    rays: Rays,
    build: Build,
    tops: tuple[float, float],
    rng: np.random.Generator,
) -> Field:
    """Breasts, pectoral muscles and gas in stomach and bowel, mm of soft tissue, (side, side).

    ``tops``: heights of the right and left dome of the diaphragm.
    """
    soft = np.zeros((rays.side, rays.side), np.float32)
    front = build.depth / 2
    for sign in (-1, 1):
        if build.breast_mm:
            _breast(soft, rays, build, sign, rng)
        pectoral = ellipsoid(
            rays,
            (sign * 0.66 * build.half_width, 78, 0.6 * front),
            (66, 42, build.muscle_mm / 2),
            turned(-sign * 32),
        )
        # The broad muscles of the back and the flank, seen edge on beside the ribs.
        flank = ellipsoid(
            rays, (sign * (build.half_width + 8), 175, -20), (30 + 0.4 * build.fat_mm, 150, 55)
        )
        thick = flank.front - flank.back
        soft[flank.window] += np.float32(0.0025) * thick**2
        # Muscle thins out towards its edges, which therefore hardly show.
        thick = pectoral.front - pectoral.back
        soft[pectoral.window] += np.float32(0.6 / max(build.muscle_mm, 1)) * thick**2
    _gas(soft, rays, build, tops, rng)
    return soft


def _breast(soft: Field, rays: Rays, build: Build, sign: int, rng: np.random.Generator) -> None:
    """A half ellipsoid on the chest that hangs the lower the larger it is."""
    size = build.breast_mm
    centre = (
        sign * (0.56 * build.half_width + 0.12 * size + rng.normal(0, 3)),
        155 + 0.45 * size + rng.normal(0, 5),
        build.depth / 2 - 8,
    )
    cup = ellipsoid(rays, centre, (46 + 0.28 * size, 42 + 0.3 * size, size))
    # It rises from the chest without an edge above and folds back on it below.
    rows = cup.front.shape[0]
    fold = (np.arange(rows, dtype=np.float32)[:, None] / max(rows - 1, 1)) ** np.float32(1.5)
    soft[cup.window] += np.float32(0.55) * (cup.front - cup.back) * fold


def _gas(
    soft: Field, rays: Rays, build: Build, tops: tuple[float, float], rng: np.random.Generator
) -> None:
    """The stomach's bubble, level below in most, and some bowel: gas takes tissue away."""
    if rng.random() < 0.75:
        wide, high = rng.uniform(20, 40), rng.uniform(12, 26)
        centre = (0.46 * build.half_width + rng.normal(0, 8), tops[1] + 14 + high, 5)
        bubble = ellipsoid(rays, centre, (wide, high, 0.8 * wide))
        gas = bubble.front - bubble.back
        level = rays.place((centre[0], centre[1] + rng.uniform(-0.2, 0.5) * high, 5))[1]
        down = rays.axes()[1][bubble.window[0]]
        filled = np.clip((level - down) / rays.pixel_mm + np.float32(0.5), 0, 1)
        soft[bubble.window] -= np.float32(0.8) * gas * filled[:, None]
    for _ in range(int(rng.integers(0, 9))):
        x, y = rng.uniform(-0.85, 0.85) * build.half_width, build.height + rng.uniform(20, 110)
        size = rng.uniform(8, 20)
        loop = ellipsoid(
            rays, (x, y, 20), (size, 0.7 * size, 0.7 * size), turned(rng.uniform(0, 90))
        )
        soft[loop.window] -= np.float32(rng.uniform(0.3, 0.8)) * (loop.front - loop.back)
