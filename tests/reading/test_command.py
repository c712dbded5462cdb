"""``python -m cxr_valve read``: its output, files and exit codes, to the letter."""

import json
from pathlib import Path
from typing import Any

import pytest

from cxr_valve.__main__ import main
from tests.reading.json_lines import FINDING, GATE, HEART, INPUT, RECORD, read_json


def assert_shape(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """The keys expected, in order, of the types expected."""
    assert list(found) == list(expected)
    for name, kind in expected.items():
        assert isinstance(found[name], kind), name
        assert not isinstance(found[name], bool) or kind is bool, name


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
