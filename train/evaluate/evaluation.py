"""Runs → an evaluation: what was fitted on validation and measured on both held-out splits."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from cxr_valve import cards
from cxr_valve.evaluation.report import finite
from cxr_valve.evaluation.rules import Rule
from cxr_valve.findings import FINDINGS, Finding, Kind
from train.cohort.store import StoredCohort
from train.evaluate.atlas import Plate, atlas_json, make_atlas, save_atlas
from train.evaluate.binary import YOUDEN, Calibrated, calibrate, evidence_maps
from train.evaluate.continuous import CalibratedValue, calibrate_value, value_maps
from train.evaluate.details import binary_detail
from train.evaluate.members import (
    HELD_OUT,
    FittedMember,
    HeldOut,
    Told,
    collect,
    run_members,
)
from train.evaluate.value_details import value_detail
from train.runs.files import read_object, write_atomically
from train.runs.folder import RunError, RunFolder
from train.runs.root import utc_now

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


def evaluate_run(
    runs: Sequence[RunFolder],
    *,
    rule: Rule = YOUDEN,
    without: Sequence[str] = (),
    engine: str = "openvino",
    told: Told = lambda *_: None,
) -> Evaluation:
    """Evaluate the members of one run, or of several on one cohort as one soft vote.

    Threshold (by ``rule``) and calibration come from validation alone. ``without`` names members
    to leave out; ``told`` is called with (done, total) after each radiograph of each member and
    may raise to stop. The result is also written down, in the first run's folder.

    Raises:
        RunError: a network is not trained, or the cohorts differ.
        ValueError: a member ranks the wrong way round, or a split lacks a class.
    """
    cohort, members = collect(runs, without)
    held = run_members(cohort, members, engine, told)
    shapes = [output.maps.shape[1:] for output in held["validation"].outputs]
    members = tuple(
        replace(member, grid=(int(rows), int(columns)))
        for member, (rows, columns) in zip(members, shapes, strict=True)
    )
    names = [member.label for member in members]
    finding = _finding(cohort)
    fitted: Calibrated | CalibratedValue
    if cohort.card.kind == "binary":
        fitted = _calibrated(finding.key, names, held, rule)
        plates = _atlas(finding.key, held["test"], fitted)
    else:
        tables = {split: held[split].table for split in HELD_OUT}
        fitted = calibrate_value(finding, names, tables, _outputs(held))
        plates = _value_atlas(finding.key, held["test"], fitted)
    evaluation = Evaluation(
        folder=evaluation_folder(runs),
        finding=finding.key,
        kind=cohort.card.kind,
        runs=tuple(run.id for run in runs),
        created=utc_now(),
        members=members,
        fitted=fitted,
        details=_details(cohort, held, fitted, plates),
    )
    save(evaluation, plates)
    # Imported here: the report draws what this module makes.
    from train.report.page import write_report

    write_report(evaluation)
    return evaluation


def evaluation_folder(runs: Sequence[RunFolder]) -> Path:
    """Where an evaluation is kept: of several runs beside that of the first one alone."""
    others = "-".join(run.id.rpartition("-")[2] for run in runs[1:])
    return runs[0].evaluation if not others else runs[0].path / f"evaluation-with-{others}"


def _finding(cohort: StoredCohort) -> Finding:
    """The program's finding, or one that only the cohort knows (a label of a public data set)."""
    key = cohort.card.finding
    known = FINDINGS.get(key)
    if known is not None and known.kind == cohort.card.kind:
        return known
    return Finding(key, key, key, cohort.card.kind, (), cohort.card.source)


def _outputs(held: Mapping[str, HeldOut]) -> dict[str, Any]:
    return {split: held[split].outputs for split in HELD_OUT}


def _calibrated(
    finding: str, names: Sequence[str], held: Mapping[str, HeldOut], rule: Rule
) -> Calibrated:
    tables = {
        split: held[split].table.assign(
            **{
                finding: held[split].table["target"].astype(int),
                f"{finding}_grade": held[split].table["grade"],
            }
        )
        for split in HELD_OUT
    }
    return calibrate(finding, names, tables, _outputs(held), rule)


def _atlas(finding: str, test: HeldOut, fitted: Calibrated) -> tuple[Plate, ...]:
    maps = evidence_maps(test.outputs, fitted.members, fitted.prevalence)
    return make_atlas(finding, test.table, maps, _finest(test))


def _value_atlas(finding: str, test: HeldOut, fitted: CalibratedValue) -> tuple[Plate, ...]:
    maps = value_maps(test.outputs, fitted.members, fitted.mean)
    edges = fitted.cuts or (fitted.mean,)
    return make_atlas(finding, test.table, maps, _finest(test), edges)


def _finest(test: HeldOut) -> NDArray[np.uint8]:
    return max(test.images, key=lambda stack: stack.shape[1])


def _details(
    cohort: StoredCohort,
    held: Mapping[str, HeldOut],
    fitted: Calibrated | CalibratedValue,
    plates: Sequence[Plate],
) -> dict[str, Any]:
    splits = {}
    for split in HELD_OUT:
        rows = fitted.scores[fitted.scores["split"] == split]
        if isinstance(fitted, Calibrated):
            found = binary_detail(rows, fitted.operating_point.threshold, fitted.calibration)
        else:
            found = value_detail(rows, fitted)
        splits[split] = found | {"left_out": held[split].left_out}
    card = cohort.card
    return {
        "cohort": {
            "name": cohort.folder.name,
            "label_rule": card.label_rule,
            "source": card.source,
            "note": card.note,
            "simulated": card.simulated,
            "window_days": card.window_days,
            "flow": [step.__dict__ for step in card.flow],
            "splits": {name: split.__dict__ for name, split in card.splits.items()},
        },
        "splits": splits,
        "atlas": atlas_json(plates),
        "warnings": [*card.warnings, *_warnings(splits, fitted)],
    }


def _warnings(splits: Mapping[str, Any], fitted: Calibrated | CalibratedValue) -> list[str]:
    said = []
    for split, found in splits.items():
        if found["left_out"]:
            lost = found["left_out"]
            what = "radiograph" if lost == 1 else "radiographs"
            said.append(
                f"{lost} {what} of the {split} split could not be read and "
                f"{'is' if lost == 1 else 'are'} in no figure."
            )
        if isinstance(fitted, CalibratedValue):
            continue
        fewest = min(found["positives"], found["images"] - found["positives"])
        if fewest == 0:
            said.append(f"The {split} split has one class only: its AUC is not defined.")
        elif fewest < 50:
            said.append(
                f"The {split} split has {fewest} radiographs of its rarer class: intervals are "
                "wide, and a calibration fitted on so few is a guess."
            )
    return said


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
