"""A DICOM radiograph with a patient's identity planted in every field that may hold one."""

import io

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid


def dicom(pixels: np.ndarray) -> bytes:
    """A chest radiograph that says in every field whose it is."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = generate_uid()
    data = Dataset()
    data.file_meta = meta
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, generate_uid()
    data.PatientName, data.PatientID = "ZEBRAFISH^QUAGGA", "ID-kangaroo"
    data.PatientBirthDate, data.StudyDate = "19370211", "20150613"
    data.AccessionNumber, data.InstitutionName = "wombat-1", "Pangolin General"
    data.Modality, data.ViewPosition, data.BodyPartExamined = "DX", "PA", "CHEST"
    data.Rows, data.Columns = pixels.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 0
    data.PixelData = pixels.tobytes()
    stream = io.BytesIO()
    dcmwrite(stream, data, enforce_file_format=True)
    return stream.getvalue()
