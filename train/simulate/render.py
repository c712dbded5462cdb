"""Render one simulated patient's radiographs and write them; runs in worker processes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxr_valve.phantom.anatomy import Pose, sample_pose
from cxr_valve.phantom.render import Phantom, take
from train.simulate.files import as_dicom, as_png, lateral, write_whole
from train.simulate.people import Shot
from train.simulate.plan import CELLS, ExportPlan
from train.simulate.records import Picture, Records, records_of

#: Unit of the coarse structure grids.
STRUCTURE_MM = 40.0
#: What a random stream is for, within (seed, patient).
_STATURE, _EXPOSURE, _BODY = 2, 3, 4


def render_person(work: tuple[ExportPlan, int, Path]) -> NDArray[np.float16]:
    """Write the files of one patient that are not there yet.

    Returns the structure grids of the frontal radiographs in order, float16 (radiographs,
    structures, CELLS, CELLS); empty unless the plan asks for them.
    """
    plan, number, folder = work
    records = records_of(plan.seed, number, plan.patients, plan.dicom_share)
    grids = []
    for shot in records.person.shots:
        missing = [
            picture
            for picture in records.pictures
            if picture.shot == shot
            and picture.fate != "absent"
            and not (folder / picture.file).exists()
        ]
        gridded = plan.structures and shot.view == "PA"
        if not missing and not gridded:
            continue
        pixels, grid = _expose(plan, records, shot)
        if grid is not None and gridded:
            grids.append(grid)
        for picture in missing:
            _write(folder, picture, records, pixels)
    return np.stack(grids) if grids else np.zeros((0, 0, CELLS, CELLS), np.float16)


def _expose(
    plan: ExportPlan, records: Records, shot: Shot
) -> tuple[NDArray[np.uint16], NDArray[np.float16] | None]:
    number = records.person.number
    rng = np.random.default_rng([plan.seed, number, _EXPOSURE, shot.number])
    if shot.view != "PA":
        return lateral(rng, plan.side), None
    body = np.random.default_rng([plan.seed, number, _BODY])
    pose = _pose(plan, records, shot, rng)
    phantom = take(shot.heart, pose, side=plan.side, body=body, exposure=rng)
    return phantom.radiograph.pixels, coarse(phantom)


def _pose(plan: ExportPlan, records: Records, shot: Shot, rng: np.random.Generator) -> Pose:
    """Stature belongs to the person; position, breath and magnification to the exposure."""
    own = np.random.default_rng([plan.seed, records.person.number, _STATURE])
    stature = sample_pose(own, records.person.shots[0].heart)
    drawn = sample_pose(rng, shot.heart)
    return replace(
        drawn,
        half_width=stature.half_width,
        apex=stature.apex,
        base=stature.base + 0.4 * (drawn.base - stature.base),
        heart_x=stature.heart_x,
    )


def coarse(phantom: Phantom) -> NDArray[np.float16]:
    """Mean thickness of each structure on a CELLS × CELLS grid over the image, in units of 40 mm.

    Float16 (structures, CELLS, CELLS), structures in the phantom's order.
    """
    stacked = np.stack(list(phantom.thickness.values()))
    step = stacked.shape[1] // CELLS
    blocks = stacked.reshape(len(stacked), CELLS, step, CELLS, step)
    return np.asarray(blocks.mean(axis=(2, 4)) / STRUCTURE_MM, np.float16)


def _write(folder: Path, picture: Picture, records: Records, pixels: NDArray[np.uint16]) -> None:
    if picture.is_dicom:
        data = as_dicom(
            pixels,
            patient_id=picture.patient_id,
            accession=picture.accession,
            when=picture.shot.when,
            view=picture.shot.view,
            sex=records.person.sex,
            age=records.person.age(picture.shot.when),
            inverted=picture.inverted,
        )
    else:
        data = as_png(pixels)
    write_whole(folder / picture.file, data[: len(data) // 2] if picture.fate == "cut" else data)
