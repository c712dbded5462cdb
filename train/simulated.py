"""A first simulated cohort, prepared once and cached: images as bytes, truth as a table."""

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from cxr_valve.findings import AS, MR, is_positive
from cxr_valve.imaging.geometry import Geometry
from cxr_valve.imaging.prepare import prepare
from cxr_valve.phantom.patient import AS_GRADES, AS_GRADES_ENRICHED, MEASUREMENT_NAMES
from cxr_valve.phantom.render import Phantom, simulate

RENDER_SIDE = 320
#: Side of the coarse grid on which networks also learn where each structure lies.
CELLS = 20
#: Cohort seeds by split: no patient number occurs in two of them.
SPLIT_SEEDS = {"train": 1, "validation": 2, "test": 3}


@dataclass(frozen=True)
class CohortPlan:
    """How many simulated patients (one radiograph each) in each split, and the base seed.

    The training split is enriched in aortic stenosis (40%); validation and test are not.
    """

    train: int = 4500
    validation: int = 1500
    test: int = 1500
    seed: int = 2019

    def __post_init__(self) -> None:
        if min(self.train, self.validation, self.test) < 1:
            raise ValueError("Expected at least one patient in every split.")


def coarse_anatomy(phantom: Phantom, geometry: Geometry) -> NDArray[np.float16]:
    """Thickness of each structure on a CELLS × CELLS grid over the model input, in units of 40 mm.

    Float16 (structures, CELLS, CELLS); structures in the phantom's order.
    """
    side = phantom.radiograph.rows
    centres = (np.arange(CELLS) + 0.5) * geometry.size / CELLS
    rows = np.array([geometry.to_original(centre, 0.0)[0] for centre in centres])
    columns = np.array([geometry.to_original(0.0, centre)[1] for centre in centres])
    at = np.meshgrid(rows - 0.5, columns - 0.5, indexing="ij")
    smooth = [
        ndimage.map_coordinates(ndimage.uniform_filter(mm, side // CELLS), at, order=1)
        for mm in phantom.thickness.values()
    ]
    return np.asarray(np.stack(smooth) / 40.0, np.float16)


def _one(index: int, *, seed: int, enriched: bool, sizes: tuple[int, ...]) -> tuple[
    dict[str, object], list[NDArray[np.uint8]], NDArray[np.float16]
]:  # fmt: skip
    grades = AS_GRADES_ENRICHED if enriched else AS_GRADES
    phantom = simulate(seed, index, side=RENDER_SIDE, as_grades=grades)
    prepared = [prepare(phantom.radiograph, size) for size in sizes]
    images = [np.rint(item.image * 255).astype(np.uint8) for item in prepared]
    anatomy = coarse_anatomy(phantom, prepared[0].geometry)
    patient = phantom.patient
    row: dict[str, object] = {
        "image": f"sim-{seed}-{index:05d}",
        "patient": f"sim-{seed}-{index:05d}",
        "sex": patient.sex,
        "age": round(patient.age),
        "view": "PA",
        "mr_grade": patient.mr,
        "as_grade": patient.as_,
        "mr": int(is_positive(MR, patient.mr)),
        "as": int(is_positive(AS, patient.as_)),
    }
    measured = zip(MEASUREMENT_NAMES, patient.measurements.as_tuple(), strict=True)
    return row | dict(measured), images, anatomy


def build_split(plan: CohortPlan, split: str, sizes: tuple[int, ...], cache: Path) -> pd.DataFrame:
    """Simulate one split, or reuse it; writes ``<split>.csv``, images and anatomy beside it.

    Images are uint8 (N, size, size), anatomy float16 (N, structures, CELLS, CELLS). Returns the
    table, one row an image, in image order.
    """
    table = cache / f"{split}.csv"
    if table.exists():
        return pd.read_csv(table)
    cache.mkdir(parents=True, exist_ok=True)
    count = int(getattr(plan, split))
    seed = plan.seed * 10 + SPLIT_SEEDS[split]
    work = partial(_one, seed=seed, enriched=split == "train", sizes=sizes)
    rows, anatomy = [], []
    arrays = [
        np.lib.format.open_memmap(
            cache / f"{split}-{size}.npy", mode="w+", dtype=np.uint8, shape=(count, size, size)
        )
        for size in sizes
    ]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for index, one in enumerate(pool.map(work, range(count), chunksize=25)):
            rows.append(one[0])
            anatomy.append(one[2])
            for array, image in zip(arrays, one[1], strict=True):
                array[index] = image
    for array in arrays:
        array.flush()
    np.save(cache / f"{split}-anatomy.npy", np.stack(anatomy))
    frame = pd.DataFrame(rows)
    # Written last: a table says that its images are complete.
    frame.to_csv(table, index=False)
    return frame


def load_images(cache: Path, split: str, size: int) -> NDArray[np.uint8]:
    """The images of a split at one size, memory-mapped: uint8 (N, size, size)."""
    images: NDArray[np.uint8] = np.load(cache / f"{split}-{size}.npy", mmap_mode="r")
    return images
