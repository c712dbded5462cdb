"""Bits above the stored ones: marks in them are dropped, grey that runs into them is kept."""

import io

import numpy as np
import pydicom
import pytest

from cxr_valve.imaging.load import load_radiograph
from tests.imaging.conftest import JPEG

RLE = "1.2.840.10008.1.2.5"
LEFT_OUT = "Marks kept in the bits above the 12 of the image, probably an overlay, were left out."


def modality_of(radiograph):
    return radiograph.slope * radiograph.pixels + radiograph.intercept


def marked(chest, bit, where=np.s_[40:60, 20:200]):
    values = chest.copy()
    values[where] |= chest.dtype.type(1 << bit)
    return values


def wide(chest, most):
    """The chest at more levels than 12 bits have, with the noise of a detector."""
    noise = np.random.default_rng(1).normal(0, 20, chest.shape)
    return np.clip(chest / 4095 * most + noise, 0, most).astype(np.uint16)


@pytest.mark.parametrize("bit", [12, 13, 14, 15])
@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
@pytest.mark.parametrize("window", [{}, {"WindowCenter": "2048", "WindowWidth": "4096"}])
def test_a_mark_above_the_stored_bits_is_left_out_and_said(
    make_dicom, chest, bit, photometric, window
):
    options = {"bits": 12, "photometric": photometric, **window}
    plain = load_radiograph(make_dicom(chest, **options))
    radiograph = load_radiograph(make_dicom(marked(chest, bit), **options))
    np.testing.assert_array_equal(radiograph.pixels, plain.pixels)
    assert radiograph.display == plain.display
    assert set(radiograph.warnings) - set(plain.warnings) == {LEFT_OUT}


def rows_of_it(chest):
    return marked(chest, 15, np.s_[40:42, :])


def all_of_it(chest):
    return marked(chest, 15, np.s_[:])


def rubbish(chest):
    return chest | (np.random.default_rng(3).integers(0, 16, chest.shape) << 12).astype(np.uint16)


@pytest.mark.parametrize("mark", [rows_of_it, all_of_it, rubbish])
def test_whatever_the_shape_of_the_mark(make_dicom, chest, mark):
    radiograph = load_radiograph(make_dicom(mark(chest), bits=12))
    np.testing.assert_array_equal(radiograph.pixels, chest)
    assert LEFT_OUT in radiograph.warnings


@pytest.mark.parametrize("syntax", [RLE, JPEG + "90", "1.2.840.10008.1.2.2"])
def test_a_mark_is_left_out_of_compressed_and_big_endian_files_too(make_dicom, chest, syntax):
    whole = make_dicom(marked(chest, 15), syntax=syntax)
    dataset = pydicom.dcmread(io.BytesIO(whole))
    dataset.BitsStored, dataset.HighBit = 12, 11
    stream = io.BytesIO()
    dataset.save_as(stream)
    radiograph = load_radiograph(stream.getvalue())
    np.testing.assert_array_equal(radiograph.pixels, chest)
    assert LEFT_OUT in radiograph.warnings


@pytest.mark.parametrize("extended", [True, False])
@pytest.mark.parametrize("bit", [12, 15])
def test_a_mark_above_signed_values_is_left_out(make_dicom, chest, extended, bit):
    values = chest.astype(np.int16) - 2048
    raw = values.view(np.uint16) if extended else values.view(np.uint16) & 0x0FFF
    toggled = raw.copy()
    toggled[40:60, 20:200] ^= 1 << bit
    radiograph = load_radiograph(make_dicom(toggled, bits=12, PixelRepresentation=1))
    np.testing.assert_array_equal(modality_of(radiograph), values)
    assert LEFT_OUT in radiograph.warnings


@pytest.mark.parametrize("most", [4400, 8000, 16000, 60000])
@pytest.mark.parametrize("stored", [8, 10, 12])
def test_grey_that_runs_on_past_the_stored_bits_is_kept(make_dicom, chest, most, stored):
    values = wide(chest, most)
    radiograph = load_radiograph(make_dicom(values, bits=stored))
    np.testing.assert_array_equal(radiograph.pixels, values)
    assert not any("left out" in warning for warning in radiograph.warnings)


def test_signed_grey_that_runs_on_is_kept(make_dicom, chest):
    values = (wide(chest, 16000).astype(np.int32) - 8000).astype(np.int16)
    radiograph = load_radiograph(make_dicom(values, bits=12))
    np.testing.assert_array_equal(modality_of(radiograph), values)


def test_a_few_pixels_just_past_the_stored_bits_do_not_turn_black(make_dicom, chest):
    values = chest.copy()
    values[50:52, 70:72] = 4090
    values[50, 70] = 4100
    radiograph = load_radiograph(make_dicom(values, bits=12))
    np.testing.assert_array_equal(radiograph.pixels, values)


def test_a_mark_above_understated_grey_is_left_out_and_the_grey_kept(make_dicom, chest):
    values = wide(chest, 8000)
    radiograph = load_radiograph(make_dicom(marked(values, 15), bits=12))
    np.testing.assert_array_equal(radiograph.pixels, values)
    assert LEFT_OUT in radiograph.warnings


def test_padding_is_told_by_its_whole_value_and_the_mark_left_out(make_dicom, chest):
    values = marked(chest, 15)
    values[:, 240:] = 65535
    options = {"bits": 12, "PixelPaddingValue": 65535}
    radiograph = load_radiograph(make_dicom(values, **options))
    np.testing.assert_array_equal(radiograph.pixels[:, :240], chest[:, :240])
    assert (radiograph.shown()[:, 240:] == 0).all()
    assert any("padding" in warning for warning in radiograph.warnings)
    alone = chest.copy()
    alone[:, 240:] = 65535
    unmarked = load_radiograph(make_dicom(alone, **options))
    np.testing.assert_array_equal(unmarked.pixels, radiograph.pixels)
    assert LEFT_OUT not in unmarked.warnings


def test_nothing_is_said_of_an_image_within_its_bits(make_dicom, chest):
    radiograph = load_radiograph(make_dicom(chest, bits=12))
    assert LEFT_OUT not in radiograph.warnings
