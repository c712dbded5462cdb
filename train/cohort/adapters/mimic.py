"""MIMIC-CXR-JPG radiographs with MIMIC-IV-ECHO structured measurements (PhysioNet)."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from cxr_valve.findings import AS, MR
from train.cohort.adapters import ADAPTERS
from train.cohort.card import CohortError
from train.cohort.dates import parse_days
from train.cohort.grades import names_prosthesis, parse_grades
from train.cohort.rules import CohortRules
from train.cohort.source import Source, find_file, sexes, splits
from train.cohort.tables import Cells, Problem, find_columns, read_cells

METADATA = ("mimic-cxr-2.0.0-metadata.csv.gz", "mimic-cxr-2.0.0-metadata.csv")
SPLIT = ("mimic-cxr-2.0.0-split.csv.gz", "mimic-cxr-2.0.0-split.csv")
ECHO = (
    *("structured-measurement.csv.gz", "structured_measurement.csv.gz"),
    *("structured-measurement.csv", "structured_measurement.csv"),
)
PATIENTS = ("patients.csv.gz", "patients.csv")
ECHO_COLUMNS = (
    *("subject_id", "measurement_id", "measurement_datetime", "test_type", "measurement"),
    *("result", "unit"),
)
ROLES = {
    name: (name.lower().replace("_", ""),)
    for name in ("dicom_id", "subject_id", "study_id", "ViewPosition", "StudyDate", "StudyTime")
}
TABLES = {"metadata": ROLES}
_TODO = "The exam counts as one without a grade, and never as a negative."
#: Rows read at once: the table has tens of millions.
CHUNK = 500_000
EXAM_COLUMNS = (
    *("patient", "date", "grade_mr", "grade_as", "value_lvef"),
    *("prosthesis_mr", "unread_mr", "prosthesis_as", "unread_as"),
)
_STRUCTURES = {
    "mr": ("mvr_structure1", "mvr_structure2", "mvr_structure3"),
    "as": ("avr_structure1", "avr_structure2"),
}
_LEAFLETS = {"mr": "mv_leaflets", "as": "av_leaflets"}
#: Plausible range of each number, in the unit given.
NUMBERS = {
    **dict.fromkeys(("lvef", "lvef_upper", "biplane_lvef", "lvef_3d"), (5.0, 90.0)),  # %
    "av_pk_vel": (0.2, 8.0),  # m/s
    "av_mean_grad": (0.0, 150.0),  # mmHg
    "av_area_continuity": (0.1, 8.0),  # cm²
}
WANTED = frozenset(
    {"mitral_regurg", "aortic_stenosis", *_LEAFLETS.values(), *NUMBERS}.union(*_STRUCTURES.values())
)


def read(rules: CohortRules) -> Source:
    """Read metadata, split and measurements; MR, AS and LVEF are its targets."""
    folder = Path(rules.source)
    cells = read_cells(find_file(folder, rules.radiographs, *METADATA))
    found = find_columns(cells, "metadata", ROLES, tuple(ROLES), rules.columns)
    radiographs = _radiographs(cells, {role: cells.frame[name] for role, name in found.items()})
    radiographs = _with_split(radiographs, folder)
    radiographs = _with_people(radiographs, folder)
    echoes = find_file(folder, rules.echoes, *ECHO)
    exams = read_exams(echoes, set(radiographs["patient"]))
    adapter = ADAPTERS["mimic"]
    return Source(
        radiographs=radiographs.drop(columns="dicom_id"),
        exams=exams,
        linked=False,
        root=folder / rules.images if rules.images else folder,
        name=adapter.name,
        note=adapter.note,
        problems=(*cells.problems, *_unread(exams, echoes.name)),
    )


def _unread(exams: pd.DataFrame, table: str) -> Iterator[Problem]:
    """What was passed over in the reports' own grades, which carry no rows to name."""
    for finding, name in ((MR, "mitral_regurg"), (AS, "aortic_stenosis")):
        count = int(exams[f"unread_{finding.key}"].sum())
        if count:
            expected = f"a grade out of {', '.join(finding.grades)}"
            yield Problem(table, None, name, expected, "other words", _TODO, count)


def _radiographs(cells: Cells, named: dict[str, "pd.Series[str]"]) -> pd.DataFrame:
    subject, study = named["subject_id"], named["study_id"]
    folder = "files/p" + subject.str[:2] + "/p" + subject + "/s" + study
    days, _ = parse_days(named["StudyDate"])
    return pd.DataFrame(
        {
            "path": folder + "/" + named["dicom_id"] + ".jpg",
            "patient": subject,
            "taken": days,
            "view": named["ViewPosition"],
            "sex": "",
            "age": float("nan"),
            "split": "",
            "dicom_id": named["dicom_id"],
        },
        index=cells.frame.index,
    ).reset_index(drop=True)


def _optional(folder: Path, names: tuple[str, ...]) -> Cells | None:
    file = next((folder / name for name in names if (folder / name).is_file()), None)
    return None if file is None else read_cells(file)


def _with_split(radiographs: pd.DataFrame, folder: Path) -> pd.DataFrame:
    cells = _optional(folder, SPLIT)
    if cells is None:
        return radiographs
    find_columns(
        cells, "split", {"dicom_id": ("dicomid",), "split": ("split",)}, ("dicom_id", "split"), {}
    )
    by_image = cells.frame.drop_duplicates("dicom_id").set_index("dicom_id")["split"]
    return radiographs.assign(split=splits(radiographs["dicom_id"].map(by_image)))


