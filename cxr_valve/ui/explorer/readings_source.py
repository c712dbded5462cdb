"""Readings of a folder joined with labels by path, as a source."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from cxr_valve.cards import CardError
from cxr_valve.evaluation.calibration import Platt
from cxr_valve.evaluation.columns import Columns, guess_columns, named
from cxr_valve.evaluation.score_file import to_cohort
from cxr_valve.evaluation.table_file import ScoreFileError, read_table
from cxr_valve.reading.reading import DECIMALS
from cxr_valve.reading.serialise import flatten
from cxr_valve.ui.explorer.file_source import StoredFile, cohort_notes
from cxr_valve.ui.explorer.source import (
    Calibrated,
    OwnPoint,
    Source,
    SourceError,
    describe,
    parts_of,
)
from cxr_valve.ui.explorer.weights_source import card_rule, find_set

PATH_NAMES = ("path", "file", "filename", "image", "name")


@dataclass(frozen=True, eq=False)
class Joined:
    """Readings and labels by path: one row a radiograph that has both, and what was left out."""

    frame: pd.DataFrame
    unread: int
    unlabelled: int
    unmatched: int
    notes: tuple[str, ...] = ()


def readings_descriptor(readings: str, labels: str, finding: str) -> str:
    """How the address names readings (digest), labels (digest) and the finding."""
    return describe("readings", readings, labels, finding)


def readings_source(descriptor: str, readings: StoredFile, labels: StoredFile) -> Source:
    """The source of readings and labels.

    Raises:
        SourceError: a file cannot be read or nothing matches; the message says which and why.
    """
    _, first, second, finding = parts_of(descriptor, 4)
    joined = join(readings, labels, finding)
    frame = joined.frame
    try:
        cohort = to_cohort(frame, Columns(label="label", score="score"))
    except ScoreFileError as error:
        raise SourceError(f"Readings joined with labels: {error}") from error
    simulated = "simulated" in frame.columns and bool(
        (frame["simulated"].str.lower() == "true").any()
    )
    notes = [f"{len(frame)} radiographs have both a reading and a label.", *joined.notes]
    for number, what in (
        (joined.unread, "could not be read"),
        (joined.unlabelled, "were read but have no label"),
        (joined.unmatched, "have a label but no reading"),
    ):
        if number:
            notes.append(f"{number} {what} and are left out.")
    own, calibrated = _of_the_card(frame)
    if simulated:
        notes.append("The weights behind these readings were trained on simulated radiographs.")
    return Source(
        descriptor=descriptor,
        title=f"Readings: {readings.name} with {labels.name}",
        finding=finding,
        notes=(*notes, *cohort_notes(cohort)),
        simulated=simulated,
        cohort=cohort,
        prevalence=cohort.prevalence,
        own=own,
        calibrated=calibrated,
        cases=f"readings:{first}:{second}",
    )


def _of_the_card(frame: pd.DataFrame) -> tuple[OwnPoint | None, Calibrated | None]:
    """Operating point and calibration that made the readings, where their weights are here.

    Only where all rows name one set of weights whose threshold is still the one they were read
    with: a set replaced since then would say nothing of them.
    """
    names, thresholds = (
        sorted(set(frame[part])) if part in frame.columns else []
        for part in ("weights", "threshold")
    )
    if len(names) != 1 or len(thresholds) != 1:
        return None, None
    try:
        card = find_set(names[0]).binary
    except (CardError, SourceError):
        return None, None
    point = card.operating_point
    if thresholds[0] != str(round(point.threshold, DECIMALS)):
        return None, None
    platt = Platt(card.calibration.a, card.calibration.b)
    return OwnPoint(point.threshold, card_rule(card)), Calibrated(platt, card.prevalence)


def join(readings: StoredFile, labels: StoredFile, finding: str) -> Joined:
    """Readings and labels matched by path, by file name where no whole path matches.

    Raises:
        SourceError: as ``readings_source``.
    """
    read = readings_table(readings, finding)
    try:
        table = read_table(labels.content, labels.name)
    except ScoreFileError as error:
        raise SourceError(f"Labels {labels.name}: {error}") from error
    path = next((c for c in table.columns if c.lower() in PATH_NAMES), None)
    own = [c for c in table.columns if c.lower() in (finding, f"{finding}_label")]
    # By content or by part of a name, the labels of another finding would do as well.
    label = next(iter([*own, *named("label", table.columns)]), None)
    if path is None or label is None:
        raise SourceError(
            f"Labels {labels.name}: Expected a column 'path' and a column 'label' or "
            f"'{finding}_label' (0/1), found columns {', '.join(map(str, table.columns))}. Rename "
            "them."
        )
    guessed = guess_columns(table.drop(columns=[path, label]))
    kept = pd.DataFrame({"path": table[path], "label": table[label]})
    for part in ("patient", "grade", "sex", "age", "view"):
        column = getattr(guessed, part)
        if column is not None and column not in (path, label):
            kept[part] = table[column]
    joined = _matched(read, kept, labels.name)
    return replace(joined, notes=(f"Labels are those of column {label!r}.", *joined.notes))


def _matched(read: pd.DataFrame, labels: pd.DataFrame, name: str) -> Joined:
    usable = read[read["score"] != ""].copy()
    parts = _parts_in_common(usable["path"], labels["path"])
    notes: tuple[str, ...] = ()
    key = "path"
    if parts:
        key = "file"
        for table in (usable, labels):
            table.insert(0, "file", _last(table["path"], parts))
        by = "the file name alone" if parts == 1 else f"the last {parts} parts of their paths"
        notes = (f"Readings and labels were matched by {by}, since whole paths differ.",)
    for table, what in ((usable, "readings"), (labels, f"labels {name}")):
        twice = table.index[table[key].duplicated()]
        if len(twice):
            raise SourceError(
                f"Row {twice[0]}, column 'path': expected each radiograph once in the {what}, "
                f"found {table[key][twice[0]]!r} again. Remove one of them."
            )
    drop = ["path"] if key == "file" else []
    frame = labels.merge(usable.drop(columns=drop), on=key, how="inner")
    if frame.empty:
        raise SourceError(
            "Expected paths that occur in the readings and in the labels, found none in common: "
            f"readings such as {_example(usable)}, labels such as {_example(labels)}. Write the "
            "labels' paths as those of the readings, or file names alone."
        )
    frame.index = pd.RangeIndex(1, 1 + len(frame))
    return Joined(
        frame,
        notes=notes,
        unread=len(read) - len(usable),
        unlabelled=len(usable) - len(frame),
        unmatched=len(labels) - len(frame),
    )


def _parts_in_common(first: pd.Series[str], second: pd.Series[str]) -> int:
    """How many last parts of a path are compared, since folders are mounted in different places.

    0 where whole paths match, or nothing does. The file name alone only where one side has no
    folders: of two that differ in them, the same names (0001.dcm) mean different radiographs.
    """
    if set(first) & set(second):
        return 0
    fewest = min(int(paths.map(lambda path: len(_split(path))).min()) for paths in (first, second))
    for parts in range(fewest, min(fewest, 2) - 1, -1):
        if set(_last(first, parts)) & set(_last(second, parts)):
            return parts
    return 0


def _split(path: str) -> list[str]:
    return path.replace("\\", "/").split("/")


def _last(paths: pd.Series[str], parts: int) -> pd.Series[str]:
    return paths.map(lambda path: "/".join(_split(path)[-parts:]))


def readings_table(stored: StoredFile, finding: str) -> pd.DataFrame:
    """Path, score and, where given, simulated, weights and members.<network>, all text.

    Takes JSON lines, a JSON list or CSV.

    Raises:
        SourceError: it is none of these, or has no score of this finding.
    """
    text = stored.content[:1].decode("latin-1")
    if text in ("{", "["):
        frame = _json_rows(stored)
    else:
        try:
            frame = read_table(stored.content, stored.name)
        except ScoreFileError as error:
            raise SourceError(f"Readings {stored.name}: {error}") from error
    score = f"findings.{finding}.score"
    if "path" not in frame.columns or score not in frame.columns:
        raise SourceError(
            f"Readings {stored.name}: Expected columns 'path' and {score!r}, found "
            f"{', '.join(map(str, frame.columns[:12]))}. Make them with python -m cxr_valve read "
            "FOLDER --json FILE (or --csv FILE)."
        )
    prefix = f"findings.{finding}."
    members = [c for c in frame.columns if str(c).startswith(f"{prefix}members.")]
    wanted = [*(f"{prefix}{part}" for part in ("simulated", "weights", "threshold")), *members]
    kept = {str(c).removeprefix(prefix): _text(frame[c]) for c in wanted if c in frame.columns}
    return pd.DataFrame({"path": frame["path"], "score": _text(frame[score]), **kept})


def _json_rows(stored: StoredFile) -> pd.DataFrame:
    try:
        text = stored.content.decode("utf-8")
        if text.startswith("["):
            records = list(json.loads(text))
        else:
            records = [json.loads(line) for line in text.splitlines() if line.strip()]
        rows = [flatten(record) for record in records]
    except (ValueError, AttributeError) as error:
        raise SourceError(
            f"Readings {stored.name}: Expected one JSON object a line, found text that is not: "
            f"{error}. Make it with python -m cxr_valve read FOLDER --json FILE."
        ) from error
    return pd.DataFrame(rows, index=pd.RangeIndex(1, 1 + len(rows)))


def _example(frame: pd.DataFrame) -> str:
    return repr(str(frame["path"].iloc[0])) if len(frame) else "(none)"


def _text(cells: pd.Series[Any]) -> pd.Series[str]:
    """Cells as text, empty where missing."""
    return cells.astype(object).where(cells.notna(), "").astype(str)
