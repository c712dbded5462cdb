"""The real radiographs of the training: which, with which hearts, and as what examples."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from cxr_valve.anatomy.heart_reader import HeartReader, open_heart_reader
from cxr_valve.engines.engine import open_engine
from cxr_valve.findings import FINDINGS, is_positive
from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.prepare import prepare
from cxr_valve.phantom.patient import sample_patient
from train.cohort.store import StoredCohort
from train.demonstration.warped import growth_of, to_average, warp, warped_ratio
from train.fit.examples import Examples, TrainingData
from train.segmentation.data import labelled_names, read_manifest, unlabelled_names

#: Each radiograph is shown with the hearts of so many simulated patients.
HEARTS = 6
SEED = 2019
#: The one measurement that can be read off a warped radiograph.
RATIO = "aux_ctr"


def real_names(real: Path) -> list[str]:
    """Radiographs that the transfer is not judged on; their labels play no part."""
    manifest = read_manifest(real)
    return sorted({*labelled_names(manifest)[0], *unlabelled_names(manifest)})


def warped_images(
    real: Path, size: int, finding: str, work: Path
) -> tuple[NDArray[np.uint8], pd.DataFrame]:
    """Warped radiographs, uint8 (n, size, size), and a table with their target and ratio; made
    once and kept in ``work``."""
    file = work / f"warped-{finding}-{size}.npz"
    if not file.exists():
        reader = open_heart_reader(open_engine("openvino"))
        images, rows = _make(reader, real, size, finding)
        partial = file.with_suffix(".partial.npz")
        work.mkdir(parents=True, exist_ok=True)
        np.savez(partial, images=images, rows=np.array(rows, np.float64))
        partial.replace(file)
    with np.load(file) as kept:
        table = pd.DataFrame(kept["rows"], columns=["target", "ratio"])
        return np.asarray(kept["images"]), table


def _make(
    reader: HeartReader, real: Path, size: int, finding: str
) -> tuple[NDArray[np.uint8], list[tuple[float, float]]]:
    images, rows = [], []
    for number, name in enumerate(real_names(real)):
        radiograph = load_radiograph((real / name).read_bytes())
        # Warped at the size at which the heart is found, then made smaller: one outline for all.
        prepared = prepare(radiograph, reader.size)
        found = reader.masks(prepared)
        factor = to_average(found) if all(mask.any() for mask in found.masks) else math.nan
        if math.isnan(factor):
            continue
        for heart in range(HEARTS):
            rng = np.random.default_rng([SEED, number, heart])
            patient = sample_patient(rng)
            moved, mask = warp(
                prepared.image, found.masks[0], growth_of(patient.measurements), factor
            )
            grade = patient.mr if finding == "mr" else patient.as_
            images.append(_resized(moved, size))
            rows.append((float(is_positive(FINDINGS[finding], grade)), warped_ratio(found, mask)))
    return np.stack(images), rows


def _resized(image: NDArray[np.float32], size: int) -> NDArray[np.uint8]:
    small = Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(np.rint(np.clip(np.asarray(small), 0, 1) * 255), np.uint8)


def with_real(
    data: TrainingData,
    images: NDArray[np.uint8],
    table: pd.DataFrame,
    cohort: StoredCohort,
) -> TrainingData:
    """The training examples with warped radiographs after them; validation stays as it is.

    Of the measurements they have the cardiothoracic ratio alone, of the structures none.
    """
    train, count = data.train, len(images)
    measures = structures = None
    if train.measures is not None:
        added = np.full((count, train.measures.shape[1]), np.nan, np.float32)
        if RATIO in cohort.aux:
            known = cohort.split("train")[RATIO]
            column = cohort.aux.index(RATIO)
            added[:, column] = (table["ratio"] - known.mean()) / known.std(ddof=0)
        measures = np.concatenate([train.measures, added])
    if train.structures is not None:
        shape = (count, *train.structures.shape[1:])
        structures = np.concatenate([train.structures, np.full(shape, np.nan, np.float16)])
    joined = Examples(
        # Copied into memory: both kinds must come from one array.
        images=np.concatenate([train.images[train.rows], images]),
        rows=np.arange(len(train) + count),
        targets=np.concatenate([train.targets, table["target"].to_numpy(np.float32)]),
        measures=measures,
        structures=structures,
    )
    return replace(data, train=joined)
