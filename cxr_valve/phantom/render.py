"""Patient → radiograph: heart, chest, bones and vessels along the rays, then beam and archive."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_valve.imaging.radiograph import Decoding, Radiograph
from cxr_valve.phantom.borders import draw_border, draw_letters, sample_border
from cxr_valve.phantom.build import Build, Exposure, sample_build, sample_exposure
from cxr_valve.phantom.detector import expose, resized, sample_detector
from cxr_valve.phantom.devices import Landmarks, build_devices
from cxr_valve.phantom.heart import Heart, build_heart
from cxr_valve.phantom.looks import LOOKS, WHITE, process, sample_look, stored
from cxr_valve.phantom.patient import AS_GRADES, MEASUREMENT_NAMES, Patient, sample_patient
from cxr_valve.phantom.rays import Field, Rays
from cxr_valve.phantom.skeleton import build_skeleton
from cxr_valve.phantom.solids import Slab, union_length
from cxr_valve.phantom.thorax import Thorax, build_thorax
from cxr_valve.phantom.vessels import build_vessels

#: Side of the usual field, a 16 inch plate.
FIELD_MM = 400.0
#: Lung tissue attenuates as this share of soft tissue (0.26 g/cm³ at full inspiration).
LUNG_DENSITY = 0.26
#: A structure is seen where more than this lies along the ray.
MASK_MM = 2.0
#: Unevenness of soft tissue: sizes (mm) and standard deviations (mm along the ray).
MOTTLE_MM = ((48.0, 3.0), (16.0, 2.0), (6.0, 1.4), (2.4, 1.1))


@dataclass(frozen=True, eq=False)
class Phantom:
    """A simulated radiograph with its truth.

    ``radiograph``: square, 12 bits in uint16; ``thickness``: mm along the beam, float32 (side,
    side), by structure: the slabs of the heart, "heart" (all that makes its outline together), and
    the air of "right_lung" and "left_lung".
    """

    patient: Patient
    build: Build
    exposure: Exposure
    radiograph: Radiograph
    thickness: dict[str, Field]

    @property
    def masks(self) -> dict[str, NDArray[np.bool_]]:
        """Where each structure projects: bool (side, side) by name."""
        return {name: mm > MASK_MM for name, mm in self.thickness.items()}

    @property
    def ctr(self) -> float:
        """True cardiothoracic ratio in this radiograph, of the outermost points as
        ``cxr_valve.anatomy.ratio`` takes them: heart's extent over that of both lungs."""
        heart = _extent(self.thickness["heart"])
        lungs = _extent(np.maximum(self.thickness["right_lung"], self.thickness["left_lung"]))
        return (heart[1] - heart[0]) / max(lungs[1] - lungs[0], 1e-6)

    @property
    def measurements(self) -> dict[str, float]:
        """True sizes by name, and ``ctr``."""
        sizes = zip(MEASUREMENT_NAMES, self.patient.measurements.as_tuple(), strict=True)
        return dict(sizes) | {"ctr": self.ctr}


def simulate(
    seed: int,
    index: int,
    *,
    side: int = 512,
    mr: str | None = None,
    as_: str | None = None,
    as_grades: dict[str, float] = AS_GRADES,
) -> Phantom:
    """Patient number ``index`` of the cohort ``seed`` and their radiograph, ``side`` pixels wide.

    The same arguments give the same bytes.
    """
    rng = np.random.default_rng([seed, index])
    who, stature, posing, body, look = rng.spawn(5)
    patient = sample_patient(who, mr=mr, as_=as_, as_grades=as_grades)
    build = sample_build(stature, patient)
    exposure = sample_exposure(posing, patient, build)
    return take(patient, build, exposure, side=side, body=body, look=look)


def take(
    patient: Patient,
    build: Build,
    exposure: Exposure,
    *,
    side: int,
    body: np.random.Generator,
    look: np.random.Generator,
) -> Phantom:
    """One radiograph of a patient.

    ``body``: a fresh stream of the anatomy that belongs to the person, which the same person's
    next radiograph gets again; ``look``: what belongs to this radiograph.
    """
    rays = Rays(side, exposure.field_mm, exposure.view)
    of_heart, of_thorax, of_bone, of_vessels, of_devices, of_mottle = body.spawn(6)
    heart = build_heart(rays, patient, build, exposure.breath, of_heart)
    thorax = build_thorax(rays, patient, build, exposure.breath, of_thorax)
    lungs = (thorax.right_lung, thorax.left_lung)
    air = [_air(lung, _solids(heart, thorax), side) for lung in lungs]
    bone = build_skeleton(rays, build, exposure.breath, of_bone)
    vessels = build_vessels(rays, patient, build, heart.hila, of_vessels)
    portable = exposure.view.projection == "AP"
    marks = Landmarks.of(rays, heart.slabs, lungs)
    carried, processing, noise = look.spawn(3)
    devices = build_devices(rays, patient, marks, of_devices, carried, portable=portable)
    path = _path(rays, heart, thorax, air[0] + air[1], vessels, of_mottle) + bone
    thickness = {name: slab.thickness(side) for name, slab in heart.slabs.items()}
    thickness["heart"] = union_length(heart.silhouette, side)
    thickness["right_lung"], thickness["left_lung"] = air
    pixels = _archive(np.maximum(path, 0) + devices, rays, processing, noise)
    return Phantom(patient, build, exposure, _as_radiograph(pixels, exposure), thickness)