def _with_people(radiographs: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Sex and age, where MIMIC-IV's patients table lies beside: dates are shifted alike."""
    cells = _optional(folder, PATIENTS)
    if cells is None:
        return radiographs
    people = cells.frame.drop_duplicates("subject_id").set_index("subject_id")
    patient = radiographs["patient"]
    anchor = pd.to_numeric(patient.map(people["anchor_age"]), errors="coerce")
    year = pd.to_numeric(patient.map(people["anchor_year"]), errors="coerce")
    age = (anchor + radiographs["taken"].dt.year - year).astype(float)
    return radiographs.assign(sex=sexes(patient.map(people["gender"])), age=age)


def read_exams(file: Path, patients: set[str]) -> pd.DataFrame:
    """Transthoracic exams of ``patients``, a row each, from the long table of measurements.

    Raises CohortError where a column is missing.
    """
    kept = pd.concat(list(_chunks(file, patients)), ignore_index=True)
    if kept.empty:
        return pd.DataFrame(columns=list(EXAM_COLUMNS))
    kept = kept.drop_duplicates(["measurement_id", "measurement"])
    wide = kept.pivot(index="measurement_id", columns="measurement", values="result")
    wide = wide.reindex(columns=sorted(WANTED)).astype(object).fillna("")
    heads = kept.drop_duplicates("measurement_id").set_index("measurement_id")
    numbers = {name: _number(wide[name], *limits) for name, limits in NUMBERS.items()}
    exams = pd.DataFrame(
        {
            "patient": heads["subject_id"],
            "date": parse_days(heads["measurement_datetime"])[0],
            "grade_mr": parse_grades(wide["mitral_regurg"], MR.grades, MR.key),
            "grade_as": _stenosis(wide["aortic_stenosis"], numbers),
            "value_lvef": _ejection(numbers),
        }
    )
    for key, words in {"mr": wide["mitral_regurg"], "as": wide["aortic_stenosis"]}.items():
        exams[f"prosthesis_{key}"] = _prosthesis(wide, key)
        exams[f"unread_{key}"] = (words != "") & (exams[f"grade_{key}"] == "")
    return exams.reset_index(drop=True)


def _chunks(file: Path, patients: set[str]) -> Iterator[pd.DataFrame]:
    """The wanted measurements of transthoracic exams, piece by piece."""
    try:
        pieces = pd.read_csv(
            file, dtype=str, keep_default_na=False, chunksize=CHUNK, usecols=list(ECHO_COLUMNS)
        )
        for piece in pieces:
            name = piece["measurement"].str.strip().str.lower()
            transthoracic = (
                piece["test_type"].str.strip().str.lower().str.startswith(("tte", "tra"))
            )
            kept = piece[transthoracic & name.isin(WANTED) & piece["subject_id"].isin(patients)]
            yield kept.assign(measurement=name, result=kept["result"].str.strip())
    except (ValueError, OSError, EOFError) as error:
        raise CohortError(
            f"{file.name}: expected a table with the columns {', '.join(ECHO_COLUMNS)}, found: "
            f"{error}. Download the file again from MIMIC-IV-ECHO."
        ) from None


def _number(cells: "pd.Series[str]", low: float, high: float) -> "pd.Series[float]":
    value = pd.to_numeric(cells, errors="coerce").astype(float)
    return value.where(value.between(low, high))


def _ejection(numbers: dict[str, "pd.Series[float]"]) -> "pd.Series[float]":
    """Biplane first, then 3D, then the middle of the range that was read by eye."""
    by_eye = pd.concat([numbers["lvef"], numbers["lvef_upper"]], axis=1).mean(axis=1)
    return numbers["biplane_lvef"].fillna(numbers["lvef_3d"]).fillna(by_eye)


def _stenosis(words: "pd.Series[str]", numbers: dict[str, "pd.Series[float]"]) -> "pd.Series[str]":
    """The report's own grade, else by velocity, gradient or area.

    Baumgartner H et al., EACVI/ASE recommendations on aortic stenosis, Eur Heart J Cardiovasc
    Imaging 2017;18:254-275: peak velocity up to 2.5 m/s is no stenosis, 2.6–2.9 mild, 3–4
    moderate, ≥ 4 severe; mean gradient < 20, 20–40, ≥ 40 mmHg; area > 1.5, 1.0–1.5, < 1.0 cm².
    A low gradient or a large area alone does not tell mild from none, and gives no grade. The
    report comes first: it knows of high flow that only looks like stenosis.
    """
    given = parse_grades(words, AS.grades, AS.key)
    velocity, gradient = numbers["av_pk_vel"], numbers["av_mean_grad"]
    area = numbers["av_area_continuity"]
    measured = pd.Series("", index=words.index, dtype=object)
    measured = measured.mask(area < 1.0, "severe").mask(area.between(1.0, 1.5), "moderate")
    measured = measured.mask(gradient >= 20, "moderate").mask(gradient >= 40, "severe")
    # Velocity decides where it is known, since every exam measures it best.
    by_velocity = pd.cut(velocity, [0, 2.5, 3.0, 4.0, 9], right=False, labels=list(AS.grades))
    by_velocity = by_velocity.astype(object).mask(velocity == 2.5, "none")
    measured = by_velocity.fillna(measured)
    # A text that gives no grade ("present") is not replaced: only an empty one is.
    return given.mask((words == "") & (given == ""), measured)


def _prosthesis(wide: pd.DataFrame, key: str) -> "pd.Series[bool]":
    """Whether any structure field names other than the native valve, or the leaflets a device."""
    structures = wide[list(_STRUCTURES[key])].apply(lambda cells: cells.str.lower())
    device: pd.Series[bool] = (~structures.isin(["", "native"])).any(axis=1)
    return device | names_prosthesis(wide[_LEAFLETS[key]])
