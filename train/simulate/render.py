"""Render one simulated patient's radiographs and write them; runs in worker processes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxr_valve.phantom.render import FIELD_MM, Phantom, take
from train.simulate.exposures import body_of, build_of, exposure_of, look_of
from train.simulate.files import as_dicom, as_png, lateral, write_whole
from train.simulate.people import LATERAL_VIEW, Shot
from train.simulate.plan import CELLS, STRUCTURE_MM, STRUCTURES, ExportPlan
from train.simulate.records import Picture, Records, records_of


@dataclass(frozen=True, eq=False)
class Rendered:
    """What is known of a patient's frontal radiographs once they are drawn, in order.

    ``ratios``: the true cardiothoracic ratio of each; ``grids``: float16 (radiographs, structures,
    CELLS, CELLS), without rows unless the plan asks for them.
    """

    ratios: tuple[float, ...]
    grids: NDArray[np.float16]


@dataclass(frozen=True, eq=False)
class _Taken:
    pixels: NDArray[np.uint16]
    spacing_mm: float
    phantom: Phantom | None


def render_person(work: tuple[ExportPlan, int, Path]) -> Rendered:
    """Write the files of one patient that are not there yet.

    Frontal radiographs are drawn even if their files are there: their truth is in the drawing.
    """
    plan, number, folder = work
    records = records_of(plan.seed, number, plan.patients, plan.dicom_share)
    ratios, grids = [], []
    for shot in records.person.shots:
        missing = [
            picture
            for picture in records.pictures
            if picture.shot == shot
            and picture.fate != "absent"
            and not (folder / picture.file).exists()
        ]
        if not missing and shot.view == LATERAL_VIEW:
            continue
        taken = _take(plan, records, shot)
        if taken.phantom is not None:
            ratios.append(taken.phantom.ctr)
            if plan.structures:
                grids.append(coarse(taken.phantom))
        for picture in missing:
            _write(folder, picture, records, taken)
    empty = np.zeros((0, len(STRUCTURES), CELLS, CELLS), np.float16)
    return Rendered(tuple(ratios), np.stack(grids) if grids else empty)


def _take(plan: ExportPlan, records: Records, shot: Shot) -> _Taken:
    person = records.person
    look = look_of(plan.seed, person, shot)
    if shot.view == LATERAL_VIEW:
        return _Taken(lateral(look, plan.side), FIELD_MM / plan.side, None)
    exposure = exposure_of(plan.seed, person, shot)
    phantom = take(
        shot.heart,
        build_of(plan.seed, person),
        exposure,
        side=plan.side,
        body=body_of(plan.seed, person),
        look=look,
    )
    return _Taken(phantom.radiograph.pixels, exposure.field_mm / plan.side, phantom)


def coarse(phantom: Phantom) -> NDArray[np.float16]:
    """Mean thickness of each of ``STRUCTURES`` on a CELLS × CELLS grid over the image, in units of
    40 mm: float16 (structures, CELLS, CELLS)."""
    stacked = np.stack([phantom.thickness[name] for name in STRUCTURES])
    side = stacked.shape[1] // CELLS * CELLS
    blocks = stacked[:, :side, :side].reshape(len(stacked), CELLS, side // CELLS, CELLS, -1)
    return np.asarray(blocks.mean(axis=(2, 4)) / STRUCTURE_MM, np.float16)


def _write(folder: Path, picture: Picture, records: Records, taken: _Taken) -> None:
    if picture.is_dicom:
        data = as_dicom(
            taken.pixels,
            patient_id=picture.patient_id,
            accession=picture.accession,
            when=picture.shot.when,
            view=picture.view,
            sex=records.person.sex,
            age=records.person.age(picture.shot.when),
            inverted=picture.inverted,
            spacing_mm=taken.spacing_mm,
        )
    else:
        data = as_png(taken.pixels)
    write_whole(folder / picture.file, data[: len(data) // 2] if picture.fate == "cut" else data)
