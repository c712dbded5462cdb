"""A folder of DICOM files that nobody listed: headers are read, pixels are not."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from cxr_valve.imaging.facts import normalise_view
from cxr_valve.imaging.quiet import silence_readers
from train.cohort.adapters import ADAPTERS, hospital
from train.cohort.card import CohortError
from train.cohort.dates import parse_days
from train.cohort.rules import CohortRules
from train.cohort.source import RADIOGRAPH_COLUMNS, Source, ages, sexes
from train.cohort.tables import Problem

#: The attributes that are read, and no others.
TAGS = (
    *("PatientID", "StudyDate", "AcquisitionDate", "AcquisitionDateTime", "StudyTime"),
    *("TimezoneOffsetFromUTC", "ViewPosition", "PatientSex", "PatientAge", "Modality"),
)
#: Modalities of single projections; others are not listed at all.
RADIOGRAPHY = ("CR", "DX", "DR", "RG", "XR", "RF", "OT", "")
TABLES = {"echoes": hospital.EXAM_ROLES}


def read(rules: CohortRules) -> Source:
    """Index the DICOM files below the folder and read echoes.csv beside them."""
    folder = Path(rules.source)
    root = folder / rules.images if rules.images else folder
    exams, about_exams = hospital.read_exams(rules, folder)
    radiographs, others = index_headers(root, rules.timezone)
    problems = list(about_exams)
    if others:
        todo = "Files that are no DICOM radiograph are not listed."
        problems.append(
            Problem(root.name, None, "", "DICOM radiographs", "other files", todo, others)
        )
    adapter = ADAPTERS["dicom"]
    base = Source(radiographs, exams, False, root, adapter.name, adapter.note)
    return replace(base, simulated=hospital.says_simulated(folder), problems=tuple(problems))


def index_headers(root: Path, zone: str = "") -> tuple[pd.DataFrame, int]:
    """A row for each DICOM radiograph below ``root``, and how many other files there were.

    Raises CohortError where there is no DICOM radiograph at all.
    """
    rows, others = [], 0
    silence_readers()
    for file in _files(root):
        row = _header(file)
        if row is None:
            others += 1
        else:
            rows.append({"path": file.relative_to(root).as_posix()} | row)
    if not rows:
        raise CohortError(
            f"Expected DICOM radiographs in {root.name!r}, found none among {others:,} files. Name "
            "with --images the folder below the export that holds them; links in it are not "
            "followed."
        )
    frame = pd.DataFrame(rows)
    frame["taken"], _ = parse_days(frame["taken"], zone)
    frame["sex"], frame["age"] = sexes(frame["sex"]), ages(frame["age"])
    return frame[list(RADIOGRAPH_COLUMNS)], others


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(files) if not name.startswith("."))


def _header(file: Path) -> dict[str, Any] | None:
    from pydicom import dcmread

    try:
        found = dcmread(file, stop_before_pixels=True, specific_tags=list(TAGS))
        cells = {name: str(found.get(name, "") or "").strip() for name in TAGS}
    except Exception:
        # Not DICOM, or broken beyond its header: listed as another file.
        return None
    if cells["Modality"].upper() not in RADIOGRAPHY:
        return None
    return {
        "patient": cells["PatientID"],
        "taken": _moment(cells),
        "view": normalise_view(cells["ViewPosition"]) or cells["ViewPosition"],
        "sex": cells["PatientSex"],
        "age": cells["PatientAge"],
        "split": "",
    }


def _moment(cells: dict[str, str]) -> str:
    day = cells["AcquisitionDate"] or cells["AcquisitionDateTime"][:8] or cells["StudyDate"]
    time, offset = cells["StudyTime"], cells["TimezoneOffsetFromUTC"]
    if len(day) != 8 or len(time) < 4 or not offset:
        return day
    return f"{day[:4]}-{day[4:6]}-{day[6:]}T{time[:2]}:{time[2:4]}{offset}"
