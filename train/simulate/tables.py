"""The tables of a simulated export: what the hospital knows, and apart from it the truth."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxr_valve.phantom.patient import MEASUREMENT_NAMES
from train.simulate.records import EXAM_COLUMNS, RADIOGRAPH_COLUMNS, Picture, Records

RADIOGRAPHS_FILE, EXAMS_FILE, TRUTH_FILE = "radiographs.csv", "echoes.csv", "truth.csv"
STRUCTURES_FILE = "structures.npy"


def write_tables(records: Sequence[Records], folder: Path, seed: int) -> None:
    """Write radiographs.csv and echoes.csv, rows shuffled, and truth.csv by patient."""
    rng = np.random.default_rng([seed])
    for name, columns, rows in (
        (RADIOGRAPHS_FILE, RADIOGRAPH_COLUMNS, [r for found in records for r in found.radiographs]),
        (EXAMS_FILE, EXAM_COLUMNS, [r for found in records for r in found.exams]),
    ):
        table = pd.DataFrame(rows, columns=list(columns)).iloc[rng.permutation(len(rows))]
        table.to_csv(folder / name, index=False, lineterminator="\n")
    truth = pd.DataFrame([_truth(picture) for found in records for picture in frontal(found)])
    truth.to_csv(folder / TRUTH_FILE, index=False, float_format="%.4f", lineterminator="\n")


def write_structures(
    records: Sequence[Records], grids: Sequence[NDArray[np.float16]], folder: Path
) -> None:
    """Write structures.npy in the order of truth.csv.

    ``grids`` holds, per person, float16 (frontal radiographs taken, structures, cells, cells);
    a radiograph filed twice is taken once.
    """
    rows = []
    for found, grid in zip(records, grids, strict=True):
        taken = [shot.number for shot in found.person.shots if shot.view == "PA"]
        rows += [grid[taken.index(picture.shot.number)] for picture in frontal(found)]
    np.save(folder / STRUCTURES_FILE, np.stack(rows))


def frontal(records: Records) -> list[Picture]:
    """The frontal pictures of one person."""
    return [picture for picture in records.pictures if picture.shot.view == "PA"]


def _truth(picture: Picture) -> dict[str, object]:
    heart = picture.shot.heart
    measured = zip(MEASUREMENT_NAMES, heart.measurements.as_tuple(), strict=True)
    return {"file": picture.file, "true_mr": heart.mr, "true_as": heart.as_} | {
        f"aux_{name}": value for name, value in measured
    }
