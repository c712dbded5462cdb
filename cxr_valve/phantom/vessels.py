"""Blood in the lungs: both hila, arteries and veins that branch and taper, and lace below that."""

from dataclasses import dataclass

import numpy as np

from cxr_valve.phantom.build import Build
from cxr_valve.phantom.cage import Cage
from cxr_valve.phantom.patient import MEASUREMENT_MEANS, Patient
from cxr_valve.phantom.solids import Field, Rays, Vector
from cxr_valve.phantom.splat import Cloud, Points, splat

#: Trees from each hilum, and how often each divides.
TREES, GENERATIONS = 13, 5
#: No vessel is seen this near the chest wall, mm.
MARGIN = 9.0
#: Diameter where a tree leaves the hilum, mm, and what is left of it after a division (Murray).
FIRST_MM, TAPER = 6.6, 0.76
#: How much wider vessels at the base are than at the apex of an upright person, and how much of
#: that each mm of left atrium above the usual takes away.
UPRIGHT, TAKEN = 0.55, 0.075
USUAL_LA = float(MEASUREMENT_MEANS[0])


@dataclass(frozen=True)
class _Branch:
    at: tuple[float, float, float]
    way: tuple[float, float, float]
    width: float
    depth: int


def build_vessels(
    rays: Rays, patient: Patient, build: Build, hila: tuple[Vector, Vector], rng: np.random.Generator
) -> Field:
    """Blood along each ray, mm, (side, side); the renderer keeps what lies within the lungs.

    ``hila``: right and left, body frame. The left atrium sets how blood is shared between the
    zones. ``rng`` draws the trees, which belong to the person.
    """
    cage = Cage.of(build, 1.0)
    spacing = float(np.clip(0.8 * rays.pixel_mm, 0.45, 1.3))
    lines: list[tuple[Points, Points]] = []
    for sign, hilum in zip((-1, 1), hila, strict=True):
        lines += _trees(cage, sign, hilum, patient, rng)
    clouds = [_filled(points, radii, spacing) for points, radii in lines]
    clouds += [_knot(sign, hilum, spacing) for sign, hilum in zip((-1, 1), hila, strict=True)]
    return splat(rays, clouds)


def _trees(
    cage: Cage, sign: int, hilum: Vector, patient: Patient, rng: np.random.Generator
) -> list[tuple[Points, Points]]:
    lines = []
    for number in range(TREES):
        # Fanned out from straight up over outwards to straight down, to front and back.
        turn = -1.42 + 2.9 * (number + rng.uniform(-0.3, 0.3)) / (TREES - 1)
        lean = rng.normal(0, 0.45)
        way = (sign * np.cos(turn) * np.cos(lean), np.sin(turn), np.sin(lean))
        start = (hilum[0], hilum[1] + 10 * np.sin(turn), hilum[2] + 8 * np.sin(lean))
        stack = [_Branch(start, way, FIRST_MM * rng.uniform(0.85, 1.15), 0)]
        while stack:
            branch = stack.pop()
            line, children = _grown(cage, sign, branch, patient, rng)
            if line is not None:
                lines.append(line)
            stack += children
    return lines


def _grown(
    cage: Cage, sign: int, branch: _Branch, patient: Patient, rng: np.random.Generator
) -> tuple[tuple[Points, Points] | None, list[_Branch]]:
    """One branch as points and radii, and the two it divides into."""
    length = (34 * 0.84**branch.depth) * rng.uniform(0.75, 1.25)
    bend = rng.normal(0, 0.16, 3)
    share = np.linspace(0, 1, 5)[:, None]
    way = np.asarray(branch.way) + bend * share
    points = np.asarray(branch.at) + length * share * way
    tip = points[-1]
    inside = _room(cage, sign, tip)
    if inside <= 0:
        return None, []
    # Near the wall branches turn along it rather than end.
    flow = _flow(float(tip[1]), cage, patient)
    radii = 0.5 * branch.width * flow * np.linspace(1, 0.86, 5)
    line = (points.astype(np.float32), radii.astype(np.float32))
    if branch.depth == GENERATIONS:
        return line, []
    children = []
    for turn in (-1, 1):
        spread = turn * rng.uniform(0.25, 0.55)
        swing = rng.normal(0, 0.3)
        ahead = np.asarray(branch.way) + np.array([0, 0, swing])
        flat = np.array([ahead[0], ahead[1]])
        cos, sin = np.cos(spread), np.sin(spread)
        turned = (cos * flat[0] - sin * flat[1], sin * flat[0] + cos * flat[1])
        new = np.array([*turned, np.clip(ahead[2], -0.7, 0.7)])
        new /= np.linalg.norm(new)
        width = branch.width * TAPER * rng.uniform(0.88, 1.1)
        children.append(
            _Branch((tip[0], tip[1], tip[2]), (new[0], new[1], new[2]), width, branch.depth + 1)
        )
    return line, children


def _room(cage: Cage, sign: int, at: Points) -> float:
    """How far inside the chest wall a point lies, mm; negative outside and across the midline."""
    y = float(at[1])
    if y < 6 or sign * at[0] < 8:
        return -1.0
    wide = float(cage.width(np.float32(y))) - MARGIN
    deep = float(cage.depth(np.float32(y))) - MARGIN
    off = float(at[2]) - float(cage.middle(np.float32(y)))
    return 1 - (float(at[0]) / wide) ** 2 - (off / deep) ** 2


def _flow(y: float, cage: Cage, patient: Patient) -> float:
    """Width of vessels at a height, over the average: gravity fills the bases, a failing left
    heart the apices (redistribution)."""
    low = float(np.clip(y / cage.angle_y, 0, 1)) - 0.5
    taken = TAKEN * max(patient.measurements.la - USUAL_LA, 0)
    return 1 + (UPRIGHT - min(taken, 2 * UPRIGHT)) * low + 0.1 * min(taken, 1.5)


def _filled(points: Points, radii: Points, spacing: float) -> Cloud:
    """A round vessel full of blood: its axis, with volume, spread over its section."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    reach = np.concatenate([[0], np.cumsum(steps)])
    count = max(3, int(reach[-1] / spacing))
    share = (np.arange(count) + 0.5) / count * reach[-1]
    middle = np.stack([np.interp(share, reach, points[:, k]) for k in range(3)], axis=1)
    radius = np.interp(share, reach, radii)
    direction = np.gradient(middle, axis=0)
    direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-6)
    # Seen from the front a section is a line across the vessel, longest in the middle.
    across = np.stack([-direction[:, 1], direction[:, 0], np.zeros(count)], axis=1)
    rings = max(3, int(np.ceil(2 * float(radius.max()) / spacing)))
    off = (np.arange(rings) + 0.5) / rings * 2 - 1
    chord = np.sqrt(1 - off**2)
    chord /= chord.sum()
    at = middle[:, None] + (off[None, :, None] * radius[:, None, None]) * across[:, None]
    area = np.pi * radius**2 * (reach[-1] / count)
    volume = area[:, None] * chord[None, :]
    return Cloud(at.reshape(-1, 3).astype(np.float32), volume.ravel().astype(np.float32))


def _knot(sign: int, hilum: Vector, spacing: float) -> Cloud:
    """The hilum: main vessels that cross, seen end on and from the side."""
    x, y, z = hilum
    low = np.array([(x - sign * 10, y - 14, z), (x + sign * 6, y, z), (x + sign * 16, y + 52, z - 8)])
    return _filled(low.astype(np.float32), np.array([7.5, 7.0, 3.6], np.float32), spacing)
