"""What a JPEG, JPEG-LS or JPEG 2000 codestream says of itself, read before any codec runs."""

from dataclasses import dataclass

from cxr_valve.imaging.refusal import Refusal, damaged, truncated

#: More scans than this serve only to keep a decoder busy.
MAX_SCANS = 200
_STANDALONE = {0x01, *range(0xD0, 0xD9)}
_FRAME_MARKERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class Codestream:
    """``kind``: "jpeg", "jpeg-ls" or "jpeg-2000"; ``precision`` in bits; ``process``: SOF byte."""

    kind: str
    rows: int
    columns: int
    components: int
    precision: int
    process: int = 0


def read_codestream(data: bytes) -> Codestream:
    """Read size, components and precision from the header.

    Raises:
        Refusal: not one of these codestreams, an impossible header, or no end marker, which
            means that the image was cut short (decoders would fill the rest with grey).
    """
    if data.startswith(b"\xff\xd8"):
        found = _jpeg(data)
    elif data.startswith((b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  ")):
        found = _jpeg_2000(data)
    else:
        raise damaged("compressed pixel data of no known kind")
    # Padding may follow the end marker; it is never long.
    if b"\xff\xd9" not in data.rstrip(b"\0")[-64:]:
        raise truncated("compressed pixel data without its end")
    if not (found.rows and found.columns and found.components):
        raise damaged("a compressed image of zero size")
    return found


def _jpeg(data: bytes) -> Codestream:
    position, size = 2, len(data)
    while position + 4 <= size:
        if data[position] != 0xFF:
            raise damaged("JPEG data with a broken header")
        marker = data[position + 1]
        if marker == 0xFF or marker in _STANDALONE:
            position += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if marker in _FRAME_MARKERS:
            frame = data[position + 4 : position + 10]
            if len(frame) < 6:
                break
            if data.count(b"\xff\xda") > MAX_SCANS:
                raise damaged("a JPEG in an unreasonable number of scans")
            return Codestream(
                kind="jpeg-ls" if marker == 0xF7 else "jpeg",
                rows=int.from_bytes(frame[1:3], "big"),
                columns=int.from_bytes(frame[3:5], "big"),
                components=frame[5],
                precision=frame[0],
                process=marker,
            )
        if length < 2 or marker == 0xDA:
            raise damaged("JPEG data with a broken header")
        position += 2 + length
    raise truncated("JPEG data that ends in its header")


def _jpeg_2000(data: bytes) -> Codestream:
    start = 0
    if not data.startswith(b"\xff\x4f"):
        box = data.find(b"jp2c")
        start = box + 4 if box >= 0 else len(data)
    siz = data[start + 2 : start + 44]
    if len(siz) < 42 or siz[:2] != b"\xff\x51":
        raise truncated("JPEG 2000 data that ends in its header")

    def word(offset: int) -> int:
        return int.from_bytes(siz[offset : offset + 4], "big")

    columns, rows = word(6) - word(14), word(10) - word(18)
    tile_columns, tile_rows = word(22), word(26)
    if columns <= 0 or rows <= 0 or not tile_columns or not tile_rows:
        raise damaged("JPEG 2000 data of impossible size")
    components = int.from_bytes(siz[38:40], "big")
    if components > 4 or (word(6) // tile_columns + 1) * (word(10) // tile_rows + 1) > 65535:
        raise Refusal("unsupported", "one grey component", "JPEG 2000 data of unusual structure")
    precision = (siz[40] & 0x7F) + 1
    return Codestream("jpeg-2000", rows, columns, components, precision)
