"""An evaluation on disk: evaluation.json, scores.csv and atlas.npz, beside its run."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from cxr_valve import cards
from cxr_valve.evaluation.report import finite
from cxr_valve.evaluation.rules import Rule
from cxr_valve.findings import Kind
from train.evaluate.atlas import Plate, save_atlas
from train.evaluate.binary import YOUDEN, Calibrated, rule_in_words
from train.evaluate.continuous import CalibratedValue
from train.evaluate.members import FittedMember
from train.runs.files import read_object, write_atomically
from train.runs.folder import RunError, RunFolder

FILE, SCORES = "evaluation.json", "scores.csv"


@dataclass(frozen=True, eq=False)
class Evaluation:
    """An evaluation and where it is kept.

    ``folder`` lies in that of the first of ``folders``, the runs whose members vote.
    ``fitted`` holds what a card needs; ``details`` everything that is shown, as plain data: for
    each of ``splits`` its figures with intervals, curves, grades and subgroups, the ``atlas``, and
    ``warnings`` in words.
    """

    folder: Path
    finding: str
    kind: Kind
    folders: tuple[RunFolder, ...]
    created: str
    members: tuple[FittedMember, ...]
    fitted: Calibrated | CalibratedValue
    details: dict[str, Any]

    @property
    def runs(self) -> tuple[str, ...]:
        """Ids of the runs."""
        return tuple(run.id for run in self.folders)

    @property
    def rule(self) -> Rule:
        """What chose the threshold; a value has none, and none is asked for."""
        point = getattr(self.fitted, "operating_point", None)
        return YOUDEN if point is None else rule_from_words(point.rule)

    @property
    def names(self) -> tuple[str, ...]:
        """What the members are called."""
        return tuple(member.label for member in self.members)


def rule_from_words(words: str) -> Rule:
    """The rule that ``rule_in_words`` put so; ValueError where it puts none so."""
    if words == rule_in_words(YOUDEN):
        return YOUDEN
    return Rule.parse(words.removesuffix(" on validation"))


@dataclass(frozen=True)
class _Kept:
    """What evaluation.json holds of a member; its file is found through its run."""

    network: str
    input_size: int
    grid: tuple[int, int]
    name: str
    run: str
    sha256: str = ""


@dataclass(frozen=True)
class _Binary:
    members: tuple[cards.Calibration, ...]
    prevalence: float
    calibration: cards.Calibration
    operating_point: cards.OperatingPoint
    evidence: cards.EvidenceScale
    cohorts: dict[str, cards.Cohort]


@dataclass(frozen=True)
class _Continuous:
    members: tuple[cards.Calibration, ...]
    unit: str
    mean: float
    calibration: cards.Calibration
    interval: cards.ValueInterval
    cuts: tuple[float, ...]
    evidence: cards.EvidenceScale
    cohorts: dict[str, cards.Cohort]


_BINARY, _CONTINUOUS = TypeAdapter(_Binary), TypeAdapter(_Continuous)
_MEMBERS, _TEXTS = TypeAdapter(tuple[_Kept, ...]), TypeAdapter(tuple[str, ...])


def save(evaluation: Evaluation, plates: Sequence[Plate]) -> None:
    """Write scores.csv, atlas.npz and, last, evaluation.json, which says that all is there."""
    folder, fitted = evaluation.folder, evaluation.fitted
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).unlink(missing_ok=True)
    fitted.scores.to_csv(folder / SCORES, index=False, float_format="%.6f")
    save_atlas(plates, folder, fitted.evidence)
    if isinstance(fitted, Calibrated):
        kept: Any = _BINARY.dump_python(_Binary(**_without_scores(fitted)), mode="json")
    else:
        kept = _CONTINUOUS.dump_python(_Continuous(**_without_scores(fitted)), mode="json")
    members = [
        _Kept(m.network, m.input_size, m.grid, m.label, m.run, m.sha256).__dict__
        for m in evaluation.members
    ]
    found = {
        "finding": evaluation.finding,
        "kind": evaluation.kind,
        "runs": list(evaluation.runs),
        "places": _relative(evaluation.folders),
        "created": evaluation.created,
        "members": members,
        "fitted": kept,
        **evaluation.details,
    }
    text = json.dumps(finite(found), indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(folder / FILE, text + "\n", durable=True)


def load(folder: Path) -> Evaluation:
    """The evaluation kept in ``folder``, which lies in the folder of its first run.

    Raises:
        RunError: there is none, or its files are damaged.
    """
    found = read_object(folder / FILE)
    if found is None:
        raise RunError(
            f"{folder.parent.name}: Expected an evaluation, found none. Evaluate the run first."
        )
    try:
        scores = pd.read_csv(folder / SCORES, keep_default_na=False, na_values={"age": [""]})
        kept = _MEMBERS.validate_python(found.pop("members"))
        runs = _runs(folder.parent, found.pop("runs"), found.pop("places", None))
        fitted = _fitted(found.pop("kind"), found.pop("fitted"), scores)
        return Evaluation(
            folder=folder,
            finding=str(found.pop("finding")),
            kind="binary" if isinstance(fitted, Calibrated) else "continuous",
            folders=tuple(runs.values()),
            created=str(found.pop("created")),
            members=tuple(_member(item, runs[item.run]) for item in kept),
            fitted=fitted,
            details=found,
        )
    except (KeyError, OSError, ValueError, ValidationError) as error:
        raise RunError(
            f"{folder.parent.name}: Expected a whole evaluation, found a damaged one "
            f"({type(error).__name__}). Evaluate the run again."
        ) from error


def _without_scores(fitted: Calibrated | CalibratedValue) -> dict[str, Any]:
    return {f.name: getattr(fitted, f.name) for f in fields(fitted) if f.name != "scores"}


def _fitted(kind: str, kept: Any, scores: pd.DataFrame) -> Calibrated | CalibratedValue:
    if kind == "binary":
        return Calibrated(scores=scores, **_BINARY.validate_python(kept).__dict__)
    return CalibratedValue(scores=scores, **_CONTINUOUS.validate_python(kept).__dict__)


def _relative(runs: Sequence[RunFolder]) -> list[str]:
    """Where the runs lie as seen from the first, so that all may be moved together."""
    first = runs[0].path.resolve()
    return [Path(os.path.relpath(run.path.resolve(), first)).as_posix() for run in runs]


def _runs(first: Path, ids: Any, places: Any) -> dict[str, RunFolder]:
    """The runs by the ids they were evaluated under; the folder of the first may be called
    otherwise by now. Earlier releases kept no places: all runs lay in one folder."""
    names = _TEXTS.validate_python(ids)
    others = [f"../{name}" for name in names[1:]]
    if places is not None:
        others = list(_TEXTS.validate_python(places)[1:])
    found = [RunFolder(first), *(RunFolder((first / place).resolve()) for place in others)]
    return dict(zip(names, found, strict=True))


def _member(kept: _Kept, run: RunFolder) -> FittedMember:
    return FittedMember(
        kept.network,
        run.network_file(kept.network),
        kept.input_size,
        kept.grid,
        kept.name,
        run.id,
        kept.sha256,
    )
