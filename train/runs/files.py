"""Files that are whole or absent: written aside and renamed, read without trusting them."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any


def write_atomically(file: Path, text: str, *, durable: bool = False) -> None:
    """Replace ``file`` with ``text`` in one step; ``durable`` also outlives a power cut.

    Raises:
        OSError: the disk is full or the folder cannot be written; the old file is then untouched.
    """
    # A name of its own: two processes may write the same file at once.
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    partial = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        partial.chmod(0o644)
        partial.replace(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def read_object(file: Path) -> dict[str, Any] | None:
    """The JSON object in ``file``; None where there is none or it is not (yet) whole."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def tail(file: Path, lines: int, most_bytes: int = 64_000) -> tuple[str, ...]:
    """The last lines of a text file that may be long, still growing, or absent."""
    try:
        with file.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            start = max(0, stream.tell() - most_bytes)
            stream.seek(start)
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return ()
    found = text.splitlines()
    if start and len(found) > 1:
        found = found[1:]  # the first one may be cut
    return tuple(found[-lines:]) if lines > 0 else ()
