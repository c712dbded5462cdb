"""A Reading: what was found in one radiograph, from which weights and which pixels."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from cxr_valve import active, cards
from cxr_valve.cards import CardError
from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.refusal import Refusal
from cxr_valve.reading.reader import open_reader


def test_a_reading_says_what_was_read_and_with_what(reader, make_dicom) -> None:
    reading = reader.read_bytes(make_dicom())
    facts = reading.input
    assert (facts.rows, facts.columns, facts.container) == (300, 260, "DICOM")
    assert (facts.view, facts.inverted, facts.bits_stored) == ("PA", False, 12)
    assert facts.transfer_syntax == "1.2.840.10008.1.2.1"
    assert list(reading.findings) == ["mr", "as"]
    assert reading.engine == "openvino"
    assert reading.seconds > 0
    stenosis = reading.findings["as"]
    assert (stenosis.weights, stenosis.simulated) == ("as-toy", True)
    assert [member.network for member in stenosis.members] == ["test_resnet", "test_efficientnet"]
    assert stenosis.prevalence == 0.4


def test_the_operating_point_lives_on_the_score(reader, png: bytes) -> None:
    for found in reader.read_bytes(png).findings.values():
        assert found.score == pytest.approx(np.mean([m.probability for m in found.members]))
        assert found.threshold == 0.45
        assert found.positive is bool(found.score >= 0.45)


def test_evidence_carries_the_geometry_of_its_pixels(reader, png: bytes) -> None:
    for found in reader.read_bytes(png).findings.values():
        for member in found.members:
            assert member.evidence.shape == (3, 3)
            assert (member.geometry.rows, member.geometry.columns) == (300, 260)
            assert member.geometry.size == 96
            assert 0 <= member.padding_share <= 1


def test_bytes_and_pixels_give_the_same_reading(reader, png: bytes) -> None:
    first, second = reader.read_bytes(png), reader.read(load_radiograph(png))
    for key, found in first.findings.items():
        assert found.score == second.findings[key].score
        np.testing.assert_array_equal(found.consensus, second.findings[key].consensus)


def test_a_png_and_a_dicom_of_one_chest_read_alike(reader, png: bytes, make_dicom) -> None:
    first, second = reader.read_bytes(png), reader.read_bytes(make_dicom())
    for key, found in first.findings.items():
        assert found.probability == pytest.approx(second.findings[key].probability, abs=0.01)


def test_torch_reads_what_openvino_reads(reader, png: bytes) -> None:
    reference = open_reader("torch").read_bytes(png)
    reading = reader.read_bytes(png)
    assert reference.engine == "torch"
    for key, found in reading.findings.items():
        assert found.probability == pytest.approx(reference.findings[key].probability, abs=1e-4)
        np.testing.assert_allclose(found.consensus, reference.findings[key].consensus, atol=1e-3)


def test_a_reader_may_be_shared_between_threads(reader, png: bytes, make_dicom) -> None:
    files = [png, make_dicom()]
    expected = [reader.read_bytes(file).findings["as"].score for file in files]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: reader.read_bytes(files[i % 2]), range(12)))
    assert [one.findings["as"].score for one in found] == expected * 6


def test_what_is_no_radiograph_is_refused(reader) -> None:
    with pytest.raises(Refusal, match="Expected"):
        reader.read_bytes(b"%PDF-1.7")


def test_without_any_weights_nothing_is_opened(monkeypatch, tmp_path: Path) -> None:
    for module in (cards, active):
        monkeypatch.setattr(module, "shipped_root", lambda: tmp_path)
    with pytest.raises(CardError, match="Expected at least one set of weights, found none"):
        open_reader()


def test_damaged_weights_are_not_read_with(shipped: Path, monkeypatch, tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(shipped, root)
    with (root / "mr-toy" / "test_resnet.safetensors").open("ab") as stream:
        stream.write(b"!")
    for module in (cards, active):
        monkeypatch.setattr(module, "shipped_root", lambda: root)
    with pytest.raises(CardError, match=r"^mr-toy/test_resnet\.safetensors: Expected checksum"):
        open_reader()
