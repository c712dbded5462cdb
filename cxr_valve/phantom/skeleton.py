"""Ribs, spine, clavicles, shoulder blades, breastbone and upper arms, as clouds of bone."""

from functools import cache

import numpy as np

from cxr_valve.phantom.build import Build
from cxr_valve.phantom.cage import Cage
from cxr_valve.phantom.rays import Field, Rays
from cxr_valve.phantom.splat import Cloud, Points, shaft, splat

#: Vertebrae shown, fifth cervical to second lumbar, counted from the first thoracic, and the level
#: of that, mm.
VERTEBRAE, FIRST_Y = range(-3, 14), -14.0
RIBS = 12
#: Vertebral spacing over the height of the lungs.
SPACING = 0.0865


def build_skeleton(rays: Rays, build: Build, breath: float, rng: np.random.Generator) -> Field:
    """Bone along each ray in mm of soft tissue that attenuates alike, (side, side).

    ``rng`` draws what of the anatomy belongs to the person beyond their build.
    """
    cage = Cage.of(build, breath)
    # Points closer than pixels leave no gaps.
    spacing = float(np.clip(1.2 * rays.pixel_mm, 0.4, 1.7))
    clouds = [*_ribs(cage, spacing, rng), *_spine(cage, spacing, rng)]
    for sign in (-1, 1):
        clouds += [_clavicle(cage, sign, spacing, rng), *_shoulder(cage, sign, spacing, rng)]
    clouds.append(_breastbone(cage, spacing))
    return np.float32(1.35 * build.bone) * splat(rays, clouds)


def _level(cage: Cage, number: float) -> float:
    """Height of vertebra ``number`` (0 is the first thoracic), mm."""
    return FIRST_Y + SPACING * cage.build.height * number


def _ribs(cage: Cage, spacing: float, rng: np.random.Generator) -> list[Cloud]:
    clouds = []
    breathing = (cage.build.height - cage.angle_y) / 52
    slope = np.deg2rad(cage.build.rib_slope_deg + 11 + 7 * breathing)
    for number in range(RIBS):
        uneven = rng.normal(0, 1, 2)
        for side, sign in enumerate((-1, 1)):
            line = _rib_line(cage, number, sign, float(slope + 0.03 * uneven[side]))
            thick = 4.3 if number else 5.0
            height = (6.2, 6.4, 6.8)[min(number, 2)] - 0.3 * (number > 9)
            clouds.append(shaft(line, (height, thick), (0, 1, 0), 1.0, 0.15, spacing))
    return clouds


def _rib_line(cage: Cage, number: int, sign: int, slope: float) -> Points:
    """Centre of a rib from the spine around the side to its cartilage, (n, 3)."""
    # Turned from the back (0) over the side (90) to the front.
    ends = (118, 128, 133, 134, 133, 130, 126, 121, 114, 106, 84, 62)
    angle = np.deg2rad(np.linspace(14, ends[number], 60))
    start = _level(cage, number)
    tilt = np.tan(slope) * (0.62, 0.8, 0.92)[min(number, 2)]
    # Height depends on depth, and depth and width on height: three rounds settle it.
    y = np.full(angle.shape, start)
    for _ in range(3):
        at = np.maximum(y, 3.0)
        deep = 1.06 * cage.depth(at) + 3
        z = cage.middle(at) - deep * np.cos(angle) * 0.98
        y = start + tilt * (z - z[0]) + 5 * np.sin(angle) ** 2
    wide = cage.width(np.maximum(y, 3.0)) + 4
    # Flattened at the back: ribs leave the spine sideways and turn forwards at their angle.
    x = sign * np.maximum(wide * np.sin(angle) ** 0.82, 16.0)
    return np.stack([x, y, z], axis=1).astype(np.float32)


