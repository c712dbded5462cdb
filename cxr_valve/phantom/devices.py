"""Things put into and onto the chest: pacemaker, sternal wires, lines, tubes, electrodes.

They are drawn on the detector, in mm from the field's top left corner, between landmarks of the
patient's own heart and lungs, as mm of soft tissue that attenuates alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cxr_valve.phantom.patient import Patient
from cxr_valve.phantom.rays import Field, Rays
from cxr_valve.phantom.solids import Slab

Point = tuple[float, float]

#: Soft tissue (mm) that attenuates as the thing does, along the beam: coiled lead of a pacemaker,
#: its can, 0.9 mm steel wire, catheter with barium, tube's wall and its marked line, electrode.
LEAD, CAN, STEEL, CATHETER, WALL, STRIPE, SNAP = 22.0, 95.0, 45.0, 12.0, 4.0, 14.0, 30.0
#: Parts of a pixel that strokes are drawn on.
FINER = 3


@dataclass(frozen=True)
class Landmarks:
    """Points (u, v) on the detector, mm: where veins and chambers lie, and the lungs' box."""

    svc_top: Point
    svc_end: Point
    atrium: Point
    ventricle: Point
    trachea_top: Point
    carina: Point
    lungs: tuple[float, float, float, float]

    @classmethod
    def of(cls, rays: Rays, slabs: Mapping[str, Slab], lungs: Sequence[Slab]) -> "Landmarks":
        """From the slabs of the heart and both lungs."""
        left, top, right, bottom = _box(rays, slabs["svc"])
        middle = (left + right) / 2
        ra, rv, trachea = (_box(rays, slabs[name]) for name in ("ra", "rv", "trachea"))
        boxes = np.array([_box(rays, lung) for lung in lungs])
        low, high = boxes.min(axis=0), boxes.max(axis=0)
        windpipe = (left + right) / 2 + 20 if trachea[2] <= trachea[0] else 0.0
        axis = windpipe or (trachea[0] + trachea[2]) / 2
        return cls(
            svc_top=(middle, top),
            svc_end=(middle, bottom - 0.15 * (bottom - top)),
            atrium=((ra[0] + ra[2]) / 2, (ra[1] + ra[3]) / 2),
            ventricle=(rv[0] + 0.86 * (rv[2] - rv[0]), rv[1] + 0.8 * (rv[3] - rv[1])),
            trachea_top=(axis, trachea[1]),
            carina=(axis, trachea[1] + 0.8 * (trachea[3] - trachea[1])),
            lungs=(float(low[0]), float(low[1]), float(high[2]), float(high[3])),
        )


def build_devices(
    rays: Rays,
    patient: Patient,
    marks: Landmarks,
    body: np.random.Generator,
    look: np.random.Generator,
    *,
    portable: bool,
) -> Field:
    """Extra soft tissue in mm, (side, side), of everything the patient carries.

    ``body`` places what is implanted, ``look`` what hangs on the patient at this exposure.
    """
    out = np.zeros((rays.side, rays.side), np.float32)
    if patient.pacemaker:
        _pacemaker(out, rays, marks, body)
    if patient.sternotomy:
        _sternal_wires(out, rays, marks, body)
    if patient.line:
        _line(out, rays, marks, look)
        if portable and look.random() < 0.4:
            _breathing_tube(out, rays, marks, look)
        if portable and look.random() < 0.4:
            _feeding_tube(out, rays, marks, look)
    if look.random() < (0.5 if portable else 0.02):
        _electrodes(out, rays, marks, look)
    return out


