"""Small hospital exports written for tests: tiny pictures, tables as a hospital would give them."""

import gzip
import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from train.cohort.adapters import read_source
from train.cohort.build import draft
from train.cohort.rules import CohortRules
from train.simulate.files import as_dicom


def picture(content: int, side: int = 12) -> bytes:
    """A PNG whose pixels differ for each ``content``."""
    pixels = np.random.default_rng(content).integers(0, 256, (side, side), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def dicom(number: int, patient: str, view: str = "PA") -> bytes:
    """A DICOM radiograph of a patient, taken late on 4 March 2018."""
    pixels = np.random.default_rng(number).integers(0, 4096, (20, 20)).astype(np.uint16)
    return as_dicom(
        pixels,
        patient_id=patient,
        accession=f"A{number}",
        when=datetime(2018, 3, 4, 23, 30),
        view=view,
        sex="F",
        age=63,
        inverted=False,
        spacing_mm=1.25,
    )


def write_csv(file: Path, header: str, *rows: str) -> None:
    """A table of these lines, gzipped where its name says so."""
    data = "\n".join((header, *rows)) + "\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(data.encode()) if file.suffix == ".gz" else data.encode())


def write_export(
    folder: Path,
    radiographs: Iterable[Mapping[str, object]],
    exams: Iterable[Mapping[str, object]],
    pictures: Mapping[str, bytes] | None = None,
) -> Path:
    """Write radiographs.csv, echoes.csv and the pictures; a file not given gets its own picture."""
    shots, echoes = list(radiographs), list(exams)
    folder.mkdir(parents=True, exist_ok=True)
    columns = ["patient", "file", "taken", "view", "sex", "age", "split"]
    pd.DataFrame(shots, columns=columns).to_csv(folder / "radiographs.csv", index=False)
    found = pd.DataFrame(echoes)
    found = found if len(found) else pd.DataFrame(columns=["patient", "date", "mr"])
    found.to_csv(folder / "echoes.csv", index=False)
    for at, shot in enumerate(shots):
        name = str(shot.get("file", ""))
        if name and pictures is None:
            (folder / name).write_bytes(picture(at))
    for name, data in (pictures or {}).items():
        (folder / name).write_bytes(data)
    return folder


def shot(patient: str, file: str, taken: str = "2018-03-04", **others: object) -> dict[str, object]:
    """A row of radiographs.csv."""
    return {"patient": patient, "file": file, "taken": taken, "view": "PA"} | others


def exam(
    patient: str, date: str = "2018-03-05", mr: str = "mild", **others: object
) -> dict[str, object]:
    """A row of echoes.csv."""
    return {"patient": patient, "date": date, "mr": mr} | others


def made(folder: Path, **rules: object) -> pd.DataFrame:
    """The table that the rules draw up, without a look at the pictures."""
    chosen = CohortRules(str(folder), **rules)
    return draft(read_source(chosen), chosen).table
