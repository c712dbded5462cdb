"""Evidence written to files: an overlay per finding, an array per member, and their geometry."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cxr_valve.reading.folder import Outcome
from cxr_valve.reading.overlay import overlay
from cxr_valve.reading.reading import FindingReading, ValueReading, finest

#: Bytes that file systems allow a name.
LONGEST_NAME = 255


class EvidenceWriter:
    """Writes below ``root``, one folder a radiograph, named after its path below what was given."""

    def __init__(self, root: Path, given: Sequence[Path]) -> None:
        self._root, self._given = root, [_resolved(path) for path in given]
        self._used: set[Path] = set()

    def write(self, outcome: Outcome) -> None:
        """Write one outcome's evidence; nothing where the file was not read.

        Raises:
            OSError: a folder or a file cannot be written.
        """
        if outcome.status != "read" or outcome.reading is None or outcome.inputs is None:
            return
        folder = self._folder(_resolved(outcome.path))
        folder.mkdir(parents=True, exist_ok=True)
        described: dict[str, object] = {}
        for key, found in outcome.reading.everything.items():
            drawn = overlay(
                outcome.inputs.radiograph,
                found.consensus,
                finest(found).geometry,
                limit=found.scale.limit,
                epsilon=found.scale.epsilon,
            )
            drawn.save(folder / f"{key}_overlay.png")
            for member in found.members:
                np.save(folder / f"{key}_{member.network}.npy", member.evidence)
            described[key] = _described(key, found) | {"read_anyway": outcome.reading.read_anyway}
        (folder / "geometry.json").write_text(json.dumps(described, indent=1) + "\n")

    def _folder(self, path: Path) -> Path:
        """A folder nobody else has: two inputs may bear the same name, and so may a file there."""
        below = Path(path.name)
        for given in self._given:
            if path != given and path.is_relative_to(given):
                below = path.relative_to(given)
                break
        candidate, number = self._root / below, 2
        while candidate in self._used or (os.path.lexists(candidate) and not candidate.is_dir()):
            candidate = self._root / below.with_name(_numbered(below.name, number))
            number += 1
        self._used.add(candidate)
        return candidate


def _described(key: str, found: FindingReading | ValueReading) -> dict[str, object]:
    """What the arrays of a finding mean, and where they lie on the radiograph."""
    return {
        "unit": unit(found),
        "colour_limit": found.scale.limit,
        "epsilon": found.scale.epsilon,
        "weights": found.weights,
        "simulated": found.simulated,
        "members": {
            member.network: {
                "file": f"{key}_{member.network}.npy",
                "grid": list(member.evidence.shape),
                "padding_share": round(member.padding_share, 4),
                "geometry": member.geometry.as_dict(),
            }
            for member in found.members
        },
    }


def _resolved(path: Path) -> Path:
    # ``Path.resolve`` fails on links that lead in a circle.
    return Path(os.path.realpath(path))


def _numbered(name: str, number: int) -> str:
    """The name with a number, cut where it would be longer than a name may be."""
    ending = f"-{number}"
    while len(os.fsencode(name + ending)) > LONGEST_NAME:
        name = name[:-1]
    return name + ending


def unit(found: FindingReading | ValueReading) -> str:
    """What a cell of the evidence counts."""
    if isinstance(found, ValueReading):
        return f"{found.unit} per cell, from a mean of {found.mean:.1f}"
    return "log likelihood ratio per cell"