def _solids(heart: Heart, thorax: Thorax) -> list[Slab]:
    """What displaces lung: all of the heart and the mediastinum but the air in the windpipe."""
    return [slab for name, slab in heart.slabs.items() if name != "trachea"] + thorax.mediastinum


def _air(lung: Slab, solids: list[Slab], side: int) -> Field:
    """Length of lung along each ray that no solid displaces, mm, (side, side)."""
    inside = [cut for cut in (_within(slab, lung) for slab in solids) if cut is not None]
    whole = lung.thickness(side)
    return np.maximum(whole - union_length(inside, side), 0) if inside else whole


def _within(slab: Slab, lung: Slab) -> Slab | None:
    """The part of a slab within a lung; None where their windows do not meet."""
    rows, columns = (
        slice(max(a.start, b.start), min(a.stop, b.stop))
        for a, b in zip(slab.window, lung.window, strict=True)
    )
    if rows.stop <= rows.start or columns.stop <= columns.start:
        return None

    def part(of: Slab, values: Field) -> Field:
        top, left = of.window[0].start, of.window[1].start
        return values[
            rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
        ]

    hit = part(slab, slab.front) > part(slab, slab.back)
    back = np.maximum(part(slab, slab.back), part(lung, lung.back))
    front = np.minimum(part(slab, slab.front), part(lung, lung.front))
    return Slab((rows, columns), back, np.where(hit, np.maximum(front, back), back))


def _path(
    rays: Rays,
    heart: Heart,
    thorax: Thorax,
    air: Field,
    vessels: Field,
    rng: np.random.Generator,
) -> Field:
    """Length in mm of soft tissue that attenuates like everything but bone along each ray."""
    side = rays.side
    body = thorax.body.thickness(side)
    lacking = np.float32(1 - LUNG_DENSITY) * air + heart.slabs["trachea"].thickness(side)
    # Blood takes the place of lung, and no more of it than there is.
    blood = np.float32(1 - LUNG_DENSITY) * np.minimum(vessels, air)
    path = body - lacking + blood + thorax.soft + heart.calcium
    return np.asarray(path + _mottle(rays, rng) * np.minimum(body / 150, 1), np.float32)


def _mottle(rays: Rays, rng: np.random.Generator) -> Field:
    """Unevenness of muscle and fat, mm."""
    total = np.zeros((rays.side, rays.side), np.float32)
    for size, spread in MOTTLE_MM:
        cells = max(2, round(rays.field_mm / size))
        total += np.float32(spread) * resized(
            rng.standard_normal((cells, cells), np.float32), rays.side
        )
    return total


def _archive(
    path: Field, rays: Rays, rng: np.random.Generator, noise: np.random.Generator
) -> NDArray[np.uint16]:
    """Path of soft tissue in mm → the picture as it is kept, 12 bits.

    Noise has a stream of its own, so that a radiograph looks alike in every size.
    """
    detector = sample_detector(rng, portable=rays.view.projection == "AP")
    attenuation = expose(path, rays.pixel_mm, detector, noise)
    look = LOOKS[sample_look(rng)]
    grey = process(attenuation, path > 30, rays.pixel_mm, look, rng, noise)
    border = sample_border(rng, rays.field_mm)
    draw_border(grey, border, rays.pixel_mm)
    draw_letters(grey, border, rays.pixel_mm, rays.view.projection, rng)
    return stored(grey, look)


def _extent(mm: Field) -> tuple[float, float]:
    """First and last place across the image where a structure is seen, in pixels and parts."""
    most = mm.max(axis=0)
    seen = np.flatnonzero(most > MASK_MM)
    if seen.size == 0:
        return 0.0, 0.0
    padded = np.pad(most, 1).astype(float)

    def between(inner: int, outer: int) -> float:
        high, low = padded[inner + 1], padded[outer + 1]
        return float(np.clip((high - MASK_MM) / max(high - low, 1e-6), 0, 1))

    first, last = int(seen[0]), int(seen[-1])
    return first + 0.5 - between(first, first - 1), last + 0.5 + between(last, last + 1)


def _as_radiograph(pixels: NDArray[np.uint16], exposure: Exposure) -> Radiograph:
    spacing = exposure.field_mm / pixels.shape[0]
    return Radiograph(
        pixels=pixels,
        slope=1.0,
        intercept=0.0,
        display=(0.0, float(WHITE)),
        spacing_mm=(spacing, spacing),
        spacing_source="simulated",
        view=exposure.view.projection,
        decoding=Decoding(
            container="simulated",
            transfer_syntax=None,
            transfer_syntax_name=None,
            photometric_interpretation="MONOCHROME2",
            bits_stored=12,
            window=None,
            inverted=False,
        ),
        warnings=(),
    )
