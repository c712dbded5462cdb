"""Bytes → Radiograph: the one way in."""

from cxr_valve.imaging.limits import MAX_BYTES, MAX_PIXELS
from cxr_valve.imaging.presentation import Grading, grade
from cxr_valve.imaging.quiet import silence_readers
from cxr_valve.imaging.radiograph import Decoding, Radiograph
from cxr_valve.imaging.refusal import Refusal, damaged, too_large
from cxr_valve.imaging.sniff import sniff

__all__ = ["MAX_BYTES", "MAX_PIXELS", "load_radiograph"]

#: Below this the networks see fewer pixels than they were made for.
LOW_RESOLUTION = 256


def load_radiograph(data: bytes) -> Radiograph:
    """Read one radiograph from the bytes of a file; the content alone decides its type.

    Reads DICOM (with or without preamble, every still-image transfer syntax), PNG, JPEG, TIFF,
    BMP and WebP up to ``MAX_BYTES`` and ``MAX_PIXELS``. Safe to call from several threads.

    Returns:
        The radiograph at full depth, without anything that identifies the patient.

    Raises:
        Refusal: the bytes are not one greyscale image; no other exception is raised.
    """
    if len(data) > MAX_BYTES:
        expected = f"a file of at most {MAX_BYTES // 10**6} MB"
        raise too_large(expected, f"{len(data) / 1e6:.0f} MB")
    container = sniff(data)
    silence_readers()
    try:
        return _from_dicom(data) if container == "DICOM" else _from_raster(data, container)
    except Refusal:
        raise
    except Exception:
        # Parsers fail in countless ways on damaged files, and their messages may quote names:
        # so the cause is cut off.
        raise damaged(f"a {container} file that cannot be decoded") from None


def _from_dicom(data: bytes) -> Radiograph:
    # Imported here: pydicom takes half a second to import, and raster files do without.
    from cxr_valve.imaging.dicom import read_dicom

    frame = read_dicom(data)
    graded = grade(frame.stored, frame.bits, frame.grading)
    warnings = [*frame.warnings, *graded.warnings]
    if graded.window is None and not frame.grading.windows:
        warnings.append("The file gives no window; contrast was chosen from the image.")
    return Radiograph(
        pixels=graded.pixels,
        slope=graded.slope,
        intercept=graded.intercept,
        display=graded.display,
        spacing_mm=frame.facts.spacing_mm,
        spacing_source=frame.facts.spacing_source,
        view=frame.facts.view,
        decoding=Decoding(
            container="DICOM",
            transfer_syntax=frame.transfer_syntax,
            transfer_syntax_name=frame.transfer_syntax_name,
            photometric_interpretation=frame.layout.photometric,
            bits_stored=frame.layout.stored,
            window=graded.window,
            inverted=graded.inverted,
        ),
        warnings=(*warnings, *_resolution(graded.pixels.shape)),
        tone=graded.tone,
        modality=frame.facts.modality,
        body_part=frame.facts.body_part,
    )


def _from_raster(data: bytes, container: str) -> Radiograph:
    from cxr_valve.imaging.raster import read_raster

    raster = read_raster(data, container)
    graded = grade(raster.grey, raster.bits, Grading(inverted=raster.white_zero))
    return Radiograph(
        pixels=graded.pixels,
        slope=graded.slope,
        intercept=graded.intercept,
        display=graded.display,
        spacing_mm=None,
        spacing_source=None,
        view=None,
        decoding=Decoding(
            container=container,
            transfer_syntax=None,
            transfer_syntax_name=None,
            photometric_interpretation=raster.photometric,
            bits_stored=raster.bits,
            window=None,
            inverted=graded.inverted,
        ),
        warnings=(*raster.warnings, *graded.warnings, *_resolution(graded.pixels.shape)),
    )


def _resolution(shape: tuple[int, ...]) -> tuple[str, ...]:
    if min(shape) >= LOW_RESOLUTION:
        return ()
    size = f"{shape[1]} × {shape[0]}"
    return (f"The image has only {size} pixels; findings may be lost at this resolution.",)
