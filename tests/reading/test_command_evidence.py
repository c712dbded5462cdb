"""What ``read --evidence`` writes: maps, overlays and the geometry that leads back."""

import json
import math
import os
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


def test_a_file_in_the_place_of_a_folder_is_left_alone(folder: Path, tmp_path: Path) -> None:
    """As where the evidence goes beside the radiographs."""
    root = folder / "b"
    (root / "a.png").write_bytes(b"an image of somebody's")
    assert main(["read", str(folder / "a.png"), "--evidence", str(root)]) == 0
    assert (root / "a.png").read_bytes() == b"an image of somebody's"
    assert (root / "a.png-2" / "geometry.json").is_file()


def test_the_longest_names_keep_their_evidence_apart(folder: Path, tmp_path: Path) -> None:
    name = "é" * 125 + ".png"
    assert len(os.fsencode(name)) == 254
    for place in (folder, folder / "b"):
        shutil.copy(folder / "a.png", place / name)
    root = tmp_path / "evidence"
    assert (
        main(["read", *map(str, (folder / name, folder / "b" / name)), "--evidence", str(root)])
        == 0
    )
    assert sorted(path.name for path in root.iterdir()) == ["é" * 125 + ".pn-2", name]


NOT_WRITTEN = "Evidence not written: expected a folder that can be written to, found: "


@pytest.fixture
def one_blocked(folder: Path, tmp_path: Path) -> list[str]:
    """Arguments that read two radiographs, one with a file where a folder above should be."""
    root = tmp_path / "evidence"
    root.mkdir()
    (root / "b").write_bytes(b"a file")
    (folder / "broken.png").unlink()
    (folder / "large.dcm").unlink()
    return ["read", str(folder), "--evidence", str(root)]


def test_evidence_that_cannot_be_written_is_noted_and_the_rest_goes_on(
    one_blocked: list[str], tmp_path: Path, capsys, monkeypatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    assert main([*one_blocked, "--csv", str(tmp_path / "out.csv")]) == 1
    rows = capsys.readouterr().out.splitlines()
    [noted] = [row for row in rows if "case.dcm" in row]
    assert NOT_WRITTEN + "Not a directory. Choose another with --evidence." in noted
    [other] = [row for row in rows if "a.png" in row]
    assert "Evidence" not in other
    assert "2 of 2 read" in rows[-2]
    assert (tmp_path / "evidence" / "a.png" / "geometry.json").is_file()
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 3


def test_with_json_on_standard_output_it_is_said_on_the_other(
    one_blocked: list[str], capsys, monkeypatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    assert main([*one_blocked, "--json", "-"]) == 1
    shown = capsys.readouterr()
    assert [json.loads(line)["status"] for line in shown.out.splitlines()] == ["read", "read"]
    assert f"case.dcm: {NOT_WRITTEN}Not a directory." in shown.err


def test_a_link_that_leads_in_a_circle_is_an_error_and_the_rest_goes_on(
    folder: Path, tmp_path: Path, capsys
) -> None:
    circle = folder / "b" / "circle.png"
    circle.symlink_to(circle)
    root = tmp_path / "evidence"
    records = read_json(capsys, circle, folder / "a.png", "--evidence", root)
    assert [record["status"] for record in records] == ["error", "read"]
    assert (root / "a.png" / "geometry.json").is_file()
