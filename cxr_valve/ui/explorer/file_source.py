"""A user's table of scores as a source, kept in the session under its SHA-256."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields

import pandas as pd

from cxr_valve.evaluation.calibration import Platt
from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.columns import Columns, guess_columns
from cxr_valve.evaluation.score_file import to_cohort
from cxr_valve.evaluation.table_file import ScoreFileError, read_table
from cxr_valve.ui.explorer.source import Calibrated, Source, SourceError, describe, parts_of

PARTS = tuple(field.name for field in fields(Columns))
#: Stands for a part that the user left open on purpose, so that it is not guessed again.
NONE = "-"


@dataclass(frozen=True)
class StoredFile:
    """A file somebody dropped: its name stays in this session, its digest travels in links."""

    name: str
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the content, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class FileChoice:
    """What of a file is used: its columns, one of its splits, and what its scores mean.

    ``left_out`` are parts that no column is to play, though one may have such a name.
    """

    digest: str
    columns: Columns = field(default_factory=Columns)
    split: str = ""
    calibrated: bool = False
    finding: str = ""
    left_out: tuple[str, ...] = field(default=(), compare=False)

    @property
    def descriptor(self) -> str:
        """How the address names it."""
        columns = [getattr(self.columns, part) or NONE for part in PARTS]
        return describe(
            "file", self.digest, self.finding, "1" if self.calibrated else "", self.split, *columns
        )

    @classmethod
    def of(cls, descriptor: str) -> FileChoice:
        """The choice a descriptor names."""
        _, digest, finding, calibrated, split, *columns = parts_of(descriptor, 5 + len(PARTS))
        named = {p: c for p, c in zip(PARTS, columns, strict=False) if c not in ("", NONE)}
        left_out = tuple(p for p, c in zip(PARTS, columns, strict=False) if c == NONE)
        # Without these two there is nothing to show, so nobody leaves them out on purpose.
        left_out = tuple(part for part in left_out if part not in ("label", "score"))
        return cls(digest, Columns(**named), split, calibrated == "1", finding, left_out)


def first_choice(stored: StoredFile, finding: str = "") -> FileChoice:
    """What a newly dropped file is taken for: columns guessed, the test split where it has one."""
    try:
        frame = read_table(stored.content, stored.name)
    except ScoreFileError:
        return FileChoice(stored.digest, finding=finding)
    splits = split_names(frame)
    split = "test" if "test" in splits else (splits[0] if len(splits) > 1 else "")
    return FileChoice(stored.digest, guess_columns(frame), split, finding=finding)


def split_names(frame: pd.DataFrame) -> list[str]:
    """The values of a column named split, where there is one with more than one."""
    values = sorted(set(frame["split"])) if "split" in frame.columns else []
    return values if len(values) > 1 else []


def file_source(descriptor: str, stored: StoredFile) -> Source:
    """The source of a stored file.

    Raises:
        SourceError: the table cannot be evaluated; the message names row and column.
    """
    choice = FileChoice.of(descriptor)
    try:
        frame = read_table(stored.content, stored.name)
        if choice.split:
            frame = frame[frame["split"] == choice.split] if "split" in frame.columns else frame[:0]
            if frame.empty:
                raise SourceError(f"Expected rows of split {choice.split!r}; found none.")
        cohort = to_cohort(frame, choice.columns, left_out=choice.left_out)
    except ScoreFileError as error:
        raise SourceError(str(error)) from error
    pi = cohort.prevalence
    return Source(
        descriptor=descriptor,
        title=f"{stored.name}" + (f", {choice.split}" if choice.split else ""),
        finding=choice.finding,
        notes=(*cohort.warnings, *cohort_notes(cohort)),
        cohort=cohort,
        prevalence=pi,
        calibrated=Calibrated(Platt(1.0, 0.0), pi) if choice.calibrated and 0 < pi < 1 else None,
        cases=f"file:{choice.digest}:{choice.split}:{choice.columns.label}",
    )


def cohort_notes(cohort: Cohort) -> tuple[str, ...]:
    """What a user should know of scored cases: missing or small classes, several of a patient."""
    return (*_class_notes(cohort.positives, len(cohort)), *patients_note(cohort))


def patients_note(cohort: Cohort) -> tuple[str, ...]:
    """That patients gave several radiographs, where they did."""
    _, patients = cohort.clusters()
    if patients == len(cohort):
        return ()
    return (
        f"{len(cohort):,} radiographs of {patients:,} patients: intervals take radiographs for "
        "independent, which makes them a little narrow; the bootstrap below resamples patients.",
    )


def _class_notes(positives: int, n: int) -> tuple[str, ...]:
    if positives == 0 or positives == n:
        missing = "positives" if positives == 0 else "negatives"
        return (
            f"All {n} cases are {'negative' if positives == 0 else 'positive'}: what needs "
            f"{missing} (AUC, curves, predictive values elsewhere) is undefined (–).",
        )
    smaller = min(positives, n - positives)
    if smaller < 10:
        return (f"Only {smaller} case(s) in the smaller class: intervals are very wide.",)
    return ()
