"""Any bytes give a Radiograph or a Refusal, and damage to real files does too."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.imaging.refusal import Refusal

QUIET = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
STARTS = [
    b"",
    bytes(128) + b"DICM\x02\0\0\0UL\x04\0",
    b"\x08\0\x05\0CS\x0a\0",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"\xff\xd8\xff\xe0",
    b"II*\0\x08\0\0\0",
    b"MM\0*",
    b"BM",
    b"RIFF\x40\0\0\0WEBPVP8 ",
]


def read(data: bytes) -> Radiograph | None:
    try:
        radiograph = load_radiograph(data)
    except Refusal:
        return None
    assert radiograph.pixels.ndim == 2
    assert radiograph.pixels.dtype == np.uint16
    assert np.isfinite([*radiograph.display, radiograph.slope, radiograph.intercept]).all()
    assert radiograph.display[0] < radiograph.display[1]
    return radiograph


@QUIET
@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=600))
def test_any_bytes(start, rest):
    read(start + rest)


@pytest.fixture(scope="module")
def whole(make_dicom, make_raster):
    """Small whole files of every kind."""
    image = (np.add.outer(np.arange(40), np.arange(48)) * 40).astype(np.uint16)
    jpeg = "1.2.840.10008.1.2.4."
    syntaxes = ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"]
    syntaxes += ["1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.5"]
    syntaxes += [jpeg + last for last in ("51", "57", "70", "80", "90", "91", "201")]
    files = [make_dicom(image, syntax=syntax, bits=12) for syntax in syntaxes]
    small = (image >> 4).astype(np.uint8)
    for kind in ("PNG", "JPEG", "TIFF", "BMP", "WEBP"):
        files.append(make_raster(small, kind))
    return files


@QUIET
@given(data=st.data())
def test_damaged_files(whole, data):
    damaged = bytearray(data.draw(st.sampled_from(whole)))
    flips = st.tuples(st.integers(0, len(damaged) - 1), st.integers(0, 255))
    for position, value in data.draw(st.lists(flips, max_size=12)):
        damaged[position] = value
    read(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))
    read(bytes(damaged))
