"""What the header says of the image beside its pixels: spacing, view and reasons for caution."""

import re
from dataclasses import dataclass
from typing import Any, Literal

from cxr_valve.imaging.header import Layout, number, numbers, word, words
from cxr_valve.imaging.objects import sop_class_name

SPACINGS = ("ImagerPixelSpacing", "PixelSpacing", "NominalScannedPixelSpacing")
_LOSSY = tuple(f"1.2.840.10008.1.2.4.{last}" for last in (50, 51, 53, 55, 81))
_USUAL_BITS = (8, 10, 12, 14, 16)
_LATERAL = ("LL", "RL", "LLD", "RLD", "LAT", "LATERAL", "L LAT", "R LAT", "LLAT", "RLAT")
_OBLIQUE = ("LAO", "RAO", "LPO", "RPO", "LLO", "RLO", "OBL", "OBLIQUE")
_OTHER_VIEWS = ("CC", "MLO", "ML", "LM", "LMO", "AXIAL", "TANGENTIAL", "DECUBITUS", "LORDOTIC")
_CODED_VIEWS = {
    "399348003": "AP",
    "272479007": "PA",
    "399067008": "LATERAL",
    "399173006": "LATERAL",
    "399198007": "LATERAL",
    "R-10206": "AP",
    "R-10214": "PA",
    "R-10236": "LATERAL",
    "R-10232": "LATERAL",
    "R-10228": "LATERAL",
}
_RADIOGRAPHY = ("CR", "DX", "DR", "RG", "XR", "RF", "OT", "")
_MODALITIES = {
    "CT": "a CT slice",
    "MR": "an MR image",
    "US": "an ultrasound image",
    "MG": "a mammogram",
    "NM": "a nuclear medicine image",
    "PT": "a PET image",
    "XA": "an angiogram",
    "IO": "an intra-oral radiograph",
    "PX": "a panoramic dental radiograph",
    "SEG": "a segmentation",
    "RTDOSE": "a radiotherapy dose",
    "RTIMAGE": "a radiotherapy image",
    "SM": "a microscopy image",
    "ES": "an endoscopy image",
    "XC": "a photograph",
    "GM": "a microscopy image",
    "OP": "an ophthalmic photograph",
}


_BODY_PARTS = {
    "HAND": "a hand",
    "WRIST": "a wrist",
    "FINGER": "a finger",
    "ELBOW": "an elbow",
    "SHOULDER": "a shoulder",
    "ARM": "an arm",
    "HIP": "a hip",
    "PELVIS": "a pelvis",
    "KNEE": "a knee",
    "LEG": "a leg",
    "ANKLE": "an ankle",
    "FOOT": "a foot",
    "EXTREMITY": "a limb",
    "SKULL": "a skull",
    "HEAD": "a head",
    "JAW": "a jaw",
    "NECK": "a neck",
    "SPINE": "a spine",
    "CSPINE": "a spine",
    "TSPINE": "a spine",
    "LSPINE": "a spine",
    "ABDOMEN": "an abdomen",
    "BREAST": "a breast",
}

Side = Literal["L", "R"]


@dataclass(frozen=True)
class Facts:
    """Spacing (row, column) in mm with the attribute it came from, view, and warnings.

    ``columns_run``: to which side of an upright patient columns run, "L" as radiographs are shown,
    "R" in a mirror image; None if the file does not say. ``modality`` and ``body_part`` in words
    where the file names another than a chest radiograph.
    """

    spacing_mm: tuple[float, float] | None
    spacing_source: str | None
    view: str | None
    columns_run: Side | None
    modality: str | None
    body_part: str | None
    warnings: tuple[str, ...]


def read_facts(dataset: Any, layout: Layout, transfer_syntax: str) -> Facts:
    """Collect the facts; nothing here can fail, what cannot be read is left out."""
    spacing, source = _spacing(dataset)
    view, columns_run = _view(dataset), _columns_run(dataset)
    warnings = _warnings(dataset, layout, transfer_syntax)
    # Another view, as of a breast, may well be kept so.
    if columns_run == "R" and view in (None, "PA", "AP"):
        warnings.append(
            "The file says that columns run to the patient's right: the image is stored mirrored."
        )
    return Facts(
        spacing_mm=spacing,
        spacing_source=source,
        view=view,
        columns_run=columns_run,
        modality=_MODALITIES.get(word(dataset, "Modality")),
        body_part=_BODY_PARTS.get(word(dataset, "BodyPartExamined")),
        warnings=tuple(warnings),
    )


