"""From an export to a cohort: quickly from the tables alone, or wholly with every image seen."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxr_valve.imaging.facts import normalise_view
from train.cohort.adapters import read_source
from train.cohort.adequacy import judge
from train.cohort.card import SPLITS, CohortCard, CohortError
from train.cohort.cost import expected_cost
from train.cohort.flow import FRONTAL, KEPT, LISTED, STEPS, copies, count_flow, first_reason
from train.cohort.grades import grade_of_percent
from train.cohort.identity import joined_ids, persons, placeholders, pseudonyms
from train.cohort.images import DEFAULT_CACHE, Progress, look
from train.cohort.pairing import pair
from train.cohort.rules import CohortRules
from train.cohort.source import Source
from train.cohort.store import StoredCohort, write_cohort
from train.cohort.summary import summarise
from train.cohort.targets import Target, target_of
from train.split import prove, split_patients

PLACEHOLDER = "a picture that stands for many patients"
#: Rules that decide what ``read_source`` reads; with the others it need not be read again.
TABLE_RULES = (
    *("source", "adapter", "columns", "timezone", "images", "radiographs", "echoes", "truth"),
)


@dataclass(frozen=True, eq=False)
class Draft:
    """A cohort that is not written yet.

    Attributes:
        card: everything that cohort.json will say.
        table: the kept rows as cohort.csv will have them.
        structures: rows of the simulator's structures.npy for the kept rows, None without.
    """

    card: CohortCard
    table: pd.DataFrame
    structures: NDArray[np.int64] | None


def tables_key(rules: CohortRules) -> str:
    """Equal for rules that read the same tables: what a cache of ``read_source`` goes by."""
    found = rules.to_json()
    names = list(TABLE_RULES)
    if rules.adapter in ("nervus", "chexchonet"):
        names += ["finding", "positive_from"]
    return json.dumps({name: found[name] for name in names}, sort_keys=True)


def build(
    rules: CohortRules,
    out: Path,
    progress: Progress | None = None,
    *,
    cache: Path | None = DEFAULT_CACHE,
    processes: int | None = None,
) -> StoredCohort:
    """Read the tables, look into every image, and write the cohort to ``out``.

    ``progress`` gets images looked at and all of them; what it raises stops the work, and what was
    looked at is not looked at again. Raises CohortError where no cohort can be made.
    """
    source = read_source(rules)
    index = look_at(source, progress, cache=cache, processes=processes)
    made = draft(source, rules, index)
    structures = None
    if made.structures is not None and source.structures is not None:
        everything = np.load(source.structures, mmap_mode="r")
        structures = np.asarray(everything[made.structures])
    return write_cohort(made.card, made.table, out, structures)


def look_at(
    source: Source,
    progress: Progress | None = None,
    *,
    cache: Path | None = DEFAULT_CACHE,
    processes: int | None = None,
) -> pd.DataFrame:
    """The index of a source's images, for ``draft``; see ``train.cohort.images.look``."""
    paths = source.radiographs["path"].tolist()
    return look(paths, source.root, cache=cache, progress=progress, processes=processes)


def draft(source: Source, rules: CohortRules, index: pd.DataFrame | None = None) -> Draft:
    """Pair, label, exclude, split and sum up, all in memory: a fraction of a second.

    Without ``index`` no image has been looked at: none is unreadable or a duplicate then, and the
    card says so. Raises CohortError where nothing is left, or a given split leaks.
    """
    target = target_of(rules.finding, rules.positive_from)
    _need_target(source, target)
    rows = _labelled(source, rules, target, index)
    if not (rows["left"] == KEPT).any():
        raise CohortError(_nothing_left(rows["left"], rules, target))
    kept = rows[rows["left"] == KEPT].copy()
    kept["pseudonym"] = pseudonyms(kept, rules.seed)
    kept["split"] = _split(kept, rules, target)
    kept = kept.sort_values(["pseudonym", "taken", "path"], kind="stable")
    table = _table(kept, source)
    card = _card(source, rules, target, rows, kept, table, hashed=index is not None)
    truth = source.truth
    structures = None
    if source.structures is not None and truth is not None:
        places = truth["structure"].reindex(kept["path"])
        # A radiograph without truth has no structures either, and half a set is of no use.
        structures = None if places.isna().any() else places.to_numpy(np.int64)
    return Draft(card, table, structures)