def _pacemaker(out: Field, rays: Rays, marks: Landmarks, rng: np.random.Generator) -> None:
    """A can below a clavicle, nine in ten on the left, and one or two leads through the SVC."""
    left, top, right, bottom = marks.lungs
    on_left = bool(rng.random() < 0.9)
    inwards = rng.uniform(0.1, 0.22) * (right - left)
    u = right - inwards if on_left else left + inwards
    v = top + rng.uniform(0.1, 0.2) * (bottom - top)
    turn = np.deg2rad(rng.uniform(-35, 35))
    _can(out, rays, (u, v), (24.0, 21.0), turn)
    entry = (u + (14 if on_left else -14) * np.cos(turn), v - 24)
    vein = (marks.svc_top[0] + (38 if on_left else -28), top + rng.uniform(2, 12))
    trunk = [entry, (u + (-12 if on_left else 12), v - 34), vein, marks.svc_top, marks.svc_end]
    au, av = marks.atrium
    if rng.random() < 0.75:
        _stroke(out, rays, [*trunk, (au - 6, av + 18), (au + 12, av + 4)], 2.0, LEAD)
    ventricle = (marks.ventricle[0] + rng.normal(0, 3), marks.ventricle[1] + rng.normal(0, 3))
    floor = (au + 0.35 * (ventricle[0] - au), ventricle[1] + rng.uniform(-4, 6))
    shifted = [(x + 2.5, y + 2.0) for x, y in trunk]
    _stroke(out, rays, [*shifted, (au - 2, av + 8), floor, ventricle], 2.0, LEAD)
    tip = [(ventricle[0] - 9, ventricle[1]), ventricle]
    defibrillates = rng.random() < 0.35
    _stroke(out, rays, [floor, *tip] if defibrillates else tip, 3.2, 2.2 * LEAD)


def _can(out: Field, rays: Rays, at: Point, semi: Point, turn: float) -> None:
    """A flat metal box with round corners; its battery is denser than its circuit."""
    reach = max(semi) * 1.45
    window = rays.window(*at, reach, reach)
    across, down = rays.axes()
    du, dv = across[window[1]][None, :] - at[0], down[window[0]][:, None] - at[1]
    x = (du * np.cos(turn) + dv * np.sin(turn)) / semi[0]
    y = (dv * np.cos(turn) - du * np.sin(turn)) / semi[1]
    edge = np.clip((1 - x**4 - y**4) * 4, 0, 1)
    filled = np.where(y > 0.1, 1.0, 0.6) - 0.45 * (y < -0.62)
    out[window] += (CAN * edge * filled).astype(np.float32)


def _sternal_wires(out: Field, rays: Rays, marks: Landmarks, rng: np.random.Generator) -> None:
    """Five to seven twisted loops down the breastbone."""
    _, top, _, bottom = marks.lungs
    u = marks.carina[0] + rng.normal(0, 3)
    start, stop = top + 0.16 * (bottom - top), top + rng.uniform(0.62, 0.74) * (bottom - top)
    for v in np.linspace(start, stop, int(rng.integers(5, 8))):
        v += rng.normal(0, 2)
        wide, high = rng.uniform(6, 9), rng.uniform(4, 7)
        angle = np.linspace(0, 2 * np.pi, 16) + rng.uniform(0, 6)
        loop = [
            (u + wide * float(np.cos(a)), v + high * float(np.sin(a)) + 0.15 * float(a))
            for a in angle
        ]
        _stroke(out, rays, loop, 0.9, STEEL)
        knot = rng.uniform(-3, 3)
        _stroke(out, rays, [(u + knot, v + high - 2), (u + knot + 3, v + high + 3)], 1.8, STEEL)


def _line(out: Field, rays: Rays, marks: Landmarks, rng: np.random.Generator) -> None:
    """A central line from the right neck or from an arm, its tip in the SVC or the atrium."""
    left, top, right, _ = marks.lungs
    tip = (marks.svc_end[0] + rng.normal(0, 2), marks.svc_end[1] + rng.normal(0, 14))
    if rng.random() < 0.6:
        start = [(marks.svc_top[0] - rng.uniform(10, 30), top - rng.uniform(40, 80))]
        start.append((marks.svc_top[0] - rng.uniform(2, 10), top - 8))
    else:
        start = [(left - rng.uniform(20, 60), top + rng.uniform(10, 50))]
        start.append((left + 0.28 * (right - left), top + rng.uniform(2, 12)))
    _stroke(out, rays, [*start, marks.svc_top, tip], 2.2, CATHETER)


