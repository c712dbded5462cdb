"""Builders of real files: DICOM in each transfer syntax that can be written here, and rasters."""

import io
from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, generate_uid

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
DEFLATED, BIG = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"
JPEG = "1.2.840.10008.1.2.4."

MakeDicom = Callable[..., bytes]
MakeRaster = Callable[..., bytes]


def _frame(values: NDArray[Any], syntax: str, bits: int) -> bytes:
    """One compressed frame, by an encoder other than the decoder where there is one."""
    unsigned = values.view(f"u{values.dtype.itemsize}") if values.dtype.kind == "i" else values
    if syntax == JPEG + "50":
        stream = io.BytesIO()
        Image.fromarray(values).save(stream, "JPEG", quality=95)
        return stream.getvalue()
    if syntax in (JPEG + "51", JPEG + "53", JPEG + "55"):
        return imagecodecs.jpeg8_encode(unsigned, level=98, bitspersample=bits)
    if syntax in (JPEG + "57", JPEG + "70"):
        # Lossless JPEG refuses values above its precision, which sign bits are.
        full = unsigned.dtype.itemsize * 8 if values.dtype.kind == "i" else bits
        return imagecodecs.jpeg8_encode(unsigned, lossless=True, predictor=1, bitspersample=full)
    if syntax in (JPEG + "201", JPEG + "202"):
        return imagecodecs.htj2k_encode(unsigned, reversible=True)
    raise AssertionError(f"no encoder for {syntax}")


def build_dicom(
    values: NDArray[Any],
    *,
    syntax: str = EXPLICIT,
    photometric: str = "MONOCHROME2",
    bits: int | None = None,
    preamble: bool = True,
    keep_pixels: bool = True,
    frames: int | None = None,
    **attributes: Any,
) -> bytes:
    """A DICOM file of ``values``; ``attributes`` are set on the dataset last (None deletes)."""
    allocated = values.dtype.itemsize * 8
    bits = bits or allocated
    ds = Dataset()
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    ds.SOPInstanceUID = generate_uid()
    ds.Modality, ds.PatientName, ds.PatientID = "CR", "Test^Case", "T1"
    ds.Rows, ds.Columns = values.shape[:2]
    ds.SamplesPerPixel = 1 if values.ndim == 2 else values.shape[2]
    if values.ndim == 3:
        ds.PlanarConfiguration = 0
    ds.PhotometricInterpretation = photometric
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = allocated, bits, bits - 1
    ds.PixelRepresentation = int(values.dtype.kind == "i")
    if frames:
        ds.NumberOfFrames = frames
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(EXPLICIT)
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    _set_pixels(ds, values, syntax, bits, frames or 1)
    for keyword, value in attributes.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    if not keep_pixels:
        del ds.PixelData
    return _write(ds, syntax, preamble)


def _set_pixels(ds: Dataset, values: NDArray[Any], syntax: str, bits: int, frames: int) -> None:
    if syntax == BIG:
        ds.PixelData = values.astype(values.dtype.newbyteorder(">")).tobytes()
    else:
        ds.PixelData = values.tobytes() * frames
    ds["PixelData"].VR = "OW" if values.dtype.itemsize > 1 else "OB"
    if not syntax.startswith(JPEG) and syntax != "1.2.840.10008.1.2.5":
        return
    if syntax in (JPEG + "80", JPEG + "90", JPEG + "91", "1.2.840.10008.1.2.5"):
        extra: dict[str, Any] = {"j2k_cr": [4]} if syntax == JPEG + "91" else {}
        ds.compress(UID(syntax), generate_instance_uid=False, **extra)
    elif syntax == JPEG + "81":
        ds.compress(UID(syntax), generate_instance_uid=False, jls_error=2)
    else:
        ds.PixelData = encapsulate([_frame(values, syntax, bits)])
        ds["PixelData"].VR = "OB"
        ds["PixelData"].is_undefined_length = True


def _write(ds: Dataset, syntax: str, preamble: bool) -> bytes:
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    stream = io.BytesIO()
    if not preamble:
        del ds.file_meta
        ds.save_as(stream, implicit_vr=syntax == IMPLICIT, little_endian=syntax != BIG)
        return stream.getvalue()
    pydicom.dcmwrite(stream, ds, enforce_file_format=True)
    return stream.getvalue()


@pytest.fixture(scope="session")
def make_dicom() -> MakeDicom:
    return build_dicom


@pytest.fixture(scope="session")
def make_raster() -> MakeRaster:
    def make(values: NDArray[Any] | Image.Image, kind: str, **options: Any) -> bytes:
        image = values if isinstance(values, Image.Image) else Image.fromarray(values)
        stream = io.BytesIO()
        image.save(stream, kind, **options)
        return stream.getvalue()

    return make


@pytest.fixture(scope="session")
def chest() -> NDArray[np.uint16]:
    """A smooth 12-bit image of 300 × 280 with two dark fields, so that lossy codecs do well."""
    down, across = np.mgrid[0:300, 0:280].astype(np.float64)
    image = 2600 + 6 * down
    for centre in (85, 195):
        image -= 1800 * np.exp(-(((across - centre) / 45) ** 2) - ((down - 140) / 90) ** 2)
    return np.clip(np.rint(image), 0, 4095).astype(np.uint16)