def _need_target(source: Source, target: Target) -> None:
    if not source.has_target(target.key):
        known = sorted(
            name.split("_", 1)[1]
            for name in source.exams.columns
            if name.startswith(("grade_", "value_"))
        )
        raise CohortError(
            f"finding: expected one that the exams hold ({', '.join(known)}); found "
            f"{target.key!r}. Choose another, or name its column with --column."
        )


def _labelled(
    source: Source, rules: CohortRules, target: Target, index: pd.DataFrame | None
) -> pd.DataFrame:
    """Every listed radiograph with its person, label and the step at which it leaves."""
    rows = source.radiographs.copy()
    seen = None if index is None else index.loc[rows["path"]].set_axis(rows.index)
    rows["pixels"] = "" if seen is None else seen["pixels"]
    rows["unread"] = "" if seen is None else seen["reason"]
    stand_in = placeholders(rows["patient"], rows["pixels"])
    rows.loc[stand_in, ["pixels", "unread"]] = ["", PLACEHOLDER]
    rows["view"], sideways = _views(rows["view"], None if seen is None else seen["view"])
    rows["person"] = persons(rows["patient"], rows["pixels"])
    paired = pair(source, rules, target)
    rows = rows.join(paired)
    if target.kind == "binary":
        start = target.grades.index(target.positive_from)
        rows["target"] = (rows["rank"] >= start).astype(float).where(rows["rank"].notna())
        names = dict(enumerate(target.grades))
        rows["grade"] = rows["rank"].map(names).fillna("")
    else:
        rows["target"] = rows["value"]
        rows["grade"] = grade_of_percent(rows["value"])
    undated = rows["taken"].isna() & (not source.linked)
    reasons = {
        "unusable": (rows["patient"] == "") | undated,
        "no_exam": rows["exams"] == 0,
        "no_grade": rows["graded"] == 0,
        "prosthesis": rows["prosthesis"] & rules.exclude_prosthesis,
        "lateral": sideways,
        "unreadable": rows["unread"] != "",
    }
    candidates = first_reason(reasons) == KEPT
    reasons["duplicate"], reasons["conflict"] = copies(candidates, rows["pixels"], rows["target"])
    rows["left"] = first_reason(reasons)
    return rows


def _views(
    listed: "pd.Series[str]", seen: "pd.Series[str] | None"
) -> tuple["pd.Series[str]", "pd.Series[bool]"]:
    """The view of each radiograph, and whether table or header says that it is not frontal."""
    words = {text: normalise_view(text) or "" for text in listed.unique()}
    told = listed.map(words)
    header = pd.Series("", index=listed.index) if seen is None else seen.fillna("")
    sideways = ((told != "") & ~told.isin(FRONTAL)) | ((header != "") & ~header.isin(FRONTAL))
    return told.where(told != "", header), sideways


def _nothing_left(left: "pd.Series[str]", rules: CohortRules, target: Target) -> str:
    words = _words(rules, target, hashed=True)
    counts = left.value_counts()
    most = f"{counts.iloc[0]:,} of {len(left):,} left at “{words[counts.index[0]]}”"
    advice = ""
    if counts.index[0] == "no_exam":
        advice = (
            " If exams should match, compare how both tables write patient ids and dates, or widen "
            "the window."
        )
    return f"Expected at least one radiograph to stay, found none: {most}.{advice}"


def _split(kept: pd.DataFrame, rules: CohortRules, target: Target) -> "pd.Series[str]":
    binary = target.kind == "binary"
    if rules.split == "new":
        strata = kept["rank"] if binary else kept["target"]
        positive = kept["target"].eq(1) if binary else pd.Series(False, index=kept.index)
        return split_patients(kept["pseudonym"], strata, positive, rules.ratios, rules.seed)
    missing = int((kept["split"] == "").sum())
    if missing:
        raise CohortError(
            f"split: expected train, validation or test for every radiograph; found none for "
            f"{missing:,} of {len(kept):,}. Complete the column, or take --split new."
        )
    proof = prove(kept["split"], kept["pseudonym"], None)
    if proof.patients_in_two_splits:
        raise CohortError(
            f"split: expected each patient in one split; found {proof.patients_in_two_splits:,} "
            "patients in two (ids that share an image count as one). Take --split new."
        )
    return kept["split"]


