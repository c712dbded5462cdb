"""DICOM bytes → one frame of stored values and the facts to present it; nothing else is kept."""

import io
import zlib
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.filereader import read_dataset
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import UID

from cxr_valve.imaging.colour import to_grey
from cxr_valve.imaging.facts import Facts, read_facts
from cxr_valve.imaging.header import PALETTE, Layout, pixel_keyword, read_layout
from cxr_valve.imaging.limits import MAX_PIXELS
from cxr_valve.imaging.objects import refuse_objects_without_frame
from cxr_valve.imaging.pixels import read_stored
from cxr_valve.imaging.presentation import Grading, read_grading
from cxr_valve.imaging.refusal import Refusal, damaged, too_large, truncated

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
DEFLATED, BIG_ENDIAN = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"
_LONG_LENGTH = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"UC", b"UN", b"UR", b"UT")
#: An inflated dataset holds at most one 16-bit image of the largest size, and its header.
MAX_INFLATED = 2 * MAX_PIXELS + 2**20


@dataclass(frozen=True, eq=False)
class Frame:
    """One decoded frame: stored values (rows, columns), how to grade them, and what is known."""

    stored: NDArray[Any]
    bits: int
    layout: Layout
    grading: Grading
    facts: Facts
    transfer_syntax: str | None
    transfer_syntax_name: str | None
    warnings: tuple[str, ...]


class _Watched(io.BytesIO):
    """Notices when more was asked for than there was: the sign of a file cut short."""

    short = False

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if size is not None and 0 < len(data) < size:
            self.short = True
        return data


def read_dicom(data: bytes) -> Frame:
    """Parse and decode one frame of a DICOM file, with or without preamble.

    Raises:
        Refusal: not one greyscale frame, truncated, too large or damaged.
    """
    dataset, transfer_syntax, little_endian, short = _parse(data)
    refuse_objects_without_frame(dataset, transfer_syntax)
    if not pixel_keyword(dataset):
        kind = "the header of an image without its pixel data"
        kind = kind if "Rows" in dataset else "a DICOM file without an image"
        raise truncated(kind) if short else Refusal("no-pixels", found=kind)
    layout = read_layout(dataset, little_endian)
    read = read_stored(dataset, layout, transfer_syntax)
    stored, bits = read.values, layout.stored
    warnings = [*layout.warnings, *read.warnings]
    if layout.photometric == PALETTE:
        stored = apply_color_lut(stored, dataset)
        bits = stored.dtype.itemsize * 8
    if stored.ndim == 3:
        stored, note = to_grey(stored, read.others, palette=layout.photometric == PALETTE)
        warnings.append(note)
    facts = read_facts(dataset, layout, transfer_syntax)
    grading = read_grading(dataset, layout)
    # A UID that DICOM does not define was made up at some site, and may point to it.
    uid = UID(transfer_syntax)
    known = transfer_syntax.startswith("1.2.840.10008.1.2") and uid.name != transfer_syntax
    return Frame(
        stored=stored,
        bits=bits,
        layout=layout,
        grading=grading,
        facts=facts,
        transfer_syntax=transfer_syntax if known else None,
        transfer_syntax_name=uid.name if known else None,
        warnings=(*warnings, *facts.warnings),
    )


def _parse(data: bytes) -> tuple[Any, str, bool, bool]:
    """The dataset, its transfer syntax, whether it is little endian, whether it was cut short."""
    start = 132 if data[128:132] == b"DICM" else 0
    transfer_syntax, body = _file_meta(data, start)
    if transfer_syntax == DEFLATED:
        stream = _Watched(_inflate(data[body:]))
        return read_dataset(stream, False, True), transfer_syntax, True, stream.short
    stream = _Watched(data)
    try:
        dataset = dcmread(stream, force=True)
    except Exception:
        # The cause is cut off: its message may quote values of the header.
        if stream.short:
            raise truncated("a DICOM header that breaks off") from None
        raise damaged("a DICOM header that cannot be read") from None
    if not len(dataset):
        # What pydicom leaves of a file that ends inside an element of unknown length.
        if body + 8 < len(data):
            raise truncated("a DICOM file that breaks off")
        raise Refusal("no-pixels", found="a DICOM file without any data")
    if not transfer_syntax:
        implicit, little = dataset.original_encoding
        transfer_syntax = IMPLICIT if implicit else EXPLICIT if little else BIG_ENDIAN
    return dataset, transfer_syntax, transfer_syntax != BIG_ENDIAN, stream.short


def _file_meta(data: bytes, position: int) -> tuple[str, int]:
    """Transfer syntax ("" if none is given) and where the dataset begins after group 2."""
    transfer_syntax = ""
    while data[position : position + 2] == b"\x02\0" and position + 8 <= len(data):
        if data[position + 4 : position + 6] in _LONG_LENGTH:
            value = position + 12
            length = int.from_bytes(data[position + 8 : value], "little")
        else:
            value = position + 8
            length = int.from_bytes(data[position + 6 : value], "little")
        if data[position + 2 : position + 4] == b"\x10\0":
            transfer_syntax = data[value : value + min(length, 64)].decode("ascii", "replace")
            transfer_syntax = transfer_syntax.strip("\0 ")
        position = value + length
    return transfer_syntax, position


def _inflate(data: bytes) -> bytes:
    """Undo deflation, but never beyond ``MAX_INFLATED`` bytes."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(data, MAX_INFLATED + 1)
    except zlib.error as error:
        raise damaged("deflated data that cannot be inflated") from error
    if len(inflated) > MAX_INFLATED:
        limit = MAX_INFLATED // 10**6
        raise too_large(f"at most {limit} MB once inflated", "a deflated file of more")
    if not inflater.eof:
        raise truncated("deflated data that breaks off")
    return inflated
