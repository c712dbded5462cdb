"""What a file is, from its bytes alone: names and extensions are hints that mislead."""

from cxr_valve.imaging.refusal import Refusal

#: Containers that are read. Tried in this order; each entry is (offset, bytes, container).
READ = (
    (128, b"DICM", "DICOM"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"II+\0", "TIFF"),
    (0, b"MM\0+", "TIFF"),
)

_UNPACK = "Unpack it and choose one radiograph."
_EXPORT = "Export the radiograph as DICOM or PNG and try again."

#: Files refused by name: (offset, bytes, code, what it is, advice).
REFUSED = (
    (0, b"PK\x03\x04", "archive", "a zip archive or office document", _UNPACK),
    (0, b"PK\x05\x06", "archive", "an empty zip archive", _UNPACK),
    (0, b"PK\x07\x08", "archive", "a zip archive", _UNPACK),
    (0, b"\x1f\x8b", "archive", "a gzip archive", _UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "archive", "a 7z archive", _UNPACK),
    (0, b"Rar!\x1a\x07", "archive", "a RAR archive", _UNPACK),
    (0, b"BZh", "archive", "a bzip2 archive", _UNPACK),
    (0, b"\xfd7zXZ\0", "archive", "an xz archive", _UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "archive", "a Zstandard archive", _UNPACK),
    (257, b"ustar", "archive", "a tar archive", _UNPACK),
    (344, b"n+1\0", "volume", "a NIfTI volume", _EXPORT),
    (344, b"ni1\0", "volume", "a NIfTI header", _EXPORT),
    (4, b"n+2\0", "volume", "a NIfTI volume", _EXPORT),
    (0, b"NRRD", "volume", "an NRRD volume", _EXPORT),
    (0, b"\x89HDF", "volume", "an HDF5 file", _EXPORT),
    (0, b"\x93NUMPY", "volume", "a NumPy array", _EXPORT),
    (0, b"GIF8", "unsupported-image", "a GIF picture", _EXPORT),
    (0, b"\0\0\0\x0cjP  ", "unsupported-image", "a bare JPEG 2000 picture", _EXPORT),
    (0, b"\xff\x4f\xff\x51", "unsupported-image", "a bare JPEG 2000 picture", _EXPORT),
    (0, b"\0\0\0\x0cJXL ", "unsupported-image", "a JPEG XL picture", _EXPORT),
    (0, b"\xff\x0a", "unsupported-image", "a JPEG XL picture", _EXPORT),
    (0, b"8BPS", "unsupported-image", "a Photoshop document", _EXPORT),
    (0, b"v/1\x01", "unsupported-image", "an OpenEXR picture", _EXPORT),
    (4, b"ftypheic", "unsupported-image", "a HEIC picture", _EXPORT),
    (4, b"ftypmif1", "unsupported-image", "a HEIF picture", _EXPORT),
    (4, b"ftypavif", "unsupported-image", "an AVIF picture", _EXPORT),
    (4, b"ftyp", "video", "a video", _EXPORT),
    (0, b"\x1a\x45\xdf\xa3", "video", "a video", _EXPORT),
    (0, b"\0\0\x01\xba", "video", "a video", _EXPORT),
    (0, b"\0\0\x01\xb3", "video", "a video", _EXPORT),
    (0, b"OggS", "video", "a sound or video file", _EXPORT),
    (0, b"FLV\x01", "video", "a video", _EXPORT),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "document", "an office document", _EXPORT),
    (0, b"\x7fELF", "not-an-image", "a program", _EXPORT),
    (0, b"MZ", "not-an-image", "a program", _EXPORT),
    (0, b"SQLite format 3", "not-an-image", "a database", _EXPORT),
)


def sniff(data: bytes) -> str:
    """Name the container: "DICOM", "PNG", "JPEG", "TIFF", "BMP" or "WebP".

    Raises:
        Refusal: the bytes are none of these; the refusal names what they are where it can.
    """
    if not data:
        raise Refusal("empty", "a radiograph", "an empty file", "Export it again.")
    for offset, magic, container in READ:
        if data.startswith(magic, offset):
            return container
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    # "BM" alone begins many words; a bitmap's reserved bytes are zero and its header is known.
    if data[:2] == b"BM" and data[6:10] == bytes(4) and data[15:18] == bytes(3):
        return "BMP"
    if _bare_dataset(data):
        return "DICOM"
    raise _unreadable(data)


def _bare_dataset(data: bytes) -> bool:
    """Whether the bytes begin as a DICOM dataset does, without preamble.

    The first element must lie in group 2 or 8 and have either a known explicit VR or an
    implicit length that fits, and the element after it must follow in order.
    """
    if len(data) < 16:
        return False
    for order in ("little", "big"):
        group = int.from_bytes(data[0:2], order)
        element = int.from_bytes(data[2:4], order)
        if group not in (0x0002, 0x0008) or element > 0x0100:
            continue
        if data[4:6] in (b"UL", b"OB", b"UI", b"CS", b"DA", b"SH", b"LO", b"TM", b"AE", b"UN"):
            return True
        length = int.from_bytes(data[4:8], order)
        following = int.from_bytes(data[8 + length : 10 + length], order)
        if length <= 1024 and 8 + length < len(data) and following in (0x0002, 0x0008):
            return True
    return False


def _unreadable(data: bytes) -> Refusal:
    """The refusal that says what the bytes are instead."""
    expected = "a DICOM, PNG, JPEG, TIFF, BMP or WebP radiograph"
    for offset, magic, code, name, advice in REFUSED:
        if data.startswith(magic, offset):
            return Refusal(code, expected, name, advice)
    if b"%PDF-" in data[:1024]:
        return Refusal("pdf", expected, "a PDF document", _EXPORT)
    if data[:4] == b"RIFF":
        return Refusal("video", expected, "a sound or video file", _EXPORT)
    if not any(data[:4096]) and not any(data):
        return Refusal("empty", expected, "nothing but zero bytes", "Export it again.")
    return _text_or_unknown(data, expected)


def _text_or_unknown(data: bytes, expected: str) -> Refusal:
    start = data[:2048]
    head = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return Refusal("text", expected, "a web page", _EXPORT)
    if head.startswith(b"<svg") or (head.startswith(b"<?xml") and b"<svg" in head):
        return Refusal("unsupported-image", expected, "an SVG drawing", _EXPORT)
    if head.startswith(b"<"):
        return Refusal("text", expected, "an XML document", _EXPORT)
    printable = sum(byte >= 32 or byte in b"\t\r\n\f" for byte in start)
    if b"\0" not in start and printable > 0.97 * len(start) and _is_text(start):
        return Refusal("text", expected, "a text file", _EXPORT)
    return Refusal("not-an-image", expected, "a file of unknown type", _EXPORT)


def _is_text(start: bytes) -> bool:
    """Whether the bytes are UTF-8, allowing a character cut at the end."""
    try:
        start[:-3].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