def _breathing_tube(out: Field, rays: Rays, marks: Landmarks, rng: np.random.Generator) -> None:
    """Two walls and a marked line down the trachea, ending above the carina."""
    u, end = marks.carina[0], marks.carina[1] - rng.uniform(15, 45)
    start = marks.trachea_top[1] - 60
    bow = rng.normal(0, 3)
    for offset, width, dense in ((-5.0, 1.4, WALL), (5.0, 1.4, WALL), (3.0, 1.0, STRIPE)):
        path = [(u + offset + bow, start), (u + offset, (start + end) / 2), (u + offset, end)]
        _stroke(out, rays, path, width, dense)


def _feeding_tube(out: Field, rays: Rays, marks: Landmarks, rng: np.random.Generator) -> None:
    """A tube down the oesophagus, curling in the stomach."""
    _, top, _, bottom = marks.lungs
    u = marks.carina[0]
    stomach = (u + rng.uniform(45, 80), bottom + rng.uniform(5, 40))
    middle = (u + rng.uniform(-2, 10), bottom - rng.uniform(20, 50))
    path = [(u + 4, top - 80), (u + rng.normal(6, 3), marks.carina[1]), middle, stomach]
    _stroke(out, rays, path, 3.0, 0.6 * CATHETER)


def _electrodes(out: Field, rays: Rays, marks: Landmarks, rng: np.random.Generator) -> None:
    """Two to four electrodes of the electrocardiogram with their cables."""
    left, top, right, bottom = marks.lungs
    for corner in rng.permutation(4)[: rng.integers(2, 5)]:
        across = (0.12 if corner % 2 else 0.88) + rng.normal(0, 0.06)
        u, v = left + across * (right - left), top + (0.12 if corner < 2 else 0.85) * (bottom - top)
        v += rng.normal(0, 12)
        window = rays.window(u, v, 6, 6)
        axis_u, axis_v = rays.axes()
        apart = np.hypot(axis_u[window[1]][None, :] - u, axis_v[window[0]][:, None] - v)
        out[window] += (SNAP * np.clip((5.5 - apart) / 1.5, 0, 1)).astype(np.float32)
        away = (u + rng.normal(0, 60), v + rng.normal(20, 60))
        end = (marks.carina[0] + rng.normal(0, 60), bottom + rng.uniform(40, 90))
        _stroke(out, rays, [(u, v), away, end], 1.6, 0.7 * CATHETER)


def _stroke(out: Field, rays: Rays, points: Sequence[Point], width_mm: float, dense: float) -> None:
    """Add a smooth line through points; thinner than a part of a pixel it fades."""
    curve = _smooth(np.asarray(points, float))
    low, high = curve.min(axis=0) - 2 * width_mm, curve.max(axis=0) + 2 * width_mm
    middle, reach = (low + high) / 2, (high - low) / 2
    window = rays.window(middle[0], middle[1], reach[0], reach[1])
    rows, columns = (part.stop - part.start for part in window)
    if rows == 0 or columns == 0:
        return
    unit = FINER / rays.pixel_mm
    corner = np.array([window[1].start, window[0].start]) * FINER
    canvas = Image.new("L", (columns * FINER, rows * FINER))
    wide = max(1, round(width_mm * unit))
    line = [tuple(point) for point in (curve * unit - corner).tolist()]
    ImageDraw.Draw(canvas).line(line, fill=255, width=wide, joint="curve")
    drawn = np.asarray(canvas.reduce(FINER), np.float32) / np.float32(255)
    out[window] += drawn * np.float32(dense * min(1.0, width_mm * unit / wide))


def _smooth(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """A Catmull-Rom curve through (N, 2) points."""
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, 9)[:, None]
    pieces = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        cubic = 3 * b - 3 * c + d - a
        pieces.append(
            0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + cubic * t**3)
        )
    return np.vstack(pieces)


def _box(rays: Rays, slab: Slab) -> tuple[float, float, float, float]:
    """left, top, right, bottom of a slab's window in mm."""
    rows, columns = slab.window
    unit = rays.pixel_mm
    return columns.start * unit, rows.start * unit, columns.stop * unit, rows.stop * unit
