"""``python -m cxr_valve read``: its output, files and exit codes, to the letter."""

import csv
import io
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

NUMBER = (int, float)
INPUT = {
    "rows": int,
    "columns": int,
    "transfer_syntax": (str, type(None)),
    "photometric_interpretation": str,
    "inverted": bool,
    "view": (str, type(None)),
    "warnings": list,
}
FINDING = {
    "score": NUMBER,
    "probability": NUMBER,
    "prevalence": NUMBER,
    "likelihood_ratio": NUMBER,
    "threshold": NUMBER,
    "positive": bool,
    "members": dict,
    "weights": str,
    "simulated": bool,
    "novelty": (dict, type(None)),
}
GATE = {
    "accepted": bool,
    "reason": str,
    "score": NUMBER,
    "offer": (str, type(None)),
    "warnings": list,
}
HEART = {
    "ctr": NUMBER,
    "low": NUMBER,
    "high": NUMBER,
    "heart_mm": (*NUMBER, type(None)),
    "thorax_mm": (*NUMBER, type(None)),
    "confidence": NUMBER,
    "notes": list,
    "weights": str,
    "corrected_ctr": (*NUMBER, type(None)),
    "corrected_heart_mm": (*NUMBER, type(None)),
    "corrected_thorax_mm": (*NUMBER, type(None)),
}
RECORD = {
    "path": str,
    "status": str,
    "reason": (str, type(None)),
    "input": (dict, type(None)),
    "gate": (dict, type(None)),
    "read_anyway": bool,
    "changes": list,
    "heart": (dict, type(None)),
    "findings": dict,
    "engine": str,
    "seconds": NUMBER,
}


def assert_shape(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """The keys expected, in order, of the types expected."""
    assert list(found) == list(expected)
    for name, kind in expected.items():
        assert isinstance(found[name], kind), name
        assert not isinstance(found[name], bool) or kind is bool, name


def read_json(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[dict[str, Any]]:
    main(["read", *map(str, arguments), "--json", "-"])
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_one_json_object_a_line_as_specified(folder: Path, capsys) -> None:
    records = read_json(capsys, folder)
    assert [Path(record["path"]).name for record in records] == [
        "a.png", "broken.png", "large.dcm", "case.dcm",
    ]  # fmt: skip
    for record in records:
        assert_shape(record, RECORD)
    read = [record for record in records if record["status"] == "read"]
    assert len(read) == 2
    for record in read:
        assert record["reason"] is None
        assert_shape(record["input"], INPUT)
        assert_shape(record["gate"], GATE)
        assert (record["gate"]["accepted"], record["read_anyway"]) == (True, False)
        assert_shape(record["heart"], HEART)
        assert 0.3 < record["heart"]["low"] < record["heart"]["ctr"] < record["heart"]["high"] < 0.8
        assert list(record["findings"]) == ["mr", "as"]
        for found in record["findings"].values():
            assert_shape(found, FINDING)
            assert all(0 < value < 1 for value in found["members"].values())
            assert found["positive"] == (found["score"] >= found["threshold"])
        assert list(record["findings"]["as"]["members"]) == ["test_resnet", "test_efficientnet"]
    for record in records:
        if record["status"] != "read":
            assert record["status"] == "refused"
            assert record["reason"].startswith("Expected ")
            assert (record["input"], record["heart"], record["findings"]) == (None, None, {})


def test_a_dicom_says_how_it_was_decoded(folder: Path, capsys) -> None:
    [record] = read_json(capsys, folder / "b" / "case.dcm")
    assert record["input"] == {
        "rows": 300,
        "columns": 260,
        "transfer_syntax": "1.2.840.10008.1.2.1",
        "photometric_interpretation": "MONOCHROME2",
        "inverted": False,
        "view": "PA",
        "warnings": [],
    }


def test_standard_output_holds_json_alone_and_a_file_holds_the_same(
    folder: Path, tmp_path: Path, capsys
) -> None:
    on_output = read_json(capsys, folder / "a.png")
    file = tmp_path / "out.jsonl"
    main(["read", str(folder / "a.png"), "--json", str(file)])
    in_file = [json.loads(line) for line in file.read_text().splitlines()]
    for record in (*on_output, *in_file):
        del record["seconds"]
    assert on_output == in_file


def test_people_get_a_table_with_the_notice(folder: Path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["read", str(folder)]) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "2 of 4 read with openvino." in shown
    assert "MR probability AS probability" in shown
    assert "never a diagnosis" in shown
    assert "evidence about no patient" in shown
    assert "cut short" in shown


@pytest.mark.parametrize(
    ("names", "code"),
    [(["a.png"], 0), (["a.png", "b"], 0), (["a.png", "broken.png"], 1), (["missing"], 1)],
)
def test_the_exit_code_says_whether_all_were_read(
    folder: Path, names: list[str], code: int
) -> None:
    assert main(["read", *(str(folder / name) for name in names)]) == code


@pytest.mark.parametrize("arguments", [[], ["read"], ["read", "x", "--engine", "abacus"], ["reed"]])
def test_wrong_usage_exits_with_2(arguments: list[str], capsys) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        main(arguments)
    assert "usage: python -m cxr_valve" in capsys.readouterr().err


def test_a_folder_without_files_exits_with_2(tmp_path: Path, capsys) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["read", str(tmp_path / "empty")]) == 2
    assert "Expected at least one file, found none" in capsys.readouterr().err


def test_weights_that_cannot_be_used_exit_with_2_and_say_why(
    folder: Path, shipped: Path, tmp_path: Path, capsys, monkeypatch
) -> None:
    from cxr_valve import active, cards

    root = tmp_path / "copy"
    shutil.copytree(shipped, root)
    (root / "mr-toy" / "test_resnet.safetensors").write_bytes(b"")
    for module in (cards, active):
        monkeypatch.setattr(module, "shipped_root", lambda: root)
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["read", str(folder)]) == 2
    assert "Cannot read: mr-toy/test_resnet.safetensors: Expected checksum" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("option", ["--json", "--csv"])