def _table(kept: pd.DataFrame, source: Source) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "image": [f"r{at + 1:06d}" for at in range(len(kept))],
            "path": kept["path"].to_numpy(),
            "patient": kept["pseudonym"].to_numpy(),
            "split": kept["split"].to_numpy(),
            "target": kept["target"].to_numpy(float),
            "grade": kept["grade"].to_numpy(),
            "sex": kept["sex"].to_numpy(),
            "age": kept["age"].to_numpy(float),
            "view": kept["view"].to_numpy(),
            "days": kept["days"].to_numpy(float),
        }
    )
    if source.truth is not None:
        truth = source.truth.reindex(table["path"])
        for name in truth.columns:
            if name.startswith("aux_"):
                table[name] = truth[name].to_numpy(float)
    return table


def _card(
    source: Source,
    rules: CohortRules,
    target: Target,
    rows: pd.DataFrame,
    kept: pd.DataFrame,
    table: pd.DataFrame,
    *,
    hashed: bool,
) -> CohortCard:
    splits = summarise(table, target)
    joined = joined_ids(rows["patient"], rows["person"])
    counts = [splits[name].images for name in SPLITS]
    steps = [step for step in STEPS if not (source.linked and step == "no_exam")]
    proof = prove(kept["split"], kept["pseudonym"], kept["pixels"] if hashed else None, joined)
    return CohortCard(
        finding=target.key,
        kind=target.kind,
        label_rule=target.rule,
        window_days=None if source.linked else rules.window_days,
        pairing=None if source.linked else rules.pairing,
        seed=rules.seed,
        source=source.name,
        note=source.note,
        root=str(source.root.resolve()),
        simulated=source.simulated,
        flow=count_flow(
            rows["left"],
            rows["person"],
            _words(rules, target, hashed=hashed),
            {"unreadable": rows["unread"]},
            steps,
        ),
        splits=splits,
        proof=proof,
        adequacy=judge(splits, target) | {"cost": expected_cost(counts[0], counts[1], sum(counts))},
        warnings=(*_warnings(kept, target, joined), *(p.sentence() for p in source.problems)),
        rules=rules.to_json(),
    )


def _words(rules: CohortRules, target: Target, *, hashed: bool) -> dict[str, str]:
    later = "" if hashed else " (images not looked at yet)"
    value = "grade" if target.kind == "binary" else "value"
    return {
        LISTED: "Radiographs listed",
        "unusable": "No patient id or no readable date",
        "no_exam": f"No echo exam within ±{rules.window_days} days",
        "no_grade": f"No {value} of {target.name} in the exam",
        "prosthesis": "Prosthetic or repaired valve",
        "lateral": "Lateral or other view than frontal",
        "unreadable": f"Unreadable or missing image{later}",
        "duplicate": f"Copy of an image already there{later}",
        "conflict": f"Copies of an image with different labels{later}",
        KEPT: "Radiographs kept",
    }


def _warnings(kept: pd.DataFrame, target: Target, joined: int) -> list[str]:
    found = []
    if joined:
        found.append(
            f"{joined:,} patient ids share an image with another id and count as one patient each "
            "group, so that neither crosses a split."
        )
    unknown = int((kept["view"] == "").sum())
    if unknown:
        found.append(
            f"{unknown:,} radiographs kept do not say which view they show; they count as frontal."
        )
    if target.kind == "binary":
        for name in SPLITS:
            values = kept["target"][kept["split"] == name]
            if values.nunique() < 2:
                lacking = "negatives" if len(values) and values.iloc[0] == 1 else "positives"
                found.append(f"The {name} split has no {lacking}: it cannot be trained or judged.")
    return found
