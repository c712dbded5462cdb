"""Modality, VOI and inversion, in this order; padding."""

import numpy as np
import pytest
from pydicom.dataset import Dataset

from cxr_valve.imaging.load import load_radiograph


def modality_of(radiograph):
    return radiograph.slope * radiograph.pixels + radiograph.intercept


def table(values, first=0, bits=16):
    item = Dataset()
    item.LUTDescriptor = [len(values) % 65536, first, bits]
    item.LUTData = np.asarray(values, "<u2").tobytes()
    item["LUTData"].VR = "OW"
    return [item]


def test_monochrome1_equals_its_inverse(make_dicom, chest):
    upright = load_radiograph(make_dicom(chest, bits=12))
    inverted = load_radiograph(make_dicom(4095 - chest, bits=12, photometric="MONOCHROME1"))
    np.testing.assert_array_equal(inverted.pixels, upright.pixels)
    assert inverted.decoding.inverted
    assert not upright.decoding.inverted
    np.testing.assert_array_equal(modality_of(inverted), 4095 - chest)
    np.testing.assert_allclose(inverted.display, upright.display)


def test_presentation_shape_inverse_turns_over_once(make_dicom, chest):
    upright = load_radiograph(make_dicom(chest, bits=12))
    stored = 4095 - chest
    for photometric in ("MONOCHROME1", "MONOCHROME2"):
        data = make_dicom(stored, bits=12, photometric=photometric, PresentationLUTShape="INVERSE")
        np.testing.assert_array_equal(load_radiograph(data).pixels, upright.pixels)


def test_a_falling_slope_turns_over(make_dicom, chest):
    data = make_dicom(4095 - chest, bits=12, RescaleSlope="-1", RescaleIntercept="4095")
    radiograph = load_radiograph(data)
    np.testing.assert_array_equal(radiograph.pixels, chest)
    np.testing.assert_array_equal(modality_of(radiograph), chest)


@pytest.mark.parametrize(
    ("function", "low", "high"),
    [(None, 1000 - 0.5 - 249.5, 1000 - 0.5 + 249.5), ("LINEAR_EXACT", 750, 1250)],
)
def test_windows_follow_the_standard(make_dicom, chest, function, low, high):
    attributes = {"VOILUTFunction": function} if function else {}
    data = make_dicom(
        chest,
        bits=12,
        WindowCenter="1000",
        WindowWidth="500",
        RescaleSlope="0.5",
        RescaleIntercept="10",
        **attributes,
    )
    radiograph = load_radiograph(data)
    assert radiograph.display == pytest.approx(((low - 10) / 0.5, (high - 10) / 0.5))
    assert radiograph.decoding.window == (1000.0, 500.0)
    assert radiograph.tone is None


def test_sigmoid_window_has_its_tone(make_dicom, chest):
    data = make_dicom(
        chest, bits=12, WindowCenter="2000", WindowWidth="800", VOILUTFunction="SIGMOID"
    )
    shown = load_radiograph(data).shown().astype(float)
    expected = 255 / (1 + np.exp(-4 * (chest.astype(float) - 2000) / 800))
    # The curve is stretched from .018–.982 to 0–1, so the ends differ by up to 1.8%.
    assert np.abs(shown - expected).max() < 0.02 * 255


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
def test_voi_table_is_shown_as_written(make_dicom, chest, photometric):
    curve = (65535 * (np.linspace(0, 1, 4096) ** 2)).astype(np.uint16)
    data = make_dicom(chest, bits=12, photometric=photometric, VOILUTSequence=table(curve))
    radiograph = load_radiograph(data)
    expected = curve[chest] / 65535 * 255
    if photometric == "MONOCHROME1":
        expected = 255 - expected
    assert np.abs(radiograph.shown() - expected).max() < 1.5
    np.testing.assert_array_equal(modality_of(radiograph), chest)


def test_a_falling_voi_table_turns_over(make_dicom, chest):
    curve = np.linspace(65535, 0, 4096).astype(np.uint16)
    radiograph = load_radiograph(make_dicom(chest, bits=12, VOILUTSequence=table(curve)))
    np.testing.assert_array_equal(radiograph.pixels, 4095 - chest)
    expected = curve[chest] / 65535 * 255
    assert np.abs(radiograph.shown() - expected).max() < 1.5


