"""Ranges come back as they were written, each member its own."""

from pathlib import Path

import numpy as np

from cxr_valve.models.ranges import read_ranges, write_ranges


def test_each_member_gets_its_own_ranges_back(tmp_path: Path) -> None:
    first = {"layer1.0.conv1": (-1.5, 3.25), "layer1.0.conv2": (0.0, 8.0)}
    second = {"layer1.0.conv1": (0.0, 1.0)}
    write_ranges({"resnet50": first, "resnet50-b": second}, tmp_path / "ranges.safetensors")
    assert read_ranges(tmp_path / "ranges.safetensors", "resnet50") == first
    assert read_ranges(tmp_path / "ranges.safetensors", "resnet50-b") == second
    assert read_ranges(tmp_path / "ranges.safetensors", "resnet") == {}


def test_ends_are_kept_to_float32(tmp_path: Path) -> None:
    write_ranges({"net": {"conv": (-0.1, 1 / 3)}}, tmp_path / "ranges.safetensors")
    low, high = read_ranges(tmp_path / "ranges.safetensors", "net")["conv"]
    assert (low, high) == (float(np.float32(-0.1)), float(np.float32(1 / 3)))
