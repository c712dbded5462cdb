"""A key table that labels each image itself, as the Nervus training framework takes it."""

import re
from pathlib import Path

import pandas as pd

from cxr_valve.evaluation.columns import NEGATIVE_WORDS, POSITIVE_WORDS
from train.cohort.adapters import ADAPTERS
from train.cohort.adapters.hospital import RADIOGRAPH_ROLES
from train.cohort.card import CohortError
from train.cohort.grades import parse_grades, parse_percent
from train.cohort.rules import CohortRules
from train.cohort.source import Source, ages, find_file, patients_of, sexes, splits
from train.cohort.tables import Cells, Problem, column, count_problem, find_columns, read_cells
from train.cohort.targets import Target, target_of

ROLES = {
    "id": ("uniqid", "iduniq", "id"),
    "file": ("imgpath", "filepath", *RADIOGRAPH_ROLES["file"]),
    "patient": RADIOGRAPH_ROLES["patient"],
    "view": RADIOGRAPH_ROLES["view"],
    "sex": RADIOGRAPH_ROLES["sex"],
    "age": RADIOGRAPH_ROLES["age"],
    "split": RADIOGRAPH_ROLES["split"],
    "label": (),
}
TABLES = {"key": ROLES}


def read(rules: CohortRules) -> Source:
    """Read the key table; the label is ``label_<finding>``, the only label, or the one named.

    ``rules.columns`` may name it as {"key.label": "label_AS"}.
    """
    folder = Path(rules.source)
    cells = read_cells(find_file(folder, rules.radiographs, "key.csv", "trials.csv"))
    found = find_columns(cells, "key", ROLES, ("file",), rules.columns)
    if "id" not in found:
        named = [name for name in cells.frame.columns if name.lower().startswith("id_")]
        found |= {"id": named[0]} if named else {}
    if "patient" not in found and "id" not in found:
        find_columns(cells, "key", ROLES, ("id",), rules.columns)
    person = "patient" if "patient" in found else "id"
    patients, problems = patients_of(cells, found, person)
    target = target_of(rules.finding, rules.positive_from)
    label = found.get("label") or _label_column(cells, rules.finding)
    exams, about_labels = _labels(cells, label, target)
    frame = pd.DataFrame(
        {
            "path": column(cells, found, "file").str.replace("\\", "/"),
            "patient": patients,
            "taken": pd.Series(pd.NaT, index=cells.frame.index, dtype="datetime64[s]"),
            "view": column(cells, found, "view"),
            "sex": sexes(column(cells, found, "sex")),
            "age": ages(column(cells, found, "age")),
            "split": splits(column(cells, found, "split")),
        }
    )
    exams.insert(0, "patient", patients)
    return Source(
        radiographs=frame.reset_index(drop=True),
        exams=exams.reset_index(drop=True),
        linked=True,
        root=folder / rules.images if rules.images else folder,
        name=ADAPTERS["nervus"].name,
        note=ADAPTERS["nervus"].note if person == "id" else "The table labels each image itself.",
        problems=(*cells.problems, *problems, *about_labels),
    )


def _label_column(cells: Cells, finding: str) -> str:
    labels = [name for name in cells.frame.columns if re.match(r"(label|output)_", name, re.I)]
    own = [name for name in labels if name.lower().split("_", 1)[1] == finding]
    if own or len(labels) == 1:
        return (own or labels)[0]
    raise CohortError(
        f"{cells.name}, row 1: expected a column label_{finding} (or output_{finding}), found "
        f"{', '.join(labels) or 'no label_ column'}. Name it with --column key.label=NAME."
    )


def _labels(cells: Cells, label: str, target: Target) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    text = cells.frame[label].fillna("").astype(str).str.strip()
    if target.kind == "continuous":
        values = parse_percent(text)
        wrong = (text != "") & values.isna()
        frame = pd.DataFrame({f"value_{target.key}": values})
        expected = "a percentage from 5 to 90"
    else:
        # 0 and 1 are no regurgitation grades here: they say no and yes.
        lowered = text.str.lower().str.replace(r"\.0$", "", regex=True)
        words = parse_grades(text, target.grades, target.key)
        words = words.mask(lowered.isin(POSITIVE_WORDS), target.positive_from)
        words = words.mask(lowered.isin(NEGATIVE_WORDS), target.grades[0])
        wrong = (text != "") & (words == "")
        frame = pd.DataFrame({f"grade_{target.key}": words})
        expected = f"0 or 1, or a grade out of {', '.join(target.grades)}"
    frame[f"unread_{target.key}"] = wrong
    todo = "The image counts as one without a grade."
    return frame, count_problem(cells, wrong, label, expected, todo)
