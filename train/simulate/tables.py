"""The tables of a simulated export: what the hospital knows, and apart from it the truth."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cxr_valve.phantom.patient import MEASUREMENT_NAMES
from train.simulate.people import LATERAL_VIEW
from train.simulate.records import EXAM_COLUMNS, RADIOGRAPH_COLUMNS, Picture, Records
from train.simulate.render import Rendered

RADIOGRAPHS_FILE, EXAMS_FILE, TRUTH_FILE = "radiographs.csv", "echoes.csv", "truth.csv"
STRUCTURES_FILE = "structures.npy"


def write_tables(
    records: Sequence[Records], rendered: Sequence[Rendered], folder: Path, seed: int
) -> None:
    """Write radiographs.csv and echoes.csv, rows shuffled, and truth.csv by patient."""
    rng = np.random.default_rng([seed])
    for name, columns, rows in (
        (RADIOGRAPHS_FILE, RADIOGRAPH_COLUMNS, [r for found in records for r in found.radiographs]),
        (EXAMS_FILE, EXAM_COLUMNS, [r for found in records for r in found.exams]),
    ):
        table = pd.DataFrame(rows, columns=list(columns)).iloc[rng.permutation(len(rows))]
        table.to_csv(folder / name, index=False, lineterminator="\n")
    truth = pd.DataFrame(
        [
            _truth(picture, drawn.ratios[at])
            for found, drawn in zip(records, rendered, strict=True)
            for at, picture in frontal(found)
        ]
    )
    truth.to_csv(folder / TRUTH_FILE, index=False, float_format="%.4f", lineterminator="\n")


def write_structures(
    records: Sequence[Records], rendered: Sequence[Rendered], folder: Path
) -> None:
    """Write structures.npy in the order of truth.csv; a radiograph filed twice is taken once."""
    rows = [
        drawn.grids[at]
        for found, drawn in zip(records, rendered, strict=True)
        for at, _ in frontal(found)
    ]
    np.save(folder / STRUCTURES_FILE, np.stack(rows))


def frontal(records: Records) -> list[tuple[int, Picture]]:
    """The frontal pictures of one person, each with its place among their frontal radiographs."""
    taken = [shot.number for shot in records.person.shots if shot.view != LATERAL_VIEW]
    return [
        (taken.index(picture.shot.number), picture)
        for picture in records.pictures
        if picture.view != LATERAL_VIEW
    ]


def _truth(picture: Picture, ratio: float) -> dict[str, object]:
    heart = picture.shot.heart
    measured = zip(MEASUREMENT_NAMES, heart.measurements.as_tuple(), strict=True)
    sizes = {f"aux_{name}": value for name, value in measured}
    found: dict[str, object] = {"file": picture.file, "true_mr": heart.mr, "true_as": heart.as_}
    return found | sizes | {"aux_ctr": ratio}
