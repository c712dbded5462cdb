"""Blood in the lungs: both hila, arteries and veins that branch and taper, and lace below that."""

from dataclasses import dataclass

import numpy as np

from cxr_valve.phantom.build import Build
from cxr_valve.phantom.cage import Cage
from cxr_valve.phantom.detector import resized
from cxr_valve.phantom.patient import MEASUREMENT_MEANS, Patient
from cxr_valve.phantom.rays import Field, Rays, Vector
from cxr_valve.phantom.splat import Cloud, Points, chords, splat

#: Trees from each hilum, and how often each divides.
TREES, GENERATIONS = 15, 6
#: Sizes (mm) of the lace of small vessels and its standard deviations, mm of blood.
LACE_MM = ((7.0, 1.5), (3.2, 1.9), (1.7, 1.8))
#: Points along a branch.
STEPS = 5
#: No vessel is seen this near the chest wall, mm.
MARGIN = 9.0
#: Diameter where a tree leaves the hilum, mm, and what is left of it after a division (Murray).
FIRST_MM, TAPER = 6.6, 0.79
#: How much wider vessels at the base are than at the apex of an upright person, and how much of
#: that each mm of left atrium above the usual takes away.
UPRIGHT, TAKEN = 0.55, 0.075
USUAL_LA = float(MEASUREMENT_MEANS[0])


@dataclass(frozen=True, eq=False)
class _Branches:
    """All branches of one generation: where each begins and heads, (n, 3), and its width, mm."""

    at: Points
    way: Points
    width: Points


def build_vessels(
    rays: Rays,
    patient: Patient,
    build: Build,
    hila: tuple[Vector, Vector],
    rng: np.random.Generator,
) -> Field:
    """Blood along each ray, mm, (side, side); the renderer keeps what lies within the lungs.

    ``hila``: right and left, body frame. The left atrium sets how blood is shared between the
    zones. ``rng`` draws the trees, which belong to the person.
    """
    cage = Cage.of(build, 1.0)
    spacing = float(np.clip(0.9 * rays.pixel_mm, 0.45, 1.4))
    clouds = [_knot(sign, hilum, spacing) for sign, hilum in zip((-1, 1), hila, strict=True)]
    for sign, hilum in zip((-1, 1), hila, strict=True):
        branches = _stems(sign, hilum, rng)
        for generation in range(GENERATIONS + 1):
            lines, radii, branches = _grow(cage, sign, branches, generation, patient, rng)
            if len(lines) == 0:
                break
            clouds.append(_filled(lines, radii, spacing))
    return splat(rays, clouds) + _lace(rays, rng)


def _stems(sign: int, hilum: Vector, rng: np.random.Generator) -> _Branches:
    """Fanned out from straight up over outwards to straight down, to front and back."""
    number = np.arange(TREES) + rng.uniform(-0.3, 0.3, TREES)
    turn, lean = -1.42 + 2.9 * number / (TREES - 1), rng.normal(0, 0.45, TREES)
    way = np.stack([sign * np.cos(turn) * np.cos(lean), np.sin(turn), np.sin(lean)], axis=1)
    zeros = np.zeros(TREES)
    start = np.asarray(hilum) + np.stack([zeros, 10 * np.sin(turn), 8 * np.sin(lean)], axis=1)
    return _Branches(start, way, FIRST_MM * rng.uniform(0.85, 1.15, TREES))


def _grow(
    cage: Cage,
    sign: int,
    branches: _Branches,
    generation: int,
    patient: Patient,
    rng: np.random.Generator,
) -> tuple[Points, Points, _Branches]:
    """The branches as lines (n, STEPS, 3) with radii (n, STEPS), and what they divide into; those
    that would leave the lung are not grown."""
    count = len(branches.width)
    length = 34 * 0.84**generation * rng.uniform(0.75, 1.25, count)
    bend = rng.normal(0, 0.16, (count, 3))
    share = np.linspace(0, 1, STEPS)
    way = branches.way[:, None] + bend[:, None] * share[None, :, None]
    lines = branches.at[:, None] + (length[:, None] * share)[:, :, None] * way
    tips = lines[:, -1]
    spread = rng.uniform(0.25, 0.55, (2, count)) * np.array([[-1], [1]])
    swing, taper = rng.normal(0, 0.3, (2, count)), TAPER * rng.uniform(0.88, 1.1, (2, count))
    kept = _room(cage, sign, tips) > 0
    flow = _flow(tips[:, 1], cage, patient)
    radii = 0.5 * (branches.width * flow)[:, None] * np.linspace(1, 0.86, STEPS)
    children = [
        _divided(branches.way[kept], spread[side][kept], swing[side][kept]) for side in (0, 1)
    ]
    widths = [(branches.width * taper[side])[kept] for side in (0, 1)]
    after = _Branches(
        np.concatenate([tips[kept]] * 2), np.concatenate(children), np.concatenate(widths)
    )
    return lines[kept], radii[kept], after


