"""Two small sets of weights as the shipped ones, and radiographs to read with them."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, generate_uid

from cxr_valve import active, cards
from cxr_valve.engines.engine import CACHE_VARIABLE
from cxr_valve.phantom.render import simulate
from cxr_valve.reading.reader import Reader, open_reader

MADE: dict[str, Any] = {}


@pytest.fixture
def weights_root(toy_set, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MR of one network, whose score is left as it is, and AS of two."""
    if "root" not in MADE:
        root = tmp_path_factory.mktemp("shipped")
        found = toy_set(root, "mr", networks=("test_resnet",))
        plain = replace(found.card, calibration=cards.Calibration(1.0, 0.0))
        cards.write_card(plain, found.folder)
        toy_set(root, "as", networks=("test_resnet", "test_efficientnet"))
        MADE["root"] = root
    return Path(MADE["root"])


@pytest.fixture(autouse=True)
def shipped(
    weights_root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The toy sets stand in for the shipped ones, with a cache of engines of their own."""
    for module in (cards, active):
        monkeypatch.setattr(module, "shipped_root", lambda: weights_root)
    if "cache" not in MADE:
        MADE["cache"] = tmp_path_factory.mktemp("engines")
    monkeypatch.setenv(CACHE_VARIABLE, str(MADE["cache"]))
    return weights_root


@pytest.fixture
def reader(shipped: Path) -> Reader:
    if "reader" not in MADE:
        MADE["reader"] = open_reader()
    return MADE["reader"]


def as_png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray((pixels // 16).astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def as_dicom(pixels: np.ndarray, **attributes: Any) -> bytes:
    """A 12-bit DR image, explicit little endian; ``attributes`` are set last."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = UID("1.2.840.10008.5.1.4.1.1.1"), generate_uid()
    ds.Modality, ds.ViewPosition = "CR", "PA"
    ds.Rows, ds.Columns = pixels.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.WindowCenter, ds.WindowWidth = 2048, 4096
    ds.PixelData = pixels.astype("<u2").tobytes()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.1")
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, ds, enforce_file_format=True)
    return stream.getvalue()


@pytest.fixture(scope="session")
def pixels() -> np.ndarray:
    """A simulated chest, 300 × 260, 12 bits."""
    return simulate(6, 0, side=300).radiograph.pixels[:, 20:280]


@pytest.fixture(scope="session")
def png(pixels: np.ndarray) -> bytes:
    return as_png(pixels)


@pytest.fixture(scope="session")
def make_dicom(pixels: np.ndarray) -> Callable[..., bytes]:
    return lambda **attributes: as_dicom(pixels, **attributes)


@pytest.fixture
def folder(tmp_path: Path, png: bytes, make_dicom) -> Path:
    """Two radiographs, a broken file, one too large, and a hidden one."""
    folder = tmp_path / "exports"
    (folder / "b").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    (folder / "a.png").write_bytes(png)
    (folder / "b" / "case.dcm").write_bytes(make_dicom())
    (folder / "broken.png").write_bytes(png[: len(png) // 2])
    with (folder / "large.dcm").open("wb") as stream:
        stream.truncate(100_000_001)
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / ".hidden" / "a.png").write_bytes(png)
    return folder
