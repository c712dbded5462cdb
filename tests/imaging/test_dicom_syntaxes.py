"""Every transfer syntax gives the pixels that were written."""

import io

import numpy as np
import pydicom
import pytest

from cxr_valve.imaging.load import load_radiograph

JPEG = "1.2.840.10008.1.2.4."
NATIVE = {
    "implicit": "1.2.840.10008.1.2",
    "explicit": "1.2.840.10008.1.2.1",
    "deflated": "1.2.840.10008.1.2.1.99",
    "big endian": "1.2.840.10008.1.2.2",
}
LOSSLESS = {
    **NATIVE,
    "RLE": "1.2.840.10008.1.2.5",
    "JPEG lossless": JPEG + "57",
    "JPEG lossless SV1": JPEG + "70",
    "JPEG-LS": JPEG + "80",
    "JPEG 2000": JPEG + "90",
    "HTJ2K": JPEG + "201",
    "HTJ2K RPCL": JPEG + "202",
}
LOSSY = {
    "JPEG extended": JPEG + "51",
    "JPEG progressive": JPEG + "55",
    "JPEG-LS near-lossless": JPEG + "81",
    "JPEG 2000 lossy": JPEG + "91",
}


@pytest.mark.parametrize("syntax", LOSSLESS.values(), ids=LOSSLESS.keys())
@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_lossless_pixels_are_exact(make_dicom, chest, syntax, bits):
    values = (chest.astype(np.uint32) * ((1 << bits) - 1) // 4095).astype(np.uint16)
    radiograph = load_radiograph(make_dicom(values, syntax=syntax, bits=bits))
    np.testing.assert_array_equal(radiograph.pixels, values)
    assert radiograph.pixels.dtype == np.uint16
    assert radiograph.decoding.transfer_syntax == syntax
    assert radiograph.decoding.container == "DICOM"
    assert radiograph.decoding.bits_stored == bits


@pytest.mark.parametrize("syntax", LOSSLESS.values(), ids=LOSSLESS.keys())
def test_eight_bits_are_exact(make_dicom, chest, syntax):
    values = (chest >> 4).astype(np.uint8)
    radiograph = load_radiograph(make_dicom(values, syntax=syntax))
    np.testing.assert_array_equal(radiograph.pixels, values)


@pytest.mark.parametrize("syntax", LOSSLESS.values(), ids=LOSSLESS.keys())
def test_signed_values_come_back_through_slope_and_intercept(make_dicom, chest, syntax):
    values = chest.astype(np.int16) - 1500
    data = make_dicom(values, syntax=syntax, RescaleSlope="2", RescaleIntercept="-100")
    radiograph = load_radiograph(data)
    modality = radiograph.slope * radiograph.pixels + radiograph.intercept
    np.testing.assert_allclose(modality, 2.0 * values - 100)


@pytest.mark.parametrize("syntax", LOSSY.values(), ids=LOSSY.keys())
def test_lossy_pixels_are_close(make_dicom, chest, syntax):
    radiograph = load_radiograph(make_dicom(chest, syntax=syntax, bits=12))
    # Near-lossless was asked for within 2; the others were written at high quality.
    np.testing.assert_allclose(radiograph.pixels.astype(int), chest, atol=48)


def test_baseline_jpeg_is_close_and_warns(make_dicom, chest):
    values = (chest >> 4).astype(np.uint8)
    radiograph = load_radiograph(make_dicom(values, syntax=JPEG + "50"))
    np.testing.assert_allclose(radiograph.pixels.astype(int), values, atol=4)
    assert any("with loss" in warning for warning in radiograph.warnings)


@pytest.mark.parametrize("syntax", ["implicit", "explicit", "big endian"])
def test_no_preamble_and_no_meta(make_dicom, chest, syntax):
    data = make_dicom(chest, syntax=NATIVE[syntax], bits=12, preamble=False)
    assert data[128:132] != b"DICM"
    radiograph = load_radiograph(data)
    np.testing.assert_array_equal(radiograph.pixels, chest)
    assert radiograph.decoding.transfer_syntax == NATIVE[syntax]


def test_unextended_sign_bits(make_dicom, chest):
    values = chest.astype(np.int16) - 2048
    # Some writers leave the bits above the sign bit zero.
    packed = values.view(np.uint16) & 0x0FFF
    data = make_dicom(packed, bits=12, PixelRepresentation=1)
    radiograph = load_radiograph(data)
    modality = radiograph.slope * radiograph.pixels + radiograph.intercept
    np.testing.assert_array_equal(modality, values)


def test_high_bit_above_the_stored_bits(make_dicom, chest):
    data = make_dicom(chest << 4, BitsStored=12, HighBit=15)
    np.testing.assert_array_equal(load_radiograph(data).pixels, chest)


def test_overlay_in_the_upper_bits_is_dropped(make_dicom, chest):
    marked = chest.copy()
    marked[10:20, 10:20] |= 0x1000
    dataset = pydicom.dcmread(io.BytesIO(make_dicom(marked, bits=12)))
    dataset.add_new(0x60000102, "US", 12)
    stream = io.BytesIO()
    dataset.save_as(stream)
    np.testing.assert_array_equal(load_radiograph(stream.getvalue()).pixels, chest)


def test_thirty_two_bits_keep_sixteen(make_dicom, chest):
    small = chest.astype(np.uint32)
    np.testing.assert_array_equal(load_radiograph(make_dicom(small)).pixels, chest)
    wide = chest.astype(np.uint32) * 1_000_000
    radiograph = load_radiograph(make_dicom(wide))
    modality = radiograph.slope * radiograph.pixels + radiograph.intercept
    # Rounded to one of 65,536 levels.
    np.testing.assert_allclose(modality, wide, atol=radiograph.slope)


@pytest.mark.parametrize(
    ("keyword", "dtype"), [("FloatPixelData", "<f4"), ("DoubleFloatPixelData", "<f8")]
)
def test_float_pixel_data(make_dicom, chest, keyword, dtype):
    values = chest.astype(dtype) / 7.0 - 40.0
    attributes = {keyword: values.tobytes(), "BitsAllocated": 8 * values.itemsize}
    data = make_dicom(chest, keep_pixels=False, **attributes)
    radiograph = load_radiograph(data)
    modality = radiograph.slope * radiograph.pixels + radiograph.intercept
    np.testing.assert_allclose(modality, values, atol=radiograph.slope)
    assert any("floating-point" in warning for warning in radiograph.warnings)
