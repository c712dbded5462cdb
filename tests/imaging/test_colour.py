"""Grey in colour planes is read; real colour is refused."""

import io

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.refusal import Refusal

JPEG = "1.2.840.10008.1.2.4."


@pytest.fixture
def grey(chest):
    return (chest >> 4).astype(np.uint8)


@pytest.fixture
def rgb(grey):
    return np.stack([grey] * 3, axis=-1)


@pytest.fixture
def photo():
    """Smooth patches of many hues."""
    down, across = np.mgrid[0:200, 0:220] / 200
    planes = (np.sin(5 * down), np.sin(4 * across + 1), np.sin(3 * down + 4 * across + 2))
    return np.uint8(127 + 100 * np.stack(planes, axis=-1))


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5", JPEG + "80"])
def test_equal_planes_in_dicom_are_exact(make_dicom, rgb, grey, syntax):
    radiograph = load_radiograph(make_dicom(rgb, syntax=syntax, photometric="RGB"))
    np.testing.assert_array_equal(radiograph.pixels, grey)
    assert any("read as grey" in warning for warning in radiograph.warnings)
    assert radiograph.decoding.photometric_interpretation == "RGB"


def test_planar_configuration(make_dicom, rgb, grey):
    planes = np.ascontiguousarray(np.moveaxis(rgb, -1, 0))
    data = make_dicom(rgb, photometric="RGB", PlanarConfiguration=1, PixelData=planes.tobytes())
    np.testing.assert_array_equal(load_radiograph(data).pixels, grey)


def test_native_ybr(make_dicom, grey):
    neutral = np.full_like(grey, 128)
    ybr = np.stack([grey, neutral, neutral], axis=-1)
    radiograph = load_radiograph(make_dicom(ybr, photometric="YBR_FULL"))
    np.testing.assert_array_equal(radiograph.pixels, grey)


def test_native_ybr_subsampled(make_dicom, grey):
    pairs = grey.reshape(-1, 2)
    quads = np.concatenate([pairs, np.full_like(pairs, 128)], axis=1)
    blank = np.zeros((*grey.shape, 3), np.uint8)
    data = make_dicom(blank, photometric="YBR_FULL_422", PixelData=quads.tobytes())
    np.testing.assert_array_equal(load_radiograph(data).pixels, grey)


def test_a_wrong_colour_label_is_overruled_by_equal_planes(make_dicom, rgb, grey):
    data = make_dicom(rgb, photometric="YBR_FULL")
    np.testing.assert_array_equal(load_radiograph(data).pixels, grey)


def _palette(data_set_values):
    data = [int(value) << 8 for value in data_set_values]
    return np.asarray(data, "<u2").tobytes()


def _palette_attributes(red, green, blue):
    attributes = {}
    for name, values in (("Red", red), ("Green", green), ("Blue", blue)):
        attributes[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        attributes[f"{name}PaletteColorLookupTableData"] = _palette(values)
    return attributes


def test_grey_palette_is_read(make_dicom, grey):
    ramp = np.arange(255, -1, -1)
    data = make_dicom(grey, photometric="PALETTE COLOR", **_palette_attributes(ramp, ramp, ramp))
    radiograph = load_radiograph(data)
    np.testing.assert_array_equal(radiograph.pixels >> 8, 255 - grey)


def test_a_coloured_palette_is_read_by_its_brightness_and_says_so(make_dicom, grey):
    ramp = np.arange(256)
    data = make_dicom(
        grey, photometric="PALETTE COLOR", **_palette_attributes(ramp, 255 - ramp, ramp // 2)
    )
    radiograph = load_radiograph(data)
    assert "A palette colours this image; its brightness was read as grey." in radiograph.warnings
    # 0.299 R + 0.587 G + 0.114 B of that palette falls as the stored value rises.
    assert np.corrcoef(radiograph.pixels.ravel(), grey.ravel())[0, 1] < -0.99


@pytest.mark.parametrize("gains", [(1.35, 1.2, 0.94), (0.75, 0.85, 1.0), (0.2, 1.0, 0.2)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_one_tint_is_read(make_raster, grey, gains, kind):
    tinted = np.clip(grey[..., None] * np.array(gains) * 0.7, 0, 255).astype(np.uint8)
    radiograph = load_radiograph(make_raster(tinted, kind))
    assert any("tinted" in warning or "coloured" in warning for warning in radiograph.warnings)
    # Brightness follows the grey it came from.
    assert np.corrcoef(radiograph.pixels.ravel(), grey.ravel())[0, 1] > 0.999


def test_a_few_coloured_marks_warn(make_raster, rgb):
    rgb[10:20, 10:40] = (255, 0, 0)
    radiograph = load_radiograph(make_raster(rgb, "PNG"))
    assert any("coloured marks" in warning for warning in radiograph.warnings)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "WEBP"])
def test_photographs_are_refused(make_raster, photo, kind):
    with pytest.raises(
        Refusal, match="Expected one greyscale frame, found a coloured picture"
    ) as e:
        load_radiograph(make_raster(photo, kind))
    assert e.value.code == "colour"


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_coloured_captures_are_refused(make_dicom, photo, photometric):
    image = Image.fromarray(photo)
    values = np.asarray(image if photometric == "RGB" else image.convert("YCbCr"))
    with pytest.raises(Refusal, match="coloured picture"):
        load_radiograph(make_dicom(values, photometric=photometric))


def test_jpeg_that_keeps_rgb_untransformed(make_dicom, rgb, grey):
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", quality=95, keep_rgb=True)
    encoded = stream.getvalue()
    from pydicom.encaps import encapsulate

    data = make_dicom(rgb, syntax=JPEG + "50", photometric="RGB", PixelData=encapsulate([encoded]))
    radiograph = load_radiograph(data)
    np.testing.assert_allclose(radiograph.pixels.astype(int), grey, atol=5)


def test_empty_sequences_do_no_harm(make_dicom, chest):
    data = make_dicom(chest, ModalityLUTSequence=[], VOILUTSequence=[Dataset()])
    np.testing.assert_array_equal(load_radiograph(data).pixels, chest)
