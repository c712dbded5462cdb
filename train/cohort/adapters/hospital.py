"""Generic tables: radiographs.csv and echoes.csv, columns found by name."""

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from cxr_valve.findings import FINDINGS
from train.cohort.adapters import ADAPTERS
from train.cohort.card import CohortError
from train.cohort.grades import (
    is_neither_yes_nor_no,
    names_prosthesis,
    parse_grades,
    parse_percent,
    says_yes,
)
from train.cohort.rules import CohortRules
from train.cohort.source import Source, ages, days_of, find_file, patients_of, sexes, splits
from train.cohort.tables import (
    Cells,
    Problem,
    column,
    count_problem,
    find_columns,
    read_cells,
)

RADIOGRAPH_ROLES = {
    "patient": ("patientid", "patient", "mrn", "pid", "subjectid", "subject", "patientnumber"),
    "file": ("file", "path", "filename", "filepath", "imgpath", "imagepath", "image", "dicom"),
    "taken": (
        *("taken", "takenat", "studydatetime", "studydate", "acquisitiondatetime"),
        *("acquisitiondate", "examdate", "datetime", "date", "radiographdate", "cxrdate"),
    ),
    "view": ("view", "viewposition", "projection"),
    "sex": ("sex", "gender", "patientsex"),
    "age": ("age", "patientage", "ageyears"),
    "split": ("split", "set", "partition"),
}
EXAM_ROLES = {
    "patient": RADIOGRAPH_ROLES["patient"],
    "date": (
        *("date", "examdate", "examdatetime", "echodate", "studydate", "studydatetime"),
        *("datetime", "measurementdatetime", "performed", "taken"),
    ),
    "mr": ("mr", "mitralregurgitation", "mrgrade", "mitralregurg", "mitralinsufficiency"),
    "as": ("as", "aorticstenosis", "asgrade", "aorticvalvestenosis"),
    "lvef": ("lvef", "ef", "ejectionfraction", "lvejectionfraction"),
    "prosthesis_mr": ("mitralprosthesis", "mitralvalveprosthesis", "mvprosthesis", "mvr"),
    "prosthesis_as": ("aorticprosthesis", "aorticvalveprosthesis", "avprosthesis", "avr"),
    "prosthesis": ("prosthesis", "valveprosthesis", "prostheticvalve"),
}
TABLES = {"radiographs": RADIOGRAPH_ROLES, "echoes": EXAM_ROLES}

#: What becomes of an exam whose grade or value could not be read, and of a grade besides.
_UNGRADED = "The exam counts as one without a grade."
_NO_GUESS = "It is never taken for a negative: write one of these words, or leave the cell empty."


def read(rules: CohortRules) -> Source:
    """Read both tables; see ``ADAPTERS["csv"]`` for their columns."""
    folder = Path(rules.source)
    radiographs, about_images = read_radiographs(rules, folder)
    exams, about_exams = read_exams(rules, folder)
    truth = _truth(rules, folder)
    structures = folder / "structures.npy"
    return Source(
        radiographs=radiographs,
        exams=exams,
        linked=False,
        root=folder / rules.images if rules.images else folder,
        name=ADAPTERS["csv"].name,
        note=ADAPTERS["csv"].note,
        simulated=says_simulated(folder),
        problems=(*about_images, *about_exams),
        truth=truth,
        structures=structures if truth is not None and structures.is_file() else None,
    )


