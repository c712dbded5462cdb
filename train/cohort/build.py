"""From an export to a cohort: quickly from the tables alone, or wholly with every image seen."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from train.cohort.adapters import read_source
from train.cohort.adequacy import judge
from train.cohort.card import SPLITS, CohortCard, CohortError
from train.cohort.cost import expected_cost
from train.cohort.flow import KEPT, STEPS, count_flow
from train.cohort.identity import joined_ids, pseudonyms
from train.cohort.images import DEFAULT_CACHE, Progress, look
from train.cohort.label import label, need_target
from train.cohort.rules import CohortRules
from train.cohort.source import Source
from train.cohort.store import StoredCohort, check_folder, load_cohort, write_cohort
from train.cohort.summary import summarise
from train.cohort.targets import Target, target_of
from train.cohort.wording import explained, nothing_left, step_words, warnings
from train.split import prove, split_patients

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
    check_folder(out)
    return build_from(read_source(rules), rules, out, progress, cache=cache, processes=processes)


def build_from(
    source: Source,
    rules: CohortRules,
    out: Path,
    progress: Progress | None = None,
    *,
    cache: Path | None = DEFAULT_CACHE,
    processes: int | None = None,
) -> StoredCohort:
    """``build`` where the tables are read already."""
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
    need_target(source, target)
    rows = label(source, rules, target, index)
    if not (rows["left"] == KEPT).any():
        raise nothing_left(rows, source.problems, rules, target)
    kept = rows[rows["left"] == KEPT].copy()
    kept["pseudonym"] = pseudonyms(kept, rules.seed)
    try:
        kept["split"] = _split(rows, kept, rules, target)
    except CohortError as error:
        # Too few are left to be split where much was passed over.
        raise explained(str(error), source.problems) from None
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


def _split(
    rows: pd.DataFrame, kept: pd.DataFrame, rules: CohortRules, target: Target
) -> "pd.Series[str]":
    binary = target.kind == "binary"
    if rules.split == "new":
        known = _known_splits(rows, rules)[kept.index]
        fresh = kept[known == ""]
        strata = fresh["rank"] if binary else fresh["target"]
        positive = fresh["target"].eq(1) if binary else pd.Series(False, index=fresh.index)
        if fresh["pseudonym"].nunique() < len(SPLITS) and rules.split_of:
            # Too few to be split among themselves, and nobody else has seen them.
            return known.replace("", "train")
        drawn = split_patients(fresh["pseudonym"], strata, positive, rules.ratios, rules.seed)
        return known.mask(known == "", drawn)
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


def _known_splits(rows: pd.DataFrame, rules: CohortRules) -> "pd.Series[str]":
    """For each row the split that its person has in the cohort that ``rules`` follow, or ""."""
    nothing = pd.Series("", index=rows.index, dtype=str)
    if not rules.split_of:
        return nothing
    other = load_cohort(Path(rules.split_of)).table
    by_path = rows["path"].map(dict(zip(other["path"], other["split"], strict=True)))
    found = by_path.groupby(rows["person"]).transform("first")
    if found.isna().all():
        raise CohortError(
            f"split_of: expected a cohort of the same export; found no radiograph of it in "
            f"{Path(rules.split_of).name!r}. Name another, or leave it out."
        )
    return found.fillna("")


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
            step_words(rules, target, hashed=hashed),
            {"unreadable": rows["unread"]},
            steps,
        ),
        splits=splits,
        proof=proof,
        adequacy=judge(splits, target) | {"cost": expected_cost(counts[0], counts[1], sum(counts))},
        warnings=(*warnings(kept, target, joined), *(p.sentence() for p in source.problems)),
        rules=rules.to_json(),
    )
