"""An evaluation on disk: evaluation.json, scores.csv and atlas.npz, beside its run."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from cxr_valve import cards
from cxr_valve.evaluation.report import finite
from cxr_valve.findings import Kind
from train.evaluate.atlas import Plate, save_atlas
from train.evaluate.binary import Calibrated
from train.evaluate.continuous import CalibratedValue
from train.evaluate.members import FittedMember
from train.runs.files import read_object, write_atomically
from train.runs.folder import RunError, RunFolder

FILE, SCORES = "evaluation.json", "scores.csv"


@dataclass(frozen=True, eq=False)
class Evaluation:
    """An evaluation and where it is kept.

    ``fitted`` holds what a card needs; ``details`` everything that is shown, as plain data: for
    each of ``splits`` its figures with intervals, curves, grades and subgroups, the ``atlas``, and
    ``warnings`` in words.
    """

    folder: Path
    finding: str
    kind: Kind
    runs: tuple[str, ...]
    created: str
    members: tuple[FittedMember, ...]
    fitted: Calibrated | CalibratedValue
    details: dict[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """What the members are called."""
        return tuple(member.label for member in self.members)


def evaluation_folder(runs: Sequence[RunFolder]) -> Path:
    """Where an evaluation is kept: of several runs beside that of the first one alone."""
    others = "-".join(run.id.rpartition("-")[2] for run in runs[1:])
    return runs[0].evaluation if not others else runs[0].path / f"evaluation-with-{others}"


@dataclass(frozen=True)
class _Kept:
    """What evaluation.json holds of a member; its file is found through its run."""

    network: str
    input_size: int
    grid: tuple[int, int]
    name: str
    run: str


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
_MEMBERS = TypeAdapter(tuple[_Kept, ...])


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
        _Kept(m.network, m.input_size, m.grid, m.label, m.run).__dict__ for m in evaluation.members
    ]
    found = {
        "finding": evaluation.finding,
        "kind": evaluation.kind,
        "runs": list(evaluation.runs),
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
    run = folder.parent.name
    if found is None:
        raise RunError(f"{run}: Expected an evaluation, found none. Evaluate the run first.")
    try:
        scores = pd.read_csv(folder / SCORES, keep_default_na=False, na_values={"age": [""]})
        kept = _MEMBERS.validate_python(found.pop("members"))
        fitted = _fitted(found.pop("kind"), found.pop("fitted"), scores)
        return Evaluation(
            folder=folder,
            finding=str(found.pop("finding")),
            kind="binary" if isinstance(fitted, Calibrated) else "continuous",
            runs=tuple(found.pop("runs")),
            created=str(found.pop("created")),
            members=tuple(_member(item, folder.parent.parent) for item in kept),
            fitted=fitted,
            details=found,
        )
    except (KeyError, OSError, ValueError, ValidationError) as error:
        raise RunError(
            f"{run}: Expected a whole evaluation, found a damaged one ({type(error).__name__}). "
            "Evaluate the run again."
        ) from error


def _without_scores(fitted: Calibrated | CalibratedValue) -> dict[str, Any]:
    return {f.name: getattr(fitted, f.name) for f in fields(fitted) if f.name != "scores"}


def _fitted(kind: str, kept: Any, scores: pd.DataFrame) -> Calibrated | CalibratedValue:
    if kind == "binary":
        return Calibrated(scores=scores, **_BINARY.validate_python(kept).__dict__)
    return CalibratedValue(scores=scores, **_CONTINUOUS.validate_python(kept).__dict__)


def _member(kept: _Kept, root: Path) -> FittedMember:
    file = RunFolder(root / kept.run).network_file(kept.network)
    return FittedMember(kept.network, file, kept.input_size, kept.grid, kept.name, kept.run)
