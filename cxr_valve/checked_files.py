"""Files of a set of weights, held to the checksums that its card names."""

import hashlib
from pathlib import Path


class CardError(ValueError):
    """A set of weights that cannot be used; the message names the file and the field."""


def sha256(file: Path) -> str:
    """Hex digest of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def checked(file: Path, expected: str) -> Path:
    """The file, after its checksum was found right.

    Raises:
        CardError: the file is missing or is not the one with that checksum.
    """
    if not file.is_file():
        raise CardError(f"{file.parent.name}/{file.name}: Expected this file, found none.")
    found = sha256(file)
    if found != expected:
        raise CardError(
            f"{file.parent.name}/{file.name}: Expected checksum {expected[:12]}…, found "
            f"{found[:12]}…. The file was changed or damaged; restore the set from its source."
        )
    return file