def test_modality_table_replaces_the_rescale(make_dicom, chest):
    curve = (np.arange(4096) * 3 + 7).astype(np.uint16)
    data = make_dicom(
        chest,
        bits=12,
        ModalityLUTSequence=table(curve),
        WindowCenter="6000",
        WindowWidth="9000",
    )
    radiograph = load_radiograph(data)
    np.testing.assert_array_equal(radiograph.pixels, chest * 3 + 7)
    assert (radiograph.slope, radiograph.intercept) == (1.0, 0.0)
    assert radiograph.decoding.window == (6000.0, 9000.0)


def test_modality_table_with_signed_first_value(make_dicom, chest):
    values = chest.astype(np.int16) - 2048
    curve = np.arange(4096, dtype=np.uint16) * 2
    sequence = table(curve)
    sequence[0].LUTDescriptor = [4096, -2048, 16]
    data = make_dicom(values, bits=12, ModalityLUTSequence=sequence)
    np.testing.assert_array_equal(load_radiograph(data).pixels, chest * 2)


def test_a_window_beside_the_image_is_replaced(make_dicom, chest):
    data = make_dicom(chest, bits=12, WindowCenter="60000", WindowWidth="10")
    radiograph = load_radiograph(data)
    assert radiograph.decoding.window is None
    assert any("window shows nothing" in warning for warning in radiograph.warnings)
    assert chest.min() <= radiograph.display[0] < radiograph.display[1] <= chest.max()


def test_missing_window_warns_and_uses_percentiles(make_dicom, chest):
    radiograph = load_radiograph(make_dicom(chest, bits=12))
    assert any("gives no window" in warning for warning in radiograph.warnings)
    assert radiograph.display == pytest.approx(tuple(np.percentile(chest, (0.5, 99.5))))


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
@pytest.mark.parametrize("padding", [0, 4095])
def test_padding_is_black_and_left_out(make_dicom, chest, photometric, padding):
    values = np.clip(chest, 100, 4000)
    values[:, :60] = padding
    data = make_dicom(values, bits=12, photometric=photometric, PixelPaddingValue=padding)
    radiograph = load_radiograph(data)
    assert (radiograph.shown()[:, :60] == 0).all()
    kept = radiograph.pixels[:, 60:]
    assert radiograph.display == pytest.approx(tuple(np.percentile(kept, (0.5, 99.5))))
    np.testing.assert_array_equal(modality_of(radiograph)[:, 60:], values[:, 60:])


def test_padding_far_away_does_not_stretch_the_range(make_dicom, chest):
    values = chest.astype("<f4") / 1000
    values[:50] = -3.0e38
    data = make_dicom(
        chest,
        keep_pixels=False,
        FloatPixelData=values.tobytes(),
        BitsAllocated=32,
        FloatPixelPaddingValue=float(values[0, 0]),
    )
    radiograph = load_radiograph(data)
    np.testing.assert_allclose(modality_of(radiograph)[50:], values[50:], atol=1e-4)


def test_padding_beyond_the_bits_keeps_inversion_within_them(make_dicom, chest):
    values = chest.copy()
    values[:50] = 65535
    data = make_dicom(
        values,
        BitsStored=12,
        HighBit=11,
        photometric="MONOCHROME1",
        PixelPaddingValue=65535,
        WindowCenter="2500",
        WindowWidth="5000",
    )
    radiograph = load_radiograph(data)
    np.testing.assert_array_equal(radiograph.pixels[50:], 4095 - chest[50:])


def test_padding_range(make_dicom, chest):
    values = np.clip(chest, 100, 4000)
    values[:50] = 3
    values[50:60] = 9
    data = make_dicom(values, bits=12, PixelPaddingValue=0, PixelPaddingRangeLimit=10)
    radiograph = load_radiograph(data)
    assert (radiograph.shown()[:60] == 0).all()
    assert radiograph.display[0] > 90