def test_a_place_one_cannot_write_to_exits_with_2(folder, tmp_path, option: str, capsys) -> None:
    target = tmp_path / "nowhere" / "out"
    assert main(["read", str(folder / "a.png"), option, str(target)]) == 2
    assert "Cannot write: [Errno 2] No such file or directory" in capsys.readouterr().err


def test_the_table_has_a_column_for_every_number(folder: Path, tmp_path: Path, capsys) -> None:
    file = tmp_path / "out.csv"
    [*records] = read_json(capsys, folder, "--csv", file)
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    inputs = [f"input.{name}" for name in INPUT]
    numbers = [name for name in FINDING if name not in ("members", "novelty")]
    numbers += ["novelty.percentile", "novelty.words"]
    assert list(rows[0]) == [
        *("path", "status", "reason", "engine", "seconds"),
        *inputs,
        *(f"gate.{name}" for name in GATE),
        *("read_anyway", "changes"),
        *(f"heart.{name}" for name in HEART),
        *(f"findings.mr.{name}" for name in numbers),
        "findings.mr.members.test_resnet",
        *(f"findings.as.{name}" for name in numbers),
        *("findings.as.members.test_resnet", "findings.as.members.test_efficientnet"),
    ]
    assert [row["status"] for row in rows] == ["read", "refused", "refused", "read"]
    assert float(rows[0]["findings.as.score"]) == records[0]["findings"]["as"]["score"]
    assert rows[0]["reason"] == ""
    assert rows[1]["reason"] == records[1]["reason"]
    assert rows[1]["findings.as.score"] == ""


def test_a_first_file_that_is_not_read_takes_no_column_away(folder, tmp_path, capsys) -> None:
    file = tmp_path / "out.csv"
    main(["read", str(folder / "broken.png"), str(folder / "a.png"), "--csv", str(file)])
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert rows[1]["findings.mr.score"] != ""


