"""The exports that can be read, each in its own module; what each needs is told here."""

import importlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from train.cohort.card import CohortError
from train.cohort.rules import CohortRules
from train.cohort.source import Source


@dataclass(frozen=True)
class Adapter:
    """A kind of export.

    Attributes:
        key: what rules call it.
        name: what a page calls it.
        note: what a reader must know of such data.
        files: what the folder holds, with the columns of each table.
        marks: alternatives of files of which one must exist for the folder to be recognised;
            each a tuple of names that must all exist.
        named: tables that it reads under another name where rules give one.
    """

    key: str
    name: str
    note: str
    files: dict[str, str]
    marks: tuple[tuple[str, ...], ...]
    named: tuple[str, ...]


ADAPTERS: dict[str, Adapter] = {
    adapter.key: adapter
    for adapter in (
        Adapter(
            "csv",
            "Hospital tables",
            "Radiographs and echo exams are paired by patient and date.",
            {
                "radiographs.csv": "patient, file, taken; optional view, sex, age, split",
                "echoes.csv": "patient, date, and a grade of mr and as and/or lvef in %; optional "
                "mitral_prosthesis, aortic_prosthesis, prosthesis (yes/no)",
            },
            (("radiographs.csv", "echoes.csv"),),
            ("radiographs", "echoes", "truth"),
        ),
        Adapter(
            "dicom",
            "DICOM folder and echo table",
            "Patient, date, view, sex and age come from the DICOM headers.",
            {
                "any folder of DICOM files": "headers are read, pixels are not",
                "echoes.csv": "as for hospital tables; patient is DICOM's PatientID",
            },
            (("echoes.csv",),),
            ("echoes",),
        ),
        Adapter(
            "nervus",
            "Key table (Nervus)",
            "The table labels each image itself. Unless it has a column patient, each image counts "
            "as a patient, and that no patient crosses a split cannot be shown.",
            {
                "key.csv": "uniqID (or id_XXX), imgpath (or filepath), label_XXX (or output_XXX), "
                "split; optional patient, sex, age, view",
            },
            (("key.csv",), ("trials.csv",)),
            ("radiographs",),
        ),
        Adapter(
            "chexchonet",
            "CheXchoNet",
            "Echo within a year of the radiograph, not 30 days; images are already equalised "
            "(CLAHE), so networks trained on them fit no other radiographs; the label columns are "
            "used as they are, since the cut-offs in the data set's own files differ; the table "
            "names no views.",
            {
                "metadata.csv": "patient_id, cxr_filename, cxr_time_offset, cxr_year, cxr_path, "
                "cxr_pixel_spacing_x, cxr_pixel_spacing_y, age, sex, ivsd, lvpwd, lvidd, slvh, "
                "dlv, composite_slvh_dlv, heart_transplant, lung_transplant, pacemaker_or_icd",
            },
            (("metadata.csv",),),
            ("radiographs",),
        ),
        Adapter(
            "mimic",
            "MIMIC-CXR with MIMIC-IV-ECHO",
            "Dates are shifted by patient, alike in both. Grades are the reports' own words; "
            "stenosis without one is graded by velocity, gradient or area. Transthoracic exams "
            "only.",
            {
                "mimic-cxr-2.0.0-metadata.csv.gz": "dicom_id, subject_id, study_id, ViewPosition, "
                "StudyDate, StudyTime",
                "mimic-cxr-2.0.0-split.csv.gz": "optional; dicom_id, split",
                "structured-measurement.csv.gz or structured_measurement.csv": "subject_id, "
                "measurement_id, measurement_datetime, test_type, measurement, "
                "measurement_description, result, unit",
                "patients.csv.gz": "optional, of MIMIC-IV; subject_id, gender, anchor_age, "
                "anchor_year",
                "files/p1x/p<subject>/s<study>/<dicom_id>.jpg": "the JPG images",
            },
            (("mimic-cxr-2.0.0-metadata.csv.gz",), ("mimic-cxr-2.0.0-metadata.csv",)),
            ("radiographs", "echoes"),
        ),
    )
}
_MODULES = {"csv": "hospital", "dicom": "dicom_folder"}


def recognise(folder: Path) -> list[str]:
    """Keys of the adapters whose tables lie in ``folder``, the likeliest first."""
    found = []
    for key, adapter in ADAPTERS.items():
        if any(all((folder / name).is_file() for name in names) for names in adapter.marks):
            found.append(key)
    return found


def likeliest(folder: Path, radiographs: str = "", echoes: str = "") -> str:
    """The adapter that a folder suggests, where tables may have the names given, "" the usual."""
    found = recognise(folder)
    if radiographs and "dicom" in found:
        # The exams lie there, and the radiographs are listed: nothing is to be listed from headers.
        return "csv"
    if echoes and not found and not radiographs and not (folder / "radiographs.csv").is_file():
        return "dicom"
    return next(iter(found), "csv")


def known_columns(adapter: str) -> list[str]:
    """The columns that rules may name for an adapter, as "table.role"."""
    tables = _module(adapter).TABLES
    return [f"{table}.{role}" for table, roles in tables.items() for role in roles]


def read_source(rules: CohortRules) -> Source:
    """Read the tables of an export (never its pixels).

    Raises CohortError naming file, row and column where a table cannot be used, and the rule where
    one names a table or column that the adapter does not read.
    """
    if rules.adapter not in ADAPTERS:
        raise CohortError(
            f"adapter: expected one of {', '.join(ADAPTERS)}; found {rules.adapter!r}."
        )
    _check_tables(rules)
    _check_columns(rules)
    folder = Path(rules.source)
    if not folder.is_dir():
        raise CohortError(f"source: expected a folder; found none at {folder.name!r}.")
    source: Source = _module(rules.adapter).read(rules)
    return source


def _module(adapter: str) -> ModuleType:
    return importlib.import_module(f"train.cohort.adapters.{_MODULES.get(adapter, adapter)}")


def _check_tables(rules: CohortRules) -> None:
    for name in ("radiographs", "echoes", "truth"):
        if getattr(rules, name) and name not in ADAPTERS[rules.adapter].named:
            readers = [key for key, adapter in ADAPTERS.items() if name in adapter.named]
            raise CohortError(
                f"{name}: expected none, since the adapter {rules.adapter} reads no such table; "
                f"found {getattr(rules, name)!r}. Leave it out, or take the adapter "
                f"{' or '.join(readers)}."
            )


def _check_columns(rules: CohortRules) -> None:
    known = known_columns(rules.adapter)
    for name in rules.columns:
        if name not in known:
            raise CohortError(
                f"column: expected one of {', '.join(known)}; found {name!r}. Correct it: another "
                "name would change nothing."
            )
