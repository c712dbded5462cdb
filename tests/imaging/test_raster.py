"""PNG, JPEG, TIFF, BMP and WebP: exact where the format is, upright, at full depth."""

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from cxr_valve.imaging.load import load_radiograph

EIGHT_BIT = [
    ("PNG", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("BMP", {}),
    ("WEBP", {"lossless": True}),
]


@pytest.fixture
def grey(chest):
    return (chest >> 4).astype(np.uint8)


@pytest.mark.parametrize(("kind", "options"), EIGHT_BIT)
def test_eight_bit_grey_is_exact(make_raster, grey, kind, options):
    radiograph = load_radiograph(make_raster(grey, kind, **options))
    np.testing.assert_array_equal(radiograph.pixels, grey)
    assert radiograph.decoding.container.upper() == kind
    assert radiograph.decoding.transfer_syntax is None
    assert radiograph.decoding.bits_stored == 8
    assert radiograph.spacing_mm is None
    assert (radiograph.slope, radiograph.intercept) == (1.0, 0.0)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_is_exact(make_raster, chest, kind):
    radiograph = load_radiograph(make_raster(chest * 16, kind))
    np.testing.assert_array_equal(radiograph.pixels, chest * 16)
    assert radiograph.decoding.bits_stored == 16


def test_sixteen_bit_colour_planes_keep_their_depth(chest):
    values = (chest * 16).astype(np.uint16)
    data = imagecodecs.png_encode(np.stack([values] * 3, axis=-1))
    radiograph = load_radiograph(data)
    np.testing.assert_array_equal(radiograph.pixels, values)
    assert "stored in colour and read as grey" in " ".join(radiograph.warnings)


def test_float_tiff(make_raster, chest):
    values = chest.astype(np.float32) / 3 - 50
    radiograph = load_radiograph(make_raster(values, "TIFF"))
    modality = radiograph.slope * radiograph.pixels + radiograph.intercept
    np.testing.assert_allclose(modality, values, atol=radiograph.slope)


@pytest.mark.parametrize("depth", [8, 16])
def test_tiff_with_white_as_zero(make_raster, chest, grey, depth):
    values = grey if depth == 8 else chest * 16
    radiograph = load_radiograph(make_raster(values, "TIFF", tiffinfo={262: 0}))
    top = (1 << depth) - 1
    # Pillow writes the values as they are under the label that turns them over.
    expected = top - values if depth == 16 else radiograph.pixels
    np.testing.assert_array_equal(radiograph.pixels, expected)
    assert radiograph.decoding.inverted == (depth == 16)


def test_one_bit(make_raster, grey):
    radiograph = load_radiograph(make_raster(Image.fromarray(grey > 128), "PNG"))
    np.testing.assert_array_equal(radiograph.pixels, grey > 128)
    assert radiograph.decoding.bits_stored == 1


def test_jpeg_is_close_and_says_lossy(make_raster, grey):
    radiograph = load_radiograph(make_raster(grey, "JPEG", quality=95))
    np.testing.assert_allclose(radiograph.pixels.astype(int), grey, atol=5)
    assert any("with loss" in warning for warning in radiograph.warnings)


def test_twelve_bit_jpeg(chest):
    data = imagecodecs.jpeg8_encode(chest, level=98, bitspersample=12)
    radiograph = load_radiograph(data)
    np.testing.assert_allclose(radiograph.pixels.astype(int), chest, atol=16)
    assert radiograph.decoding.bits_stored == 12


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_undone(make_raster, kind, orientation):
    # Blocks of 16 survive JPEG; no turn or flip of this picture equals another.
    upright = np.kron(np.array([[0, 80, 160], [240, 120, 40]]), np.ones((16, 16))).astype(np.uint8)
    turned = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    lossless = {"lossless": True} if kind == "WEBP" else {}
    data = make_raster(np.ascontiguousarray(turned), kind, exif=exif, **lossless)
    pixels = load_radiograph(data).pixels.astype(int)
    assert pixels.shape == upright.shape
    np.testing.assert_allclose(pixels, upright, atol=2 if kind == "JPEG" else 0)


@pytest.mark.parametrize("mode", ["RGB", "P", "CMYK", "LA", "RGBA"])
def test_modes_that_hold_grey(make_raster, grey, mode):
    image = Image.fromarray(grey)
    if mode == "CMYK":
        # Black ink alone: grey is what is left of white.
        zero = Image.new("L", image.size)
        image = Image.merge("CMYK", (zero, zero, zero, Image.fromarray(255 - grey)))
    else:
        image = image.convert(mode)
    kind = "TIFF" if mode == "CMYK" else "PNG"
    radiograph = load_radiograph(make_raster(image, kind))
    np.testing.assert_array_equal(radiograph.pixels, grey)


def test_alpha_is_laid_on_black(make_raster, grey):
    alpha = np.full_like(grey, 255)
    alpha[:50] = 0
    image = Image.merge("LA", (Image.fromarray(grey), Image.fromarray(alpha)))
    radiograph = load_radiograph(make_raster(image, "PNG"))
    assert (radiograph.pixels[:50] == 0).all()
    np.testing.assert_array_equal(radiograph.pixels[50:], grey[50:])
    assert any("transparent" in warning for warning in radiograph.warnings)


def test_the_name_never_matters(make_raster, grey):
    """A PNG whose text says DICM is a PNG."""
    data = make_raster(grey, "PNG") + b"DICM"
    assert load_radiograph(data).decoding.container == "PNG"
