"""The ranges a set's networks were measured to work in, kept beside its weights."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from cxr_valve.engines.engine import Ranges

RANGES_FILE = "ranges.safetensors"
#: Between the member's label and the convolution's name.
_BETWEEN = "/"


def write_ranges(members: Mapping[str, Ranges], file: Path) -> None:
    """Write each member's ranges, by its label, as safetensors: for each convolution a float32
    pair."""
    save_file(
        {
            f"{label}{_BETWEEN}{name}": np.array(ends, np.float32)
            for label, ranges in members.items()
            for name, ends in ranges.items()
        },
        file,
    )


def read_ranges(file: Path, label: str) -> Ranges:
    """The ranges of the member called ``label``; empty where the file has none of it."""
    start = label + _BETWEEN
    return {
        name.removeprefix(start): (float(ends[0]), float(ends[1]))
        for name, ends in load_file(file).items()
        if name.startswith(start)
    }
