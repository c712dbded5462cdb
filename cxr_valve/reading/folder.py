"""Many files, streamed: a few are read side by side, memory stays flat."""

import os
import stat
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cxr_valve.imaging.limits import MAX_BYTES
from cxr_valve.imaging.refusal import Refusal, too_large
from cxr_valve.reading.reader import Inputs, Reader
from cxr_valve.reading.reading import Reading

Status = Literal["read", "refused", "error"]
#: Files in work beyond those that the networks take at once: they are decoded in the meantime.
DECODED = 1
#: Outcomes that may wait for an earlier one; each holds its pixels in memory.
WAITING = 2


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of one file. ``reason`` says why it was not read; ``inputs`` has its pixels.

    A file that the input gate refused has a ``reading`` without findings.
    """

    path: Path
    status: Status
    reason: str | None
    reading: Reading | None
    inputs: Inputs | None
    engine: str
    seconds: float


def find_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Files named, and every file below the folders named, in order; hidden ones are skipped.

    Folders below these that cannot be listed, and links to folders, which are not followed as
    they may lead in a circle, come as they are: reading them says why nothing in them was read.
    """
    for path in paths:
        # ``Path.is_dir`` fails on a name that is too long; that is for the reading to say.
        if os.path.isdir(path):  # noqa: PTH112
            yield from _below(path)
        else:
            yield path


def _below(top: Path) -> Iterator[Path]:
    closed: list[Path] = []

    def remember(error: OSError) -> None:
        closed.append(Path(error.filename))

    for folder, folders, files in os.walk(top, onerror=remember):
        yield from closed
        closed.clear()
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(files) if not name.startswith("."))
        yield from (linked for name in folders if (linked := Path(folder, name)).is_symlink())
    yield from closed


def read_files(
    reader: Reader, paths: Iterable[Path], *, read_anyway: bool = False
) -> Iterator[Outcome]:
    """Read files as many at once as the reader's engine takes, yielding each outcome in the order
    of the files; no file stops the rest.

    ``read_anyway``: also what the input gate refuses.
    """
    workers = reader.engine.at_once + DECODED
    waiting: deque[Future[Outcome]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for path in paths:
                waiting.append(pool.submit(_read, reader, path, read_anyway=read_anyway))
                if len(waiting) >= workers + WAITING:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _decode(reader: Reader, path: Path) -> Inputs:
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        _look_into(path)
    elif not stat.S_ISREG(found.st_mode):
        # Opening a pipe waits for somebody to write to it, and a device may never end.
        raise Refusal("no-file", "a file", "a pipe or device", "Name a file that holds the image.")
    if found.st_size > MAX_BYTES:
        raise too_large(
            f"a file of at most {MAX_BYTES // 10**6} MB", f"{found.st_size / 1e6:.0f} MB"
        )
    with path.open("rb") as stream:
        # It may have grown; one byte too many is enough to refuse it.
        return reader.inputs(stream.read(MAX_BYTES + 1))


def _look_into(folder: Path) -> None:
    """Say why a folder was not entered.

    Raises:
        Refusal: it is a link.
        OSError: it cannot be listed.
    """
    if folder.is_symlink():
        found = "a link to a folder, which is not followed"
        raise Refusal("linked-folder", "a file", found, "Name the folder on the command line.")
    try:
        os.scandir(folder).close()
    except OSError as error:
        found = f"a folder that cannot be listed ({error.strerror})"
        raise OSError(error.errno, found) from error


def outcome_of(path: Path, reading: Reading, inputs: Inputs | None) -> Outcome:
    """The outcome of a reading: read, or refused by the input gate with its reason."""
    status: Status = "refused" if reading.refused else "read"
    reason = reading.gate.reason if reading.refused else None
    return Outcome(path, status, reason, reading, inputs, reading.engine, reading.seconds)


def _read(reader: Reader, path: Path, *, read_anyway: bool) -> Outcome:
    started = time.perf_counter()
    engine = reader.engine.name
    try:
        inputs = _decode(reader, path)
        return outcome_of(path, reader.infer(inputs, read_anyway=read_anyway), inputs)
    except Refusal as refusal:
        status: Status = "refused"
        reason = str(refusal)
    except OSError as error:
        status = "error"
        reason = f"Expected a readable file, found: {error.strerror or error}. Check the path."
    except Exception as error:  # a defect of ours: the batch goes on and the file is named
        status = "error"
        reason = f"Unexpected {type(error).__name__}; please report it with the kind of file."
    return Outcome(path, status, reason, None, None, engine, time.perf_counter() - started)