def normalise_view(text: str) -> str | None:
    """A view position in any of its usual spellings → "PA", "AP", "LATERAL", "OBLIQUE", …

    Only known words come back: free text may hold anything, names included.
    """
    text = re.sub(r"[^A-Z]+", " ", text.upper()).strip()
    if re.search(r"\bP ?A\b|POSTERO ?ANTERIOR", text):
        return "PA"
    if re.search(r"\bA ?P\b|ANTERO ?POSTERIOR", text):
        return "AP"
    if text in _LATERAL or "LATERAL" in text.split():
        return "LATERAL"
    if text in _OBLIQUE or "OBLIQUE" in text.split():
        return "OBLIQUE"
    return text if text in _OTHER_VIEWS else None


def _spacing(dataset: Any) -> tuple[tuple[float, float] | None, str | None]:
    for keyword in SPACINGS:
        found = numbers(dataset, keyword)
        # Outside these bounds it is a mistake of units or a placeholder.
        if len(found) == 2 and all(0.001 <= value <= 100 for value in found):
            return (found[0], found[1]), keyword
    return None, None


def _view(dataset: Any) -> str | None:
    view = normalise_view(word(dataset, "ViewPosition"))
    if view:
        return view
    try:
        for item in getattr(dataset, "ViewCodeSequence", None) or ():
            coded = _CODED_VIEWS.get(word(item, "CodeValue"))
            if coded or normalise_view(word(item, "CodeMeaning")):
                return coded or normalise_view(word(item, "CodeMeaning"))
    except Exception:  # a sequence of the wrong kind is as good as none
        return None
    orientation = words(dataset, "PatientOrientation")
    # Rows that run from back to front, or the reverse, can only be a lateral view.
    if len(orientation) == 2 and orientation[0] in ("A", "P") and orientation[1][:1] in ("F", "H"):
        return "LATERAL"
    return None


def _columns_run(dataset: Any) -> Side | None:
    """The side that columns run to, of a patient whose feet are at the bottom.

    Upside down, right and left swap places without a mirror: the input gate sees to that.
    """
    orientation = words(dataset, "PatientOrientation")
    if len(orientation) != 2 or orientation[1][:1] != "F":
        return None
    # A slant is given by further letters, the main direction comes first.
    side = orientation[0][:1]
    return "L" if side == "L" else "R" if side == "R" else None


def _warnings(dataset: Any, layout: Layout, transfer_syntax: str) -> list[str]:
    found: list[str] = []
    if word(dataset, "BurnedInAnnotation") == "YES":
        found.append("The file says that text is burned into the image; it may name the patient.")
    modality = word(dataset, "Modality")
    if modality in _MODALITIES:
        found.append(
            f"The file says that it holds {_MODALITIES[modality]}, not a chest radiograph."
        )
    elif modality not in _RADIOGRAPHY:
        found.append("The file says that it holds another kind of image than a radiograph.")
    image_type = words(dataset, "ImageType")
    if "SECONDARY" in image_type[1:2] or sop_class_name(dataset).startswith("Secondary Capture"):
        found.append(
            "This is a secondary capture: a copy of a screen or a scan, already processed."
        )
    elif image_type[:1] == ("DERIVED",) and modality not in ("CR", "DX", "DR", "MG"):
        found.append("This image was derived from another one.")
    if word(dataset, "LossyImageCompression") in ("01", "1") or transfer_syntax in _LOSSY:
        ratio = number(dataset, "LossyImageCompressionRatio")
        by = f" about {ratio:.0f}:1" if ratio and ratio > 1 else ""
        found.append(f"The image was compressed{by} with loss; fine detail may be gone.")
    if layout.float_bytes or layout.stored not in _USUAL_BITS:
        bits = "1 bit" if layout.stored == 1 else f"{layout.stored} bits"
        kind = "floating-point values" if layout.float_bytes else f"{bits} per pixel"
        found.append(f"The image has {kind}, which is unusual for a radiograph.")
    return found
