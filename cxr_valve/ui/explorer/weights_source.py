"""The held-out scores of a set of weights as a source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from cxr_valve.active import active_sets
from cxr_valve.anatomy.heart import USUAL_LIMIT
from cxr_valve.cards import AnyCard, Card, CardError, WeightSet, find_sets
from cxr_valve.evaluation.calibration import Platt
from cxr_valve.evaluation.checks import BoolArray
from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.columns import Columns
from cxr_valve.evaluation.score_file import to_cohort
from cxr_valve.evaluation.table_file import ScoreFileError, read_table
from cxr_valve.findings import FINDINGS
from cxr_valve.ui.explorer.file_source import patients_note
from cxr_valve.ui.explorer.source import (
    Calibrated,
    OwnPoint,
    Source,
    SourceError,
    describe,
    parts_of as parts,
)

SPLITS = ("test", "validation")
#: The heart size of each case, where somebody measured it: what a network has to beat.
RATIO = "ctr"
RATIO_NAME = "Cardiothoracic ratio"
#: Columns of scores.csv that describe the case; every other one is a member's probability.
FIXED = ("split", "image", "patient", "label", "grade", "sex", "age", "view", "score", RATIO)
SIMULATED = (
    "Simulated: these weights were trained and tested on simulated radiographs. They demonstrate "
    "the system and are evidence about nobody."
)


def weights_descriptor(card: AnyCard, split: str = "test", column: str = "score") -> str:
    """How the address names held-out scores, with the start of their checksum."""
    return describe("weights", card.name, split, column, card.scores_sha256[:8])


def active_descriptors() -> tuple[list[str], str]:
    """Descriptors of the active binary sets' test scores, and what is wrong with them, or ""."""
    try:
        sets = active_sets()
    except CardError as error:
        return [], str(error)
    ordered = [sets[key] for key in FINDINGS if key in sets]
    return [weights_descriptor(s.card) for s in ordered if s.card.kind == "binary"], ""


def find_set(name: str) -> WeightSet:
    """The set of weights with this name.

    Raises:
        SourceError: it is not installed, or its card cannot be used.
    """
    sets, problems = find_sets()
    for found in sets:
        if found.card.name == name:
            return found
    reasons = [str(problem) for problem in problems if str(problem).startswith(name)]
    raise SourceError(
        reasons[0]
        if reasons
        else f"Expected weights named {name!r}, found no such set. A shared link shows their "
        "scores only where they are installed; choose another source."
    )


def score_columns(found: WeightSet) -> Sequence[str]:
    """The soft vote, for an ensemble its members one by one, and the heart size where it is."""
    header = pd.read_csv(_file(found), nrows=0).columns
    members = [str(name) for name in header if name not in FIXED]
    rival = [RATIO] if RATIO in header else []
    return ["score", *(members if len(members) > 1 else []), *rival]


def column_name(column: str) -> str:
    """How lists and titles name a column of scores; "" for the score itself."""
    return {"score": "", "": "", RATIO: "heart size (CTR)"}.get(column, column)


def weights_source(descriptor: str) -> Source:
    """The source named ``weights:<set>:<split>:<column>:<start of the checksum>``.

    Raises:
        SourceError: the set, its split or its column is not there, or its scores differ from
            those a link was made with.
    """
    _, name, split, column, digest = parts(descriptor, 5)
    found = find_set(name)
    card = _binary(found)
    if digest and not card.scores_sha256.startswith(digest):
        raise SourceError(
            f"Expected the scores of {name} with checksum {digest}…, found "
            f"{card.scores_sha256[:8]}…: the link was made with another version of these weights."
        )
    cohort, filled = _cases(found, split, column)
    named = column_name(column)
    source = Source(
        descriptor=descriptor,
        title=f"{FINDINGS[card.finding].short}, {split}: {name}" + (f", {named}" if named else ""),
        finding=card.finding,
        notes=(*((SIMULATED,) if card.simulated else ()), *patients_note(cohort)),
        simulated=card.simulated,
        cohort=cohort,
        prevalence=cohort.prevalence,
        calibrated=Calibrated(Platt(1.0, 0.0), card.prevalence),
        cases=f"weights:{name}:{split}:{card.scores_sha256}",
    )
    if column == RATIO:
        return _as_ratio(source, filled)
    if named:
        return source
    return replace(
        source,
        own=OwnPoint(card.operating_point.threshold, card_rule(card)),
        calibrated=Calibrated(Platt(card.calibration.a, card.calibration.b), card.prevalence),
    )


def _cases(found: WeightSet, split: str, column: str) -> tuple[Cohort, BoolArray]:
    """The scored cases of a split, and which of its rows they are."""
    try:
        frame = read_table(_file(found))
        rows = frame[frame["split"] == split]
        if rows.empty:
            held = ", ".join(sorted(set(frame["split"])))
            raise SourceError(f"Expected a split out of {held}; found {split!r}.")
        filled = _filled(rows, column)
        named = Columns(label="label", score=column or "score")
        return to_cohort(rows[filled], named), filled
    except (ScoreFileError, KeyError) as error:
        raise SourceError(f"The scores of {found.card.name} cannot be used: {error}") from error


def _filled(rows: pd.DataFrame, column: str) -> BoolArray:
    """Which rows have a score. Only a ratio may be missing: a heart is not always found."""
    if column != RATIO:
        return np.ones(len(rows), bool)
    return np.asarray(rows[column].str.strip() != "", bool)


def _as_ratio(source: Source, filled: BoolArray) -> Source:
    """The heart size as a score: on its own scale, with the limit that everybody knows."""
    missing = int((~filled).sum())
    notes = [
        "The heart size alone, as any reader can measure it: what the networks have to beat. It is "
        "no probability: nothing is calibrated, and the net benefit keeps a harm ratio of its own."
    ]
    if missing:
        notes.append(f"Without the {missing:,} images in which no heart was found.")
    return replace(
        source,
        notes=(*source.notes, *notes),
        calibrated=None,
        own=OwnPoint(USUAL_LIMIT, "the usual upper limit on a PA view"),
        rows=np.flatnonzero(filled),
        scale=RATIO_NAME,
    )


def _binary(found: WeightSet) -> Card:
    try:
        return found.binary
    except CardError as error:
        raise SourceError(str(error)) from error


def _file(found: WeightSet) -> Path:
    try:
        return found.scores_file()
    except CardError as error:
        raise SourceError(str(error)) from error


def card_rule(card: Card) -> str:
    """Who chose the operating point of a card, and how."""
    return f"the card’s own: {card.operating_point.rule}"
