"""Measure the gate on what it never saw: radiographs held back by patient, in every pose."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cxr_valve.anatomy.correction import corrected
from cxr_valve.anatomy.gatekeeper import Gatekeeper
from cxr_valve.anatomy.heart_reader import HeartReader
from cxr_valve.anatomy.judgement import Answers, exchanged, judge
from cxr_valve.cards import Figure
from cxr_valve.evaluation.intervals import clopper_pearson
from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.prepare import prepare_sizes
from cxr_valve.imaging.radiograph import Radiograph
from train.gate.sources import FOLDERS, is_held_back

#: Poses measured, and what the gate should offer for each.
POSES = ("upright", "turned-90", "turned-180", "turned-270", "inverted", "mirrored")
OFFER = {
    "turned-90": "rotate-270",
    "turned-180": "rotate-180",
    "turned-270": "rotate-90",
    "inverted": "invert",
}


@dataclass(frozen=True, eq=False)
class Shown:
    """One radiograph in one pose as the gate saw it."""

    source: str
    path: str
    pose: str
    answers: Answers
    accepted: bool
    offer: str | None
    warned: bool


def posed(radiograph: Radiograph, pose: str) -> Radiograph:
    """The radiograph as if it had been stored in that pose."""
    if pose == "mirrored":
        return replace(radiograph, pixels=np.ascontiguousarray(radiograph.pixels[:, ::-1]))
    if pose == "inverted":
        return corrected(radiograph, "invert")
    turns = {"turned-90": "rotate-90", "turned-180": "rotate-180", "turned-270": "rotate-270"}
    return corrected(radiograph, turns[pose]) if pose in turns else radiograph  # type: ignore[arg-type]


def held_back(real: Path) -> Iterator[tuple[str, str, Radiograph]]:
    """Source, path and radiograph of every frontal radiograph kept from training."""
    with (real / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        source = FOLDERS.get(row["path"].split("/")[0])
        if source and is_held_back(row["patient"]):
            yield source, row["path"], load_radiograph((real / row["path"]).read_bytes())


def show(
    gate: Gatekeeper, hearts: HeartReader, source: str, path: str, radiograph: Radiograph, pose: str
) -> Shown:
    """Let the gate judge one radiograph, as a reading does.

    The heart's side is asked only where it may matter: of chests that stand upright.
    """
    prepared = prepare_sizes(radiograph, {gate.size, hearts.size})
    sided = pose in ("upright", "mirrored")
    heart = hearts.read(radiograph, prepared[hearts.size]) if sided else None
    seen, _ = gate.look(prepared[gate.size], heart)
    reading = judge(radiograph, prepared[gate.size].image, seen, gate.card.thresholds)
    warned = exchanged(seen, gate.card.thresholds)
    return Shown(source, path, pose, seen, reading.accepted, reading.offer, warned)


def figures(shown: list[Shown]) -> dict[str, Figure]:
    """Shares with exact 95% intervals: accepted by source, each pose detected, false alarms."""
    upright = [one for one in shown if one.pose == "upright"]
    counted: dict[str, list[bool]] = {"accepted": [one.accepted for one in upright]}
    for source in sorted({one.source for one in upright}):
        counted[f"accepted, {source}"] = [one.accepted for one in upright if one.source == source]
    for pose, offer in OFFER.items():
        counted[f"{pose} detected"] = [one.offer == offer for one in shown if one.pose == pose]
    counted["mirrored warned"] = [one.warned for one in shown if one.pose == "mirrored"]
    counted["false offers"] = [one.offer is not None for one in upright]
    counted["false mirror warnings"] = [one.warned for one in upright]
    return {name: share(found) for name, found in counted.items()}


def share(found: list[bool]) -> Figure:
    """The share that is true with its exact interval."""
    exact = clopper_pearson(sum(found), len(found))
    return Figure(exact.value, exact.low, exact.high, len(found), exact.method)