def test_file_names_that_a_spreadsheet_would_run_are_disarmed(
    folder: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("=HYPERLINK(1).png", "+1.png", "@sum.png"):
        shutil.copy(folder / "a.png", name)
    records = read_json(capsys, "=HYPERLINK(1).png", "+1.png", "@sum.png", "--csv", "out.csv")
    with Path("out.csv").open(newline="") as stream:
        found = [row["path"] for row in csv.DictReader(stream)]
    assert found == ["'=HYPERLINK(1).png", "'+1.png", "'@sum.png"]
    assert records[0]["path"] == "=HYPERLINK(1).png"


@pytest.mark.parametrize("name", [b"[bold]a.png", b"[/red].png", b"caf\xe9.png", b"a\nb.png"])
def test_no_file_name_ends_the_batch(folder: Path, name: bytes, capsys, monkeypatch) -> None:
    # Wide enough that no name is folded.
    monkeypatch.setenv("COLUMNS", "250")
    odd = Path(os.fsdecode(os.path.join(os.fsencode(folder / "b"), name)))  # noqa: PTH118
    odd.parent.mkdir(exist_ok=True)
    shutil.copy(folder / "a.png", odd)
    arguments = ["read", str(folder / "b"), "--csv", str(folder / "out.csv")]
    assert main([*arguments, "--evidence", str(folder / "evidence")]) == 0
    shown = capsys.readouterr().out
    if name.startswith(b"["):
        assert name.decode() in shown
    with (folder / "out.csv").open(newline="", encoding="utf-8") as stream:
        assert len(list(csv.DictReader(stream))) == 2
    [*lines] = (json.loads(line) for line in _json_of(folder / "b", capsys))
    assert str(odd) in [line["path"] for line in lines]


def _json_of(path: Path, capsys) -> list[str]:
    main(["read", str(path), "--json", "-"])
    return capsys.readouterr().out.splitlines()


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


PLANTED = {
    "PatientName": "Zyxwv^Quentin",
    "PatientID": "PID-778899",
    "PatientBirthDate": "19320417",
    "StudyDate": "20170203",
    "AccessionNumber": "ACC4455",
    "InstitutionName": "Saint Elsewhere",
    "ReferringPhysicianName": "Doctorow^E",
    "SeriesDescription": "Zyxwv chest",
    "ImageComments": "PID-778899 seen",
    "StationName": "ROOM-42",
    "ViewPosition": "ZYXWV",
}
WORDS = (
    *(b"zyxwv", b"quentin", b"778899", b"19320417", b"20170203", b"acc4455"),
    *(b"elsewhere", b"doctorow", b"room-42"),
)


def test_no_identifier_of_a_dicom_reaches_any_output(tmp_path: Path, make_dicom, capfd) -> None:
    source = tmp_path / "in" / "1.dcm"
    source.parent.mkdir()
    source.write_bytes(make_dicom(**PLANTED))
    assert all(word in source.read_bytes().lower() for word in WORDS)
    (tmp_path / "in" / "2.dcm").write_bytes(source.read_bytes()[:-5000])
    out = tmp_path / "out"
    out.mkdir()
    arguments = ["read", str(source.parent), "--csv", str(out / "o.csv")]
    main([*arguments, "--json", str(out / "o.jsonl"), "--evidence", str(out / "evidence")])
    shown = "".join(capfd.readouterr()).encode()
    written = [path.read_bytes() for path in out.rglob("*") if path.is_file()]
    assert len(written) == 8
    for content in (shown, *written):
        assert [word for word in WORDS if word in content.lower()] == []


def test_the_torch_engine_is_named_where_it_was_used(folder: Path, capsys) -> None:
    [record] = read_json(capsys, folder / "a.png", "--engine", "torch")
    assert record["engine"] == "torch"


def test_the_version_is_told(capsys) -> None:
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["--version"])
    assert capsys.readouterr().out.strip() == "0.1.0"


def test_a_pipe_that_closes_early_is_no_traceback(folder: Path, monkeypatch, capsys) -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("sys.stdout", Closed())
    assert main(["read", str(folder / "a.png"), "--json", "-"]) == 2