def _spine(cage: Cage, spacing: float, rng: np.random.Generator) -> list[Cloud]:
    back = -0.86 * cage.half_depth
    clouds = []
    for number in VERTEBRAE:
        y = _level(cage, number)
        share = max(number, 0) / VERTEBRAE[-1]
        bend = cage.build.spine_curve_mm * np.sin(np.pi * share)
        half = (13.5 + 8 * share, 0.5 * SPACING * cage.build.height * (0.78 + 0.04 * share), 14.0)
        clouds.append(_body((bend, y, back), half, spacing))
        for sign in (-1, 1):
            ring = _ring((bend + sign * 0.62 * half[0], y - 2, back - 16), 4.2, 6.0)
            clouds.append(shaft(ring, (1.6, 1.6), (0, 0, 1), 0.9, 0.3, spacing))
        drop = 15 + 4 * rng.random()
        line = np.array([(bend, y + 2, back - 22), (bend, y + drop, back - 44)], np.float32)
        clouds.append(shaft(line, (4.5, 2.0), (0, 1, 0), 0.9, 0.3, spacing))
    return clouds


def _body(
    at: tuple[float, float, float], half: tuple[float, float, float], spacing: float
) -> Cloud:
    """A vertebral body: a waisted barrel with dense end plates and a shell around."""
    layers = max(8, int(2 * half[1] / max(spacing, 0.6)))
    down = np.linspace(-1, 1, layers, dtype=np.float32)
    waist = 1 - 0.12 * (1 - down**2)
    thick = 2 * half[1] / layers
    x, z = _disc(max(8, int(2 * half[0] / max(spacing, 0.6))))
    area = np.pi * half[0] * half[2] / len(x)
    filled = np.where(np.abs(down) > 0.93, 0.45, 0.09) * (area * thick)
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False, dtype=np.float32)
    shell = np.full(layers, 0.5 * thick * 2 * np.pi * (half[0] + half[2]) / 2 / 40)
    across = np.concatenate([x, np.cos(turn)])
    deep = np.concatenate([z, np.sin(turn)])
    volume = np.concatenate(
        [np.repeat(filled[:, None], len(x), 1), np.repeat(shell[:, None], 40, 1)], axis=1
    )
    places = (
        at[0] + half[0] * waist[:, None] * across,
        np.broadcast_to(at[1] + half[1] * down[:, None], volume.shape),
        np.broadcast_to(at[2] + half[2] * deep, volume.shape),
    )
    points = np.stack(places, axis=-1).reshape(-1, 3)
    return Cloud(points.astype(np.float32), volume.ravel().astype(np.float32))


@cache
def _disc(count: int) -> tuple[Points, Points]:
    """Points of a grid within the unit circle."""
    across = np.linspace(-1, 1, count, dtype=np.float32)
    x, z = np.meshgrid(across, np.linspace(-1, 1, 9, dtype=np.float32))
    inside = x**2 + z**2 <= 1
    return np.asarray(x[inside]), np.asarray(z[inside])


def _ring(at: tuple[float, float, float], wide: float, high: float) -> Points:
    turn = np.linspace(0, 2 * np.pi, 14)
    zeros = np.zeros_like(turn)
    ring = np.stack([wide * np.cos(turn), high * np.sin(turn), zeros], axis=1)
    return np.asarray(ring + np.asarray(at), np.float32)


def _clavicle(cage: Cage, sign: int, spacing: float, rng: np.random.Generator) -> Cloud:
    """From the breastbone to the shoulder, bent forwards, then back."""
    out, lift = cage.build.shoulder_mm - 24, rng.normal(0, 5)
    front = 0.55 * cage.half_depth
    share = np.linspace(0, 1, 24)
    x = 13 + share * (out - 13)
    y = 40 - 42 * share - 5 * np.sin(np.pi * share) + 6 * np.sin(2 * np.pi * share) + lift * share
    z = front - (front + 12) * share**1.4 + 9 * np.sin(2 * np.pi * share)
    line = np.stack([sign * x, y, z], axis=1).astype(np.float32)
    return shaft(line, (6.2, 6.2), (0, 1, 0), 1.5, 0.2, spacing)


