"""DICOM objects that hold no single frame, refused with the reason that was seen."""

from typing import Any

from pydicom.uid import UID

from cxr_valve.imaging.header import integer, pixel_keyword, word
from cxr_valve.imaging.refusal import Refusal

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_VIDEO = tuple(f"1.2.840.10008.1.2.4.{last}" for last in range(100, 109))
_REFERENCED = tuple(f"1.2.840.10008.1.2.4.{last}" for last in (94, 95, 204, 205))
_EXPORT = "Export the radiograph itself and try again."
_ONE = "Export a single frame and try again."


def refuse_objects_without_frame(dataset: Any, transfer_syntax: str) -> None:
    """Raise the Refusal that fits an object which cannot be one frame; else do nothing."""
    sop_class = _sop_class(dataset)
    if sop_class == "1.2.840.10008.1.3.10" or "DirectoryRecordSequence" in dataset:
        advice = "Choose one image of the series."
        raise Refusal("directory", found="a DICOM directory that lists other files", advice=advice)
    if sop_class == _STORAGE + "104.1":
        raise Refusal("pdf", found="a PDF document inside a DICOM file", advice=_EXPORT)
    if "EncapsulatedDocument" in dataset:
        raise Refusal("document", found="a document inside a DICOM file", advice=_EXPORT)
    if transfer_syntax.startswith(_VIDEO):
        raise Refusal("video", found="a video inside a DICOM file", advice=_ONE)
    if transfer_syntax in _REFERENCED:
        raise Refusal("no-pixels", found="an image kept on another server", advice=_EXPORT)
    if pixel_keyword(dataset):
        frames = integer(dataset, "NumberOfFrames") or 1
        if frames > 1:
            raise Refusal("multi-frame", found=f"{frames} frames", advice=_ONE)
        return
    if sop_class.startswith(_STORAGE + "88.") or word(dataset, "Modality") == "SR":
        raise Refusal("structured-report", found="a structured report", advice=_EXPORT)
    name = _name(sop_class)
    if name and "Rows" not in dataset and not _usually_an_image(sop_class):
        raise Refusal("no-pixels", found=f"a DICOM object of kind {name!r}", advice=_EXPORT)


def sop_class_name(dataset: Any) -> str:
    """The kind of object in DICOM's own words without "Storage", "" if unknown."""
    return _name(_sop_class(dataset))


def _sop_class(dataset: Any) -> str:
    meta = getattr(dataset, "file_meta", None)
    found = word(dataset, "SOPClassUID")
    return found or (word(meta, "MediaStorageSOPClassUID") if meta is not None else "")


def _name(sop_class: str) -> str:
    uid = UID(sop_class)
    # Unknown and private UIDs name the site that made them, so they are never shown.
    known = sop_class.startswith("1.2.840.10008.") and uid.name != sop_class
    return uid.name.replace(" Storage", "").strip() if known else ""


def _usually_an_image(sop_class: str) -> bool:
    return "Image" in UID(sop_class).name
