"""Runs → an evaluation: what was fitted on validation and measured on both held-out splits."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_valve.evaluation.rules import Rule
from cxr_valve.findings import FINDINGS, Finding
from train.cohort.store import StoredCohort
from train.cohort_check import unchecked
from train.evaluate.atlas import Plate, atlas_json, make_atlas
from train.evaluate.binary import YOUDEN, Calibrated, calibrate, evidence_maps
from train.evaluate.continuous import CalibratedValue, calibrate_value, value_maps
from train.evaluate.details import binary_detail
from train.evaluate.kept import evaluation_folder
from train.evaluate.members import (
    HELD_OUT,
    FittedMember,
    HeldOut,
    Told,
    collect,
    run_members,
)
from train.evaluate.store import Evaluation, save
from train.evaluate.value_details import value_detail
from train.ratios import with_ratios
from train.runs.folder import RunFolder
from train.runs.root import utc_now


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
    once more when its heart is measured, and may raise to stop. The result is also written down,
    in the first run's folder.

    Raises:
        RunError: a network is not trained, the cohorts differ, or one was built again since.
        ValueError: a member ranks the wrong way round, or a split lacks a class.
    """
    cohort, members = collect(runs, without)
    steps = _Steps(told, len(members))
    held = run_members(cohort, members, engine, steps.networks)
    finding = _finding(cohort)
    fitted, plates = _fitted(finding, [member.label for member in members], held, rule)
    fitted = replace(fitted, scores=with_ratios(fitted.scores, cohort, told=steps.heart))
    evaluation = Evaluation(
        folder=evaluation_folder(runs),
        finding=finding.key,
        kind=cohort.card.kind,
        folders=tuple(runs),
        created=utc_now(),
        members=_with_grids(members, held["validation"]),
        fitted=fitted,
        details=_details(cohort, held, fitted, plates, [unchecked(run) for run in runs]),
    )
    _keep(evaluation, plates)
    return evaluation


def _keep(evaluation: Evaluation, plates: Sequence[Plate]) -> None:
    # Imported here: the report draws what this module makes.
    from train.report.page import write_report

    save(evaluation, plates)
    write_report(evaluation)


def _with_grids(members: Sequence[FittedMember], held: HeldOut) -> tuple[FittedMember, ...]:
    """The members with the shapes of the maps they gave."""
    shapes = [output.maps.shape[1:] for output in held.outputs]
    return tuple(
        replace(member, grid=(int(rows), int(columns)))
        for member, (rows, columns) in zip(members, shapes, strict=True)
    )


def _fitted(
    finding: Finding, names: Sequence[str], held: Mapping[str, HeldOut], rule: Rule
) -> tuple[Calibrated | CalibratedValue, tuple[Plate, ...]]:
    """The members calibrated, and the radiographs that show what they look at."""
    if finding.kind == "binary":
        fitted = calibrate_held(finding.key, names, held, rule)
        return fitted, _atlas(finding.key, held["test"], fitted)
    tables = {split: held[split].table for split in HELD_OUT}
    value = calibrate_value(finding, names, tables, _outputs(held))
    return value, _value_atlas(finding.key, held["test"], value)


class _Steps:
    """Counts the networks' radiographs and the hearts after them as one work."""

    def __init__(self, told: Told, members: int) -> None:
        self._told, self._members = told, members
        self._done = self._total = 0

    def networks(self, done: int, total: int) -> None:
        """``done`` of ``total`` radiographs of all members."""
        self._done, self._total = done, total + total // self._members
        self._told(self._done, self._total)

    def heart(self) -> None:
        """One more heart was measured."""
        self._done += 1
        self._told(self._done, self._total)


def _finding(cohort: StoredCohort) -> Finding:
    """The program's finding, or one that only the cohort knows (a label of a public data set)."""
    key = cohort.card.finding
    known = FINDINGS.get(key)
    if known is not None and known.kind == cohort.card.kind:
        return known
    return Finding(key, key, key, cohort.card.kind, (), cohort.card.source)


def _outputs(held: Mapping[str, HeldOut]) -> dict[str, Any]:
    return {split: held[split].outputs for split in HELD_OUT}


def calibrate_held(
    finding: str, names: Sequence[str], held: Mapping[str, HeldOut], rule: Rule = YOUDEN
) -> Calibrated:
    """``calibrate`` on members run over a cohort's held-out splits.

    Raises:
        ValueError: as ``calibrate``.
    """
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
    doubts: Sequence[str],
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
            "checksum": cohort.checksum,
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
        "warnings": [*filter(None, doubts), *card.warnings, *_warnings(splits, fitted)],
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