def says_simulated(folder: Path) -> bool:
    """Whether the export says of itself that it is simulated."""
    try:
        found = json.loads((folder / "export.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("simulated") is True


def read_radiographs(rules: CohortRules, folder: Path) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    """The radiographs' table in the shape of ``Source.radiographs``; repeated rows once."""
    cells = read_cells(find_file(folder, rules.radiographs, "radiographs.csv"))
    found = find_columns(
        cells, "radiographs", RADIOGRAPH_ROLES, ("patient", "file", "taken"), rules.columns
    )
    taken, about_days = days_of(cells, found, "taken", rules)
    patients, about_patients = patients_of(cells, found)
    frame = pd.DataFrame(
        {
            "path": column(cells, found, "file").str.replace("\\", "/"),
            "patient": patients,
            "taken": taken,
            "view": column(cells, found, "view"),
            "sex": sexes(column(cells, found, "sex")),
            "age": ages(column(cells, found, "age")),
            "split": splits(column(cells, found, "split")),
        }
    )
    nameless = frame["path"] == ""
    repeated = frame.duplicated(["path", "patient"]) & ~nameless
    problems = (
        *cells.problems,
        *about_days,
        *about_patients,
        *count_problem(
            cells, nameless, found["file"], "the path of a file", "The row is left out.", "nothing"
        ),
        *count_problem(
            cells,
            repeated,
            found["file"],
            "each radiograph once",
            "It is counted once, as its first row has it.",
            "the same file and patient again",
        ),
    )
    return frame[~nameless & ~repeated].reset_index(drop=True), problems


def read_exams(rules: CohortRules, folder: Path) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    """The exams' table in the shape of ``Source.exams``.

    Beside each grade or value stands ``unread_<key>``: the cell held words that give none.
    """
    cells = read_cells(find_file(folder, rules.echoes, "echoes.csv"))
    found = find_columns(cells, "echoes", EXAM_ROLES, ("patient", "date"), rules.columns)
    if not {"mr", "as", "lvef"} & set(found):
        # Named as a missing column: it says which names would do.
        find_columns(cells, "echoes", EXAM_ROLES, (rules.finding,), rules.columns)
    dates, about_days = days_of(cells, found, "date", rules)
    patients, about_patients = patients_of(cells, found)
    frame = pd.DataFrame({"patient": patients, "date": dates})
    problems = [*cells.problems, *about_days, *about_patients, *_unclear_prostheses(cells, found)]
    for key, finding in FINDINGS.items():
        if key not in found:
            continue
        text = column(cells, found, key)
        told = text != ""
        if finding.kind == "continuous":
            frame[f"value_{key}"] = parse_percent(text)
            frame[f"unread_{key}"] = wrong = told & frame[f"value_{key}"].isna()
            expected, todo = "a percentage from 5 to 90", _UNGRADED
        else:
            own = says_yes(column(cells, found, f"prosthesis_{key}")) | names_prosthesis(text)
            frame[f"prosthesis_{key}"] = own | says_yes(column(cells, found, "prosthesis"))
            frame[f"grade_{key}"] = parse_grades(text, finding.grades, key)
            frame[f"unread_{key}"] = told & (frame[f"grade_{key}"] == "")
            # The words for a prosthesis are no grade, and need none.
            wrong = frame[f"unread_{key}"] & ~own
            expected = f"a grade out of {', '.join(finding.grades)}"
            todo = f"{_UNGRADED} {_NO_GUESS}"
        problems += count_problem(cells, wrong, found[key], expected, todo)
    return frame.drop_duplicates().reset_index(drop=True), tuple(problems)


def _unclear_prostheses(cells: Cells, found: dict[str, str]) -> Iterator[Problem]:
    todo = "It counts as no: write yes where the valve is replaced or repaired with a device."
    for role in ("prosthesis", "prosthesis_mr", "prosthesis_as"):
        if role in found:
            unclear = is_neither_yes_nor_no(column(cells, found, role))
            yield from count_problem(cells, unclear, found[role], "yes or no", todo)


def _truth(rules: CohortRules, folder: Path) -> pd.DataFrame | None:
    if not rules.truth:
        return None
    cells = read_cells(find_file(folder, rules.truth))
    names = [name for name in cells.frame.columns if name.startswith("aux_")]
    if "file" not in cells.frame or not names:
        raise CohortError(
            f"{cells.name}, row 1: expected a column file and columns that begin with aux_, found "
            f"{', '.join(cells.frame.columns[:8])}. Take the truth.csv of the same simulation."
        )
    truth = cells.frame[names].apply(pd.to_numeric, errors="coerce").astype(float)
    truth["structure"] = range(len(truth))
    truth.index = pd.Index(cells.frame["file"], name="path")
    return pd.DataFrame(truth[~truth.index.duplicated()])
