"""A reading past the gate, at the gate, and read anyway: in the result and in every export."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cxr_valve.__main__ import main
from cxr_valve.anatomy.correction import corrected
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.phantom.render import simulate
from cxr_valve.reading.folder import read_files
from cxr_valve.reading.report import Report, html_report


@pytest.fixture(scope="module")
def chest() -> Radiograph:
    return simulate(6, 2, side=300).radiograph


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A picture that is no chest: bars of grey."""
    bars = np.tile((np.arange(300) // 20 * 17 % 256).astype(np.uint8), (300, 1))
    file = tmp_path / "bars.png"
    Image.fromarray(bars).save(file)
    return file


@pytest.mark.parametrize("seed", range(4))
def test_simulated_chests_are_accepted(reader, seed: int) -> None:
    for side in (96, 300, 800):
        reading = reader.read(simulate(41, seed, side=side).radiograph)
        assert reading.gate.accepted, (side, reading.gate.reason)
        assert list(reading.findings) == ["mr", "as"]


@pytest.mark.parametrize(
    ("laid", "back"),
    [
        ("rotate-90", "rotate-270"),
        ("rotate-180", "rotate-180"),
        ("rotate-270", "rotate-90"),
        ("invert", "invert"),
    ],
)
def test_an_offer_taken_leads_to_the_reading_of_the_upright_image(
    reader, chest, laid: str, back: str
) -> None:
    lying = corrected(chest, laid)
    refused = reader.read(lying)
    assert refused.refused
    assert refused.findings == {}
    assert refused.gate.offer == back
    again = reader.read(corrected(lying, back))
    assert again.gate.accepted
    expected = reader.read(chest).findings["mr"].score
    assert again.findings["mr"].score == pytest.approx(expected, abs=1e-6)


def test_a_refused_image_is_read_only_where_one_insists(reader, chest) -> None:
    other = replace(chest, modality="a CT slice")
    refused = reader.read(other)
    assert (refused.refused, refused.read_anyway, refused.findings) == (True, False, {})
    insisted = reader.read(other, read_anyway=True)
    assert (insisted.refused, insisted.read_anyway) == (False, True)
    assert not insisted.gate.accepted
    assert list(insisted.findings) == ["mr", "as"]


def test_an_accepted_image_is_not_marked_by_insisting(reader, chest) -> None:
    reading = reader.read(chest, read_anyway=True)
    assert (reading.gate.accepted, reading.read_anyway) == (True, False)


def test_a_refused_file_has_its_reason_and_keeps_its_pixels(reader, page: Path) -> None:
    [outcome] = read_files(reader, [page])
    assert outcome.status == "refused"
    assert outcome.reason == outcome.reading.gate.reason
    assert outcome.reason.startswith("Expected one upright frontal chest radiograph of a person")
    assert outcome.inputs.radiograph.rows == 300


def read_lines(capsys, *arguments: object) -> tuple[int, list[dict]]:
    code = main(["read", *map(str, arguments), "--json", "-"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_command_refuses_and_says_why(page: Path, tmp_path: Path, capsys) -> None:
    code, [record] = read_lines(capsys, page, "--evidence", tmp_path / "evidence")
    assert code == 1
    assert (record["status"], record["findings"], record["read_anyway"]) == ("refused", {}, False)
    assert record["reason"] == record["gate"]["reason"] != ""
    assert record["gate"]["accepted"] is False
    assert 0 <= record["gate"]["score"] < 0.7
    assert record["input"]["rows"] == 300
    assert not (tmp_path / "evidence").exists()


def test_reading_anyway_is_marked_in_every_export(page: Path, tmp_path: Path, capsys) -> None:
    table, evidence = tmp_path / "out.csv", tmp_path / "evidence"
    arguments = (page, "--read-anyway", "--csv", table, "--evidence", evidence)
    code, [record] = read_lines(capsys, *arguments)
    assert (code, record["status"], record["read_anyway"]) == (0, "read", True)
    assert record["gate"]["accepted"] is False
    assert list(record["findings"]) == ["mr", "as"]
    [row] = csv.DictReader(io.StringIO(table.read_text()))
    assert (row["read_anyway"], row["gate.accepted"]) == ("True", "False")
    assert row["gate.reason"] == record["gate"]["reason"]
    [geometry] = evidence.rglob("geometry.json")
    assert json.loads(geometry.read_text())["mr"]["read_anyway"] is True
    assert main(["read", str(page), "--read-anyway"]) == 0
    assert "Read anyway." in " ".join(capsys.readouterr().out.split())


def test_a_report_of_an_image_read_anyway_says_so(reader, chest) -> None:
    other = replace(chest, modality="a CT slice")
    reading = reader.read(other, read_anyway=True)
    report = Report("Image 1", reading, other, {"mr": (), "as": ()})
    said = "Read although the input gate refused it. Expected one upright frontal chest"
    assert any(notice.startswith(said) for notice in report.notices)
    assert said in html_report(report)
    plain = reader.read(chest, read_anyway=True)
    assert not any("refused" in n for n in Report("Image 1", plain, chest, {}).notices)
