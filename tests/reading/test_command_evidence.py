"""What ``read --evidence`` writes: maps, overlays and the geometry that leads back."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cxr_valve.__main__ import main
from cxr_valve.imaging.geometry import Box, Geometry
from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.prepare import prepare
from tests.reading.json_lines import read_json


@pytest.fixture
def evidence(folder: Path, tmp_path: Path, capsys) -> tuple[Path, dict[str, Any]]:
    """The evidence written for two radiographs of a folder, and the first one's record."""
    root = tmp_path / "evidence"
    record = read_json(capsys, folder, "--evidence", root)[0]
    return root, record


def test_evidence_is_written_a_folder_a_radiograph(evidence) -> None:
    root, _ = evidence
    names = [
        "as_overlay.png", "as_test_efficientnet.npy", "as_test_resnet.npy", "geometry.json",
        "mr_overlay.png", "mr_test_resnet.npy",
    ]  # fmt: skip
    assert sorted(path.name for path in root.iterdir()) == ["a.png", "b"]
    for written in (root / "a.png", root / "b" / "case.dcm"):
        assert sorted(path.name for path in written.iterdir()) == names


def test_overlays_are_pictures_of_the_radiograph(evidence) -> None:
    root, _ = evidence
    for key in ("mr", "as"):
        with Image.open(root / "a.png" / f"{key}_overlay.png") as picture:
            picture.load()
            assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (260, 300))
            assert picture.info == {}


def test_the_mean_of_evidence_is_the_log_likelihood_ratio(evidence) -> None:
    root, record = evidence
    for key in ("mr", "as"):
        found = record["findings"][key]
        prior = math.log(found["prevalence"] / (1 - found["prevalence"]))
        for network, probability in found["members"].items():
            grid = np.load(root / "a.png" / f"{key}_{network}.npy")
            assert (grid.dtype, grid.shape) == (np.float32, (3, 3))
            expected = math.log(probability / (1 - probability)) - prior
            assert float(grid.mean(dtype=np.float64)) == pytest.approx(expected, abs=1e-4)
    # A set of one member whose score is its probability: the finding's own likelihood ratio.
    grid = np.load(root / "a.png" / "mr_test_resnet.npy")
    ratio = record["findings"]["mr"]["likelihood_ratio"]
    assert float(grid.mean(dtype=np.float64)) == pytest.approx(math.log(ratio), abs=1e-4)


def test_the_geometry_written_maps_evidence_back_to_the_radiograph(evidence, png: bytes) -> None:
    root, _ = evidence
    described = json.loads((root / "a.png" / "geometry.json").read_text())
    expected = prepare(load_radiograph(png), 96).geometry
    for key, networks in {
        "mr": ["test_resnet"],
        "as": ["test_resnet", "test_efficientnet"],
    }.items():
        finding = described[key]
        assert finding["unit"] == "log likelihood ratio per cell"
        assert (finding["weights"], finding["simulated"]) == (f"{key}-toy", True)
        assert (finding["colour_limit"], finding["epsilon"]) == (2.0794415416798357, 0.09531)
        assert list(finding["members"]) == networks
        for network, member in finding["members"].items():
            assert member["file"] == f"{key}_{network}.npy"
            assert member["grid"] == [3, 3]
            assert 0 <= member["padding_share"] <= 1
            written = member["geometry"]
            extent = written.pop("input_extent")
            crop, placed = Box(**written.pop("crop")), Box(**written.pop("placed"))
            geometry = Geometry(**written, crop=crop, placed=placed)
            assert geometry == expected
            # The middle of the input is the middle of the extent.
            middle = (extent["top"] + extent["bottom"]) / 2, (extent["left"] + extent["right"]) / 2
            assert geometry.to_original(48, 48) == pytest.approx(middle)


def test_two_files_of_one_name_keep_their_evidence_apart(folder: Path, tmp_path: Path) -> None:
    other = folder / "b" / "a.png"
    shutil.copy(folder / "a.png", other)
    root = tmp_path / "evidence"
    main(["read", str(folder / "a.png"), str(other), "--evidence", str(root)])
    assert sorted(path.name for path in root.iterdir()) == ["a.png", "a.png-2"]
