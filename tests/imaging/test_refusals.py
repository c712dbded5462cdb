"""What is refused, by which name, and that limits hold before anything is decoded."""

import gzip
import io
import pickle
import struct
import time
import zipfile
import zlib

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from cxr_valve.imaging import load
from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.refusal import Refusal

JPEG = "1.2.840.10008.1.2.4."
STORAGE = "1.2.840.10008.5.1.4.1.1."


def refusal(data: bytes) -> Refusal:
    with pytest.raises(Refusal, match=r"^Expected .+, found .+\. .+") as caught:
        load_radiograph(data)
    return caught.value


def _zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("secret-name.dcm", b"x")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (bytes(5000), "empty"),
        (b"%PDF-1.7\n...", "pdf"),
        (_zip(), "archive"),
        (gzip.compress(b"x" * 100), "archive"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(50), "archive"),
        (b"Rar!\x1a\x07\x00" + bytes(50), "archive"),
        (bytes(257) + b"ustar" + bytes(300), "archive"),
        (b"<!DOCTYPE html><html></html>", "text"),
        (b"<?xml version='1.0'?><a/>", "text"),
        (b"image,patient,score\n1,2,0.5\n", "text"),
        ("Aortenklappe: nächste Zeile".encode(), "text"),
        (bytes(344) + b"n+1\0" + bytes(100), "volume"),
        (b"\x93NUMPY\x01\0", "volume"),
        (b"\0\0\0\x18ftypmp42" + bytes(50), "video"),
        (b"\x1a\x45\xdf\xa3" + bytes(50), "video"),
        (b"RIFF\0\0\0\0AVI LIST", "video"),
        (b"GIF89a" + bytes(50), "unsupported-image"),
        (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(20), "unsupported-image"),
        (b"\x7fELF" + bytes(100), "not-an-image"),
        (bytes(range(1, 256)) * 4, "not-an-image"),
    ],
    # Archives hold the time; every process of a run must name its tests alike.
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
def test_other_files_are_named(data, code):
    assert refusal(data).code == code


def test_multi_frame_dicom(make_dicom, chest):
    found = refusal(make_dicom(chest, frames=10))
    assert str(found) == (
        "Expected one greyscale frame, found 10 frames. Export a single frame and try again."
    )
    assert found.code == "multi-frame"


def test_several_compressed_frames_without_a_count(make_dicom, chest):
    frame = imagecodecs.jpegls_encode(chest)
    data = make_dicom(chest, syntax=JPEG + "80", PixelData=encapsulate([frame, frame]))
    assert refusal(data).code == "multi-frame"


@pytest.mark.parametrize("kind", ["TIFF", "WEBP", "PNG"])
def test_pages_and_animations(make_raster, kind):
    first, second = Image.new("L", (64, 64), 10), Image.new("L", (64, 64), 200)
    if kind == "WEBP":
        first, second = first.convert("RGB"), second.convert("RGB")
    data = make_raster(first, kind, save_all=True, append_images=[second])
    assert refusal(data).code == "multi-frame"


@pytest.mark.parametrize(
    ("attributes", "code", "text"),
    [
        ({"SOPClassUID": STORAGE + "88.11"}, "structured-report", "structured report"),
        ({"Modality": "SR"}, "structured-report", "structured report"),
        ({"SOPClassUID": STORAGE + "481.5", "Rows": None}, "no-pixels", "RT Plan"),
        ({"SOPClassUID": STORAGE + "104.1"}, "pdf", "PDF document inside"),
        ({"SOPClassUID": "1.2.840.10008.1.3.10"}, "directory", "lists other files"),
        ({}, "no-pixels", "without its pixel data"),
    ],
)
def test_dicom_objects_without_an_image(make_dicom, chest, attributes, code, text):
    found = refusal(make_dicom(chest, keep_pixels=False, **attributes))
    assert found.code == code
    assert text in str(found)


def test_directory_records(make_dicom, chest):
    data = make_dicom(chest, keep_pixels=False, DirectoryRecordSequence=[Dataset()])
    assert refusal(data).code == "directory"


@pytest.mark.parametrize(
    "syntax",
    [
        *("1.2.840.10008.1.2" + last for last in ("", ".1", ".2", ".1.99", ".5")),
        *(JPEG + last for last in ("51", "57", "70", "80", "90", "201")),
    ],
)
@pytest.mark.parametrize("share", [0.3, 0.7, 0.97])
def test_truncated_dicom(make_dicom, chest, syntax, share):
    data = make_dicom(chest, syntax=syntax, bits=12)
    assert refusal(data[: int(len(data) * share)]).code == "truncated"


