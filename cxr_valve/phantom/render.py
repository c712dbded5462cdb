"""Chest → radiograph: Beer-Lambert projection, scatter, blur, noise and vendor-like processing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from cxr_valve.imaging.radiograph import Decoding, Radiograph
from cxr_valve.phantom.anatomy import FIELD_MM, Chest, Pose, build_chest, sample_pose
from cxr_valve.phantom.patient import AS_GRADES, Patient, sample_patient

#: Attenuation of soft tissue per mm at about 120 kV with scatter; bone is given as the length of
#: soft tissue that attenuates alike.
MU = 0.021
LUNG_DENSITY = 0.27
MASK_MM = 2.0


@dataclass(frozen=True, eq=False)
class Phantom:
    """A simulated radiograph with its truth.

    ``radiograph``: square, 12 bits in uint16; ``thickness``: mm along the beam, float32 (side,
    side), by structure name.
    """

    patient: Patient
    radiograph: Radiograph
    thickness: dict[str, NDArray[np.float32]]

    @property
    def masks(self) -> dict[str, NDArray[np.bool_]]:
        """Where each structure projects: bool (side, side) by name."""
        return {name: mm > MASK_MM for name, mm in self.thickness.items()}


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
    patient = sample_patient(rng, mr=mr, as_=as_, as_grades=as_grades)
    return take(patient, sample_pose(rng, patient), side=side, body=rng, exposure=rng)


def take(
    patient: Patient,
    pose: Pose,
    *,
    side: int,
    body: np.random.Generator,
    exposure: np.random.Generator,
) -> Phantom:
    """One radiograph of a patient; the same ``body`` draws give the same ribs and right heart."""
    chest = build_chest(body, patient, pose, side)
    pixels = _expose(exposure, chest, patient, side)
    return Phantom(
        patient=patient,
        radiograph=_as_radiograph(pixels),
        thickness=chest.soft,
    )


def water_path(chest: Chest, vessels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Length in mm of soft tissue that attenuates like everything along each ray.

    The left atrium lies behind the other chambers, so its thickness adds to theirs (the double
    density); the others overlap and only the thickest counts in full.
    """
    front = [chest.soft[name] for name in ("lv", "rv", "ra", "ascending_aorta", "pulmonary_trunk")]
    thickest = np.maximum.reduce(front)
    heart = thickest + 0.25 * (np.add.reduce(front) - thickest)
    behind = [name for name in chest.soft if name not in ("lv", "rv", "ra", "ascending_aorta")]
    heart = heart + 0.8 * np.add.reduce([chest.soft[name] for name in behind])
    # Pericardial fat fills the notches between chambers: thin edges become a border.
    heart = heart + 55 * np.clip(heart / 18, 0, 1)
    air = np.maximum(chest.lung - heart, 0.0)
    path = chest.body - (1 - LUNG_DENSITY) * air + vessels * np.clip(air / 25, 0, 1)
    return np.asarray(path + chest.bone * (chest.body > 1), np.float32)


def _vessels(rng: np.random.Generator, patient: Patient, side: int) -> NDArray[np.float32]:
    """Branching vessels from both hila, thickness in mm; wider when the atrium is large."""
    canvas = Image.new("F", (side, side), 0.0)
    draw = ImageDraw.Draw(canvas)
    unit = side / FIELD_MM
    wide = 1 + 0.012 * max(patient.measurements.la - 40, 0)
    stack = []
    for sign in (-1, 1):
        for angle in np.linspace(-1.25, 1.25, 7) + rng.normal(0, 0.12, 7):
            stack.append((FIELD_MM / 2 + sign * 36.0, 176.0, angle, sign, 13.0 * wide, 0))
    while stack:
        x, y, angle, sign, width, depth = stack.pop()
        length = rng.uniform(20, 36) * 0.9**depth
        end_x, end_y = x + sign * length * np.cos(angle), y + length * np.sin(angle)
        line = [(x * unit, y * unit), (end_x * unit, end_y * unit)]
        draw.line(line, fill=float(width), width=max(1, round(0.55 * width * unit)))
        if depth < 5:
            for turn in (-0.3, 0.32):
                bend = angle + turn + float(rng.normal(0, 0.15))
                stack.append((end_x, end_y, bend, sign, width * 0.74, depth + 1))
    return ndimage.gaussian_filter(np.asarray(canvas, np.float32), 0.7 * unit)


def _texture(rng: np.random.Generator, side: int, coarse: int) -> NDArray[np.float32]:
    """A smooth random field with unit standard deviation."""
    small = rng.standard_normal((coarse, coarse)).astype(np.float32)
    image = Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(image, np.float32)


def _expose(
    rng: np.random.Generator, chest: Chest, patient: Patient, side: int
) -> NDArray[np.uint16]:
    """Photons through the chest, onto the detector, through the vendor's processing: 12 bits."""
    unit = side / FIELD_MM
    path = water_path(chest, _vessels(rng, patient, side))
    path += 2.5 * _texture(rng, side, 24) + 1.2 * _texture(rng, side, 70)
    primary = np.exp(-MU * path)
    # A coarse grid carries the scatter: it is smooth, and cheap there.
    coarse = ndimage.gaussian_filter(ndimage.zoom(primary, 0.25, order=1), 22 * unit / 4)
    scatter = ndimage.zoom(coarse, side / coarse.shape[0], order=1)[:side, :side]
    signal = ndimage.gaussian_filter(primary + rng.uniform(0.2, 0.6) * scatter, 0.35 * unit)
    photons = rng.uniform(3e4, 2e5) / unit
    signal = np.maximum(
        signal + rng.standard_normal(signal.shape) * np.sqrt(signal / photons), 1e-5
    )
    image = -np.log(signal)
    detail = image - ndimage.gaussian_filter(image, 9 * unit)
    image = image + rng.uniform(0.0, 0.8) * detail
    low, high = np.percentile(image, (rng.uniform(0.1, 2), rng.uniform(98, 99.9)))
    grey = np.clip((image - low) / (high - low), 0, 1) ** rng.uniform(0.75, 1.5)
    return np.asarray(np.rint(grey * 4095), np.uint16)


def _as_radiograph(pixels: NDArray[np.uint16]) -> Radiograph:
    spacing = FIELD_MM / pixels.shape[0]
    return Radiograph(
        pixels=pixels,
        slope=1.0,
        intercept=0.0,
        display=(0.0, 4095.0),
        spacing_mm=(spacing, spacing),
        spacing_source="simulated",
        view="PA",
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