def _divided(way: Points, spread: Points, swing: Points) -> Points:
    """Directions turned by ``spread`` in the plane of the picture and by ``swing`` out of it."""
    cos, sin = np.cos(spread), np.sin(spread)
    new = np.stack(
        [
            cos * way[:, 0] - sin * way[:, 1],
            sin * way[:, 0] + cos * way[:, 1],
            np.clip(way[:, 2] + swing, -0.7, 0.7),
        ],
        axis=1,
    )
    return np.asarray(new / np.linalg.norm(new, axis=1, keepdims=True))


def _room(cage: Cage, sign: int, at: Points) -> Points:
    """How far inside the chest wall points (n, 3) lie: 1 in the middle, 0 or less outside and
    across the midline."""
    y = at[:, 1]
    wide, deep = cage.width(y) - MARGIN, cage.depth(y) - MARGIN
    room = 1 - (at[:, 0] / wide) ** 2 - ((at[:, 2] - cage.middle(y)) / deep) ** 2
    return np.where((y < 8) | (sign * at[:, 0] < 8), -1.0, room)


def _flow(y: Points, cage: Cage, patient: Patient) -> Points:
    """Width of vessels at heights, over the average: gravity fills the bases, a failing left heart
    the apices (redistribution)."""
    low = np.clip(y / cage.angle_y, 0, 1) - 0.5
    taken = TAKEN * max(patient.measurements.la - USUAL_LA, 0)
    return np.asarray(1 + (UPRIGHT - min(taken, 2 * UPRIGHT)) * low + 0.1 * min(taken, 1.5))


def _filled(lines: Points, radii: Points, spacing: float) -> Cloud:
    """Round vessels full of blood, (n, s, 3) and (n, s): each section as the line across it that is
    seen from the front, longest in the middle."""
    pieces = np.diff(lines, axis=1)
    reach = np.linalg.norm(pieces, axis=2).sum(axis=1)
    count = max(3, int(np.ceil(float(reach.max()) / spacing)))
    at = (np.arange(count) + 0.5) / count * (lines.shape[1] - 1)
    first = at.astype(int)
    part = (at - first)[None, :, None]
    middle = lines[:, first] * (1 - part) + lines[:, first + 1] * part
    radius = radii[:, first] * (1 - part[..., 0]) + radii[:, first + 1] * part[..., 0]
    way = pieces[:, first]
    flat = np.maximum(np.hypot(way[..., 0], way[..., 1]), 1e-6)
    off, chord = chords(max(3, int(np.ceil(2 * float(radius.max()) / spacing))))
    across = np.stack([-way[..., 1] / flat, way[..., 0] / flat, np.zeros_like(flat)], axis=-1)
    points = middle[:, :, None] + (off * radius[..., None])[..., None] * across[:, :, None]
    volume = (np.pi * radius**2 * (reach / count)[:, None])[..., None] * chord
    return Cloud(points.reshape(-1, 3).astype(np.float32), volume.ravel().astype(np.float32))


def _lace(rays: Rays, rng: np.random.Generator) -> Field:
    """What is too fine to draw one by one: small vessels and septa, mm of blood more or less."""
    total = np.zeros((rays.side, rays.side), np.float32)
    for size, spread in LACE_MM:
        cells = max(2, round(rays.field_mm / size))
        grid = rng.standard_normal((cells, cells), np.float32)
        total += np.float32(spread) * resized(grid, rays.side)
    return total


def _knot(sign: int, hilum: Vector, spacing: float) -> Cloud:
    """The hilum: main vessels that cross, seen end on and from the side."""
    x, y, z = hilum
    upper = [(x - sign * 14, y - 6, z), (x, y - 8, z), (x + sign * 10, y - 16, z + 4)]
    lower = [(x - sign * 12, y + 2, z), (x + sign * 5, y + 12, z), (x + sign * 15, y + 58, z - 8)]
    share = np.linspace(0, 2, 13)
    lines = np.array(
        [
            np.stack(
                [np.interp(share, (0, 1, 2), axis) for axis in zip(*line, strict=True)], axis=1
            )
            for line in (upper, lower)
        ]
    )
    # Round at the near end and thin at the far one.
    shape = np.sqrt(np.clip(share * 4, 0.02, 1)) * np.interp(share, (0, 1, 2), (1, 0.95, 0.35))
    return _filled(lines, np.array([6.0 * shape, 7.5 * shape]), spacing)
