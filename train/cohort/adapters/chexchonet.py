"""CheXchoNet (PhysioNet, https://doi.org/10.13026/kp08-ws25): metadata.csv and its images."""

from pathlib import Path

import pandas as pd

from train.cohort.adapters import ADAPTERS
from train.cohort.card import CohortError
from train.cohort.grades import parse_grades
from train.cohort.rules import CohortRules
from train.cohort.source import Source, ages, find_file, patients_of, sexes
from train.cohort.tables import (
    Cells,
    Problem,
    column,
    count_problem,
    find_columns,
    read_cells,
)
from train.cohort.targets import CHEXCHONET, PRESENCE

ROLES = {
    "patient": ("patientid",),
    "file": ("cxrfilename",),
    "path": ("cxrpath",),
    "age": ("age",),
    "sex": ("sex",),
    **{key: (key.replace("_", ""),) for key in CHEXCHONET},
}
TABLES = {"metadata": ROLES}


def read(rules: CohortRules) -> Source:
    """Read metadata.csv; images lie as cxr_path says, or by cxr_filename in images/."""
    if rules.finding not in CHEXCHONET:
        raise CohortError(
            f"finding: CheXchoNet labels {', '.join(CHEXCHONET)}; found {rules.finding!r}, which "
            "it does not measure."
        )
    folder = Path(rules.source)
    cells = read_cells(find_file(folder, rules.radiographs, "metadata.csv"))
    required = ("patient", "file", rules.finding)
    found = find_columns(cells, "metadata", ROLES, required, rules.columns)
    patients, problems = patients_of(cells, found)
    root = folder / rules.images if rules.images else folder
    names, paths = column(cells, found, "file"), column(cells, found, "path")
    # The release keeps all images in one folder, whatever path its authors had.
    flat = "images/" if (root / "images").is_dir() else ""
    listed = paths.where(paths.map(lambda path: bool(path) and (root / path).is_file()), "")
    exams, about_labels = _labels(cells, found, patients)
    frame = pd.DataFrame(
        {
            "path": listed.where(listed != "", flat + names),
            "patient": patients,
            "taken": pd.Series(pd.NaT, index=cells.frame.index, dtype="datetime64[s]"),
            "view": "",
            "sex": sexes(column(cells, found, "sex")),
            "age": ages(column(cells, found, "age")),
            "split": "",
        }
    )
    adapter = ADAPTERS["chexchonet"]
    return Source(
        radiographs=frame.reset_index(drop=True),
        exams=exams.reset_index(drop=True),
        linked=True,
        root=root,
        name=adapter.name,
        note=adapter.note,
        problems=(*cells.problems, *problems, *about_labels),
    )


def _labels(
    cells: Cells, found: dict[str, str], patients: "pd.Series[str]"
) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    exams = pd.DataFrame({"patient": patients})
    problems: tuple[Problem, ...] = ()
    for key in CHEXCHONET:
        if key in found:
            text = column(cells, found, key)
            exams[f"grade_{key}"] = parse_grades(text, PRESENCE)
            wrong = (text != "") & (exams[f"grade_{key}"] == "")
            exams[f"unread_{key}"] = wrong
            todo = "The image counts as one without a label."
            problems += count_problem(cells, wrong, found[key], "0 or 1", todo)
    return exams, problems