@pytest.mark.parametrize("last", ["51", "57", "80", "90", "201"])
def test_truncated_codestream_in_a_whole_file(make_dicom, chest, last):
    """The file is complete, but its compressed frame lost its second half."""
    encode = {
        "51": lambda: imagecodecs.jpeg8_encode(chest, bitspersample=12),
        "57": lambda: imagecodecs.jpeg8_encode(chest, lossless=True, bitspersample=12),
        "80": lambda: imagecodecs.jpegls_encode(chest),
        "90": lambda: imagecodecs.jpeg2k_encode(chest, codecformat="j2k"),
        "201": lambda: imagecodecs.htj2k_encode(chest, reversible=True),
    }
    frame = encode[last]()
    cut = encapsulate([frame[: len(frame) // 2]])
    data = make_dicom(chest, syntax=JPEG + "80", bits=12, PixelData=cut)
    assert refusal(data).code == "truncated"


def test_short_native_pixel_data(make_dicom, chest):
    data = make_dicom(chest, PixelData=chest[:200].tobytes())
    assert "67% of the pixel data" in str(refusal(data))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "WEBP"])
@pytest.mark.parametrize("share", [0.4, 0.8])
def test_truncated_rasters(make_raster, chest, kind, share):
    noisy = (chest >> 4).astype(np.uint8) ^ np.random.default_rng(0).integers(
        0, 8, chest.shape, np.uint8
    )
    data = make_raster(noisy, kind)
    assert refusal(data[: int(len(data) * share)]).code in ("truncated", "damaged")


def test_too_many_bytes(monkeypatch, make_raster, chest):
    monkeypatch.setattr(load, "MAX_BYTES", 1_000_000)
    assert "at most 1 MB, found 2 MB" in str(refusal(b"\x89PNG\r\n\x1a\n" + bytes(2_000_000)))


def _png_of(columns: int, rows: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + crc

    header = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    image = zlib.compress(bytes(1_000_000))
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", header) + chunk(b"IDAT", image) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [10_001, 12_000, 60_000])
def test_raster_bombs(side):
    started = time.perf_counter()
    assert refusal(_png_of(side, side)).code == "too-large"
    assert time.perf_counter() - started < 1


def test_dicom_that_announces_too_many_pixels(make_dicom, chest):
    assert refusal(make_dicom(chest, Rows=20_000, Columns=20_000)).code == "too-large"


def test_deflated_bomb(make_dicom, chest, monkeypatch):
    from cxr_valve.imaging import dicom

    monkeypatch.setattr(dicom, "MAX_INFLATED", 100_000)
    data = make_dicom(chest, syntax="1.2.840.10008.1.2.1.99")
    assert "once inflated" in str(refusal(data))


@pytest.mark.parametrize("last", ["50", "80", "90"])
def test_codestream_of_another_size(make_dicom, chest, last):
    wide = np.zeros((600, 700), np.uint8)
    encode = {
        "50": lambda: imagecodecs.jpeg8_encode(wide),
        "80": lambda: imagecodecs.jpegls_encode(wide),
        "90": lambda: imagecodecs.jpeg2k_encode(wide, codecformat="j2k"),
    }
    small = (chest >> 4).astype(np.uint8)
    pixels = encapsulate([encode[last]()])
    found = refusal(make_dicom(small, syntax=JPEG + "80", PixelData=pixels))
    assert found.code == "inconsistent"
    assert "280 × 300" in str(found)
    assert "700 × 600" in str(found)


def test_rle_bomb(make_dicom, chest):
    """Run lengths that expand far beyond the frame are stopped by the frame's size."""
    header = struct.pack("<16I", 1, 64, *[0] * 14)
    bomb = header + b"\x81\0" * 2_000_000
    small = (chest >> 4).astype(np.uint8)
    data = make_dicom(small, syntax="1.2.840.10008.1.2.5", PixelData=encapsulate([bomb]))
    assert refusal(data).code == "damaged"


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"BitsAllocated": 12}, "unsupported"),
        ({"PhotometricInterpretation": "HSV"}, "unsupported"),
        ({"SamplesPerPixel": 4}, "inconsistent"),
        ({"Rows": 0}, "inconsistent"),
    ],
)
def test_layouts_that_no_radiograph_has(make_dicom, chest, attributes, code):
    assert refusal(make_dicom(chest, **attributes)).code == code


def test_a_refusal_survives_a_worker_process():
    original = Refusal("empty", "a radiograph", "an empty file", "Export it again.")
    copy = pickle.loads(pickle.dumps(original))
    assert (str(copy), copy.code) == (str(original), original.code)
