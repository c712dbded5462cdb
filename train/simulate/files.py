"""Radiographs of a simulated patient as files: DICOM with a full header, or PNG."""

import io
from datetime import datetime
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

DIGITAL_XRAY = "1.2.840.10008.5.1.4.1.1.1.1"
MAKER = "CXR Valve phantom (simulated)"


def as_png(pixels: NDArray[np.uint16]) -> bytes:
    """12-bit pixels as an 8-bit PNG, as picture archives export them."""
    stream = io.BytesIO()
    # Noise hardly compresses, so the fastest level loses little.
    Image.fromarray((pixels >> 4).astype(np.uint8)).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def as_dicom(
    pixels: NDArray[np.uint16],
    *,
    patient_id: str,
    accession: str,
    when: datetime,
    view: str,
    sex: str,
    age: int,
    inverted: bool,
    spacing_mm: float,
) -> bytes:
    """12-bit pixels as a DX image; ``inverted`` stores it as MONOCHROME1, ``spacing_mm`` is the
    distance of pixels at the detector.

    The same arguments give the same bytes: UIDs derive from the accession number.
    """
    ds = Dataset()
    ds.SOPClassUID = DIGITAL_XRAY
    ds.SOPInstanceUID = generate_uid(entropy_srcs=[accession, "image"])
    ds.StudyInstanceUID = generate_uid(entropy_srcs=[accession, "study"])
    ds.SeriesInstanceUID = generate_uid(entropy_srcs=[accession, "series"])
    ds.Modality, ds.Manufacturer, ds.ImageType = "DX", MAKER, ["ORIGINAL", "PRIMARY"]
    ds.PatientName, ds.PatientID = f"Simulated^{patient_id}", patient_id
    ds.PatientSex, ds.PatientAge = sex, f"{age:03d}Y"
    ds.AccessionNumber, ds.ImageComments = accession, "Simulated; no patient."
    ds.StudyDate = ds.AcquisitionDate = when.strftime("%Y%m%d")
    ds.StudyTime = ds.AcquisitionTime = when.strftime("%H%M%S")
    ds.ViewPosition = "LL" if view == "LATERAL" else view
    ds.BodyPartExamined, ds.BurnedInAnnotation = "CHEST", "NO"
    ds.ImagerPixelSpacing = [f"{spacing_mm:.6g}"] * 2
    _set_pixels(ds, pixels, inverted)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, ds, enforce_file_format=True)
    return stream.getvalue()


def _set_pixels(ds: Dataset, pixels: NDArray[np.uint16], inverted: bool) -> None:
    ds.Rows, ds.Columns = pixels.shape
    ds.SamplesPerPixel, ds.PixelRepresentation = 1, 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 12, 11
    ds.PhotometricInterpretation = "MONOCHROME1" if inverted else "MONOCHROME2"
    ds.PresentationLUTShape = "INVERSE" if inverted else "IDENTITY"
    ds.WindowCenter, ds.WindowWidth = "2048", "4096"
    ds.PixelData = (4095 - pixels if inverted else pixels).astype("<u2").tobytes()
    ds["PixelData"].VR = "OW"


def lateral(rng: np.random.Generator, side: int) -> NDArray[np.uint16]:
    """A stand-in for a lateral view, 12 bits: body, spine and heart in profile.

    Only ever excluded, so it need not be anatomy: it must not look like a frontal view.
    """
    down, across = (np.mgrid[0:side, 0:side] + 0.5) / side
    lean = float(rng.normal(0, 0.02))

    def blob(x: float, y: float, wide: float, high: float) -> NDArray[np.float64]:
        inside = 1 - ((across - x - lean) / wide) ** 2 - ((down - y) / high) ** 2
        return np.asarray(np.sqrt(np.clip(inside, 0, 1)))

    body = blob(0.5, 0.55, 0.40, 0.62)
    lung = blob(0.5, 0.45, 0.27, 0.33)
    path = body - 0.7 * lung + 0.45 * blob(0.42, 0.58, 0.15, 0.16) + 0.5 * blob(0.8, 0.5, 0.07, 0.6)
    grey = np.clip(path / 1.5, 0, 1) + rng.normal(0, 0.01, path.shape)
    return np.asarray(np.rint(np.clip(grey, 0, 1) * 4095), np.uint16)


def write_whole(file: Path, data: bytes) -> None:
    """Write a file so that it exists whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.partial")
    partial.write_bytes(data)
    partial.rename(file)