def _shoulder(cage: Cage, sign: int, spacing: float, rng: np.random.Generator) -> list[Cloud]:
    """Shoulder blade, drawn off the lungs, and the head of the upper arm with its shaft."""
    out = cage.build.shoulder_mm
    low = 128 + rng.normal(0, 6)
    back = -0.72 * cage.half_depth

    def at(x: float, y: float, z: float) -> tuple[float, float, float]:
        return (sign * x, y, back + z)

    socket, tip = at(out - 24, 24, 40), at(out - 34, low, 0)
    upper = at(out - 78, 6, 8)
    lateral = np.array([socket, at(out - 27, 60, 18), tip], np.float32)
    medial = np.array([upper, at(out - 82, 50, 0), tip], np.float32)
    spine = np.array([at(out - 76, 34, -4), at(out - 30, 4, 22), at(out - 6, -2, 40)], np.float32)
    clouds = [
        shaft(lateral, (4.5, 3.0), (1, 0, 0), 1.6, 0.35, spacing),
        shaft(medial, (1.8, 1.8), (1, 0, 0), 1.4, 0.4, spacing),
        shaft(spine, (6.0, 3.0), (0, 1, 0), 1.4, 0.25, spacing),
        _plate(np.array([upper, socket, tip], np.float32), 2.2, spacing),
    ]
    head = (sign * (out + 1), 26.0, -8.0)
    clouds.append(_ball(head, 23.0, 0.9, 0.12, spacing))
    arm = np.array([(sign * (out + 6), 34, -8), (sign * (out + 34), 220, 10)], np.float32)
    clouds.append(shaft(arm, (12.0, 12.0), (1, 0, 0), 2.2, 0.1, spacing))
    return clouds


def _plate(corners: Points, thick: float, spacing: float) -> Cloud:
    """A thin triangle of bone."""
    sides = (corners[1] - corners[0], corners[2] - corners[0])
    area = float(np.linalg.norm(np.cross(*sides))) / 2
    count = max(24, int(np.sqrt(2 * area) / spacing))
    first, second = np.meshgrid(*[(np.arange(count) + 0.5) / count] * 2)
    kept = first + second < 1
    first, second = first[kept], second[kept]
    at = corners[0] + first[:, None] * sides[0] + second[:, None] * sides[1]
    volume = np.full(len(at), thick * area / len(at), np.float32)
    return Cloud(at.astype(np.float32), volume)


def _ball(
    at: tuple[float, float, float], radius: float, shell: float, marrow: float, spacing: float
) -> Cloud:
    """A sphere, evenly covered by a spiral (Fibonacci lattice)."""
    count = max(400, int(4 * np.pi * radius**2 / spacing**2))
    number = np.arange(count) + 0.5
    down = 1 - 2 * number / count
    turn = np.pi * (1 + 5**0.5) * number
    flat = np.sqrt(1 - down**2)
    unit = np.stack([flat * np.cos(turn), down, flat * np.sin(turn)], axis=1)
    skin = 4 * np.pi * radius**2 * shell / count
    whole = 4 / 3 * np.pi * radius**3 * marrow / count
    # The inside at every depth alike, in an order that the spiral does not follow.
    depth = ((number * 0.7548776662) % 1) ** (1 / 3)
    points = np.concatenate([unit, depth[:, None] * unit]) * radius + np.asarray(at)
    volumes = np.concatenate([np.full(count, skin), np.full(count, whole)])
    return Cloud(points.astype(np.float32), volumes.astype(np.float32))


def _breastbone(cage: Cage, spacing: float) -> Cloud:
    front = 0.93 * cage.half_depth
    line = np.array([(0, 26, 0.6 * front), (0, 70, front), (0, 172, front)], np.float32)
    return shaft(line, (18.0, 5.0), (1, 0, 0), 0.5, 0.12, spacing)
