"""What disease adds to the lungs and takes away: effusion, fibrosis, opacity, emphysema."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from cxr_valve.phantom.cage import Cage, Lines
from cxr_valve.phantom.detector import resized
from cxr_valve.phantom.patient import Patient
from cxr_valve.phantom.rays import Field, Rays
from cxr_valve.phantom.solids import Slab

#: Share of the lung's tissue that emphysema destroys, of its length along the ray.
EMPHYSEMA = 0.06
#: An effusion's surface rises towards the chest wall by this, mm.
MENISCUS_MM = 42.0
#: Grid that the network of a fibrosis is drawn on, mm.
CELL_MM = 1.5


def effusions(rays: Rays, patient: Patient, cage: Cage, lungs: Sequence[Slab]) -> list[Slab]:
    """Fluid at the bottom of each pleural space, as the lung that it fills."""
    fluid = []
    for share, lung in zip(patient.effusion, lungs, strict=True):
        if share <= 0:
            continue
        lines = Lines.of(rays, lung.window)
        aside = np.abs(lines.x0) / np.float32(cage.half_width)
        level = cage.angle_y - np.float32(5 + 0.5 * share * cage.angle_y)
        surface = level + np.float32(MENISCUS_MM) * (1 - aside**4) * np.float32(share**0.5)
        wet = lines.y > surface
        fluid.append(Slab(lung.window, lung.back, np.where(wet, lung.front, lung.back)))
    return fluid


def lung_changes(
    rays: Rays, patient: Patient, lungs: Sequence[Slab], rng: np.random.Generator
) -> Field:
    """Soft tissue that disease of the lungs adds (mm, may be negative), (side, side)."""
    out = np.zeros((rays.side, rays.side), np.float32)
    if patient.lung == "clear":
        return out
    chosen = int(rng.integers(2))
    for index, lung in enumerate(lungs):
        length = lung.front - lung.back
        if patient.lung == "emphysema":
            out[lung.window] -= np.float32(EMPHYSEMA) * length
        elif patient.lung == "fibrosis":
            out[lung.window] += _reticulum(rays, lung, length, rng)
        elif index == chosen:
            out[lung.window] += _opacity(rays, length, rng)
    return out


def _reticulum(rays: Rays, lung: Slab, length: Field, rng: np.random.Generator) -> Field:
    """Lines around small cells, densest at the base and near the chest wall."""
    # On a grid of fixed size in mm, so that every picture of a person draws the same numbers.
    count = round(rays.field_mm / CELL_MM)
    cells = ndimage.gaussian_filter(rng.standard_normal((count, count), np.float32), 1.5)
    whole = resized(np.exp(-np.square(cells / (0.35 * cells.std()))), rays.side)
    walls = whole[lung.window]
    down = np.linspace(0, 1, length.shape[0], dtype=np.float32)[:, None] ** 2
    return np.asarray(walls * down * np.minimum(length, 80) * np.float32(0.16), np.float32)


def _opacity(rays: Rays, length: Field, rng: np.random.Generator) -> Field:
    """A cloud of filled alveoli anywhere in the lung."""
    rows, columns = length.shape
    out = np.zeros_like(length)
    middle = rng.uniform((0.25, 0.25), (0.8, 0.75))
    axes = [np.arange(count, dtype=np.float32) for count in (rows, columns)]
    for _ in range(7):
        y, x = (middle + rng.normal(0, 0.07, 2)) * (rows, columns)
        size = rng.uniform(6, 20) / rays.pixel_mm
        off = ((axes[0] - y) ** 2)[:, None] + ((axes[1] - x) ** 2)[None, :]
        out += np.float32(rng.uniform(0.05, 0.2)) * np.exp(-off / np.float32(2 * size**2))
    return np.asarray(length * np.minimum(out, np.float32(0.5)), np.float32)
