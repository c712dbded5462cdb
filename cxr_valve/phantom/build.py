"""What of a chest belongs to the person, and what to one radiograph of it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cxr_valve.phantom.patient import Patient
from cxr_valve.phantom.rays import View

#: Share of radiographs taken at the bedside, back to the detector.
BEDSIDE = 0.15
#: Muscle, ribs and pleura between the lungs and the fat beneath the skin, front and back together.
WALL_MM = 46.0


@dataclass(frozen=True)
class Build:
    """Sizes of a person's chest, mm unless said otherwise.

    Attributes:
        half_width: inner half width of the chest at its widest.
        height: from the lungs' apices to the costophrenic angles at full inspiration.
        inner_depth: of the chest inside the ribs, front to back.
        fat_mm: fat beneath the skin.
        muscle_mm: thickness of the pectoral and shoulder muscles.
        breast_mm: how far the breasts stand out; 0 where there are none to see.
        rib_slope_deg: how far ribs fall from back to front at the side of the chest.
        spine_curve_mm: how far the spine leaves the midline, positive to the patient's left.
        shoulder_mm: half width between the shoulder joints.
        bone: mineral density over the average's.
        heart_axis: degrees by which the heart's long axis is steeper than usual.
    """

    half_width: float
    height: float
    inner_depth: float
    fat_mm: float
    muscle_mm: float
    breast_mm: float
    rib_slope_deg: float
    spine_curve_mm: float
    shoulder_mm: float
    bone: float
    heart_axis: float

    @property
    def depth(self) -> float:
        """Outer depth of the chest from front to back without the breasts, mm."""
        return self.inner_depth + WALL_MM + 2 * self.fat_mm


@dataclass(frozen=True)
class Exposure:
    """How one radiograph was taken.

    Attributes:
        view: how the patient stood or lay before the detector.
        field_mm: side of the square field at the detector.
        breath: 1 at full inspiration, less after breathing out.
        arms: how far the elbows are brought forward and the shoulder blades off the lungs, 0 … 1.
        shoulders_mm: by how much the shoulders are raised.
    """

    view: View
    field_mm: float
    breath: float
    arms: float
    shoulders_mm: float


def sample_build(rng: np.random.Generator, patient: Patient) -> Build:
    """Draw the chest of a patient; it follows sex, height, weight, age and disease of the lungs."""
    male = patient.sex == "M"
    tall = (patient.height_cm - (174 if male else 161)) / 100
    heavy = patient.bmi - 26
    old = max(patient.age - 55, 0) / 40
    barrel = patient.lung == "emphysema"
    shrunk = patient.lung == "fibrosis"
    normal = rng.standard_normal(10)
    return Build(
        half_width=float((141 if male else 127) + 45 * tall + 0.35 * heavy + 5 * normal[0]),
        height=float(
            (262 if male else 244)
            + 115 * tall - 0.7 * heavy + 16 * barrel - 22 * shrunk + 8 * normal[1]
        ),
        inner_depth=float(
            (158 if male else 143)
            + 30 * tall + 0.7 * heavy + 8 * old + 18 * barrel + 6 * normal[2]
        ),
        fat_mm=float(np.clip(11 + 1.25 * heavy + 2 * normal[3], 3, 45)),
        muscle_mm=float(np.clip((24 if male else 15) - 5 * old + 3 * normal[4], 6, 34)),
        breast_mm=0.0 if male else float(np.clip(34 + 2.2 * heavy + 9 * normal[5], 8, 95)),
        rib_slope_deg=float(20 - 5 * barrel + 3 * normal[6]),
        spine_curve_mm=float((3 + 5 * old) * normal[7]),
        shoulder_mm=float((176 if male else 157) + 60 * tall + 0.4 * heavy + 5 * normal[8]),
        bone=float(np.clip(1.05 - 0.28 * old - 0.06 * (not male) + 0.1 * normal[9], 0.5, 1.4)),
        heart_axis=float(np.clip(-0.9 * heavy + 3.8 * rng.standard_normal(), -18, 14)),
    )  # fmt: skip


def sample_exposure(rng: np.random.Generator, patient: Patient, build: Build) -> Exposure:
    """Draw one radiograph: most standing with the chest to the detector, the rest at the bedside,
    from nearer, turned and breathing less."""
    bedside = rng.random() < BEDSIDE + 0.2 * patient.line
    normal = rng.standard_normal(6)
    projection: Literal["PA", "AP"] = "AP" if bedside else "PA"
    breath = 0.72 + 0.13 * normal[0] if bedside else 0.95 + 0.07 * normal[0]
    breath = float(np.clip(breath, 0.35, 1.05))
    larger = 1.12 if bedside else 1.0
    reach = 2 * build.half_width + 2 * build.fat_mm
    field = float(np.clip(larger * (0.5 * reach + 205 + 16 * normal[1]), 300, 430))
    # The middle of the lungs is aimed at the middle of the field, lower when the patient is short.
    middle = 0.5 * (1.09 * larger * build.height * (0.75 + 0.25 * breath))
    top = 0.475 * field - middle + (18 if bedside else 9) * normal[2]
    view = View(
        projection=projection,
        tube_mm=float(rng.uniform(1000, 1300) if bedside else rng.uniform(1750, 1850)),
        depth_mm=build.depth,
        gap_mm=float(rng.uniform(15, 50)),
        turn_deg=float((4.0 if bedside else 1.6) * normal[3]),
        lean_deg=float((3.0 if bedside else 1.2) * normal[4]),
        shift_mm=(float((14 if bedside else 6) * normal[5]), float(np.clip(top, 12, 120))),
    )
    arms = 0.15 * rng.random() if bedside else 0.55 + 0.45 * rng.random()
    return Exposure(view, field, breath, float(arms), float(rng.normal(12 if bedside else 0, 8)))
