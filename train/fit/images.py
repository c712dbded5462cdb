"""Radiographs prepared once, before the first epoch, so that no batch ever waits for a file.

Beside the cohort, ``prepared/<size>-<preprocessing>/`` holds ``images.npy``, uint8 (rows of the
table, size, size), and ``index.csv``: for each row the content (SHA-256) it was made of. A file
that was touched but holds the same bytes is not prepared again; one that vanished or broke after it
was prepared stays as it was, so that a run can go on.
"""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from cxr_valve.imaging.geometry import Geometry
from cxr_valve.imaging.limits import MAX_BYTES
from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.prepare import PREPROCESSING, prepare_sizes
from cxr_valve.imaging.refusal import Refusal
from train.cohort.store import StoredCohort
from train.fit.index import Entry, Extent, Index
from train.fit.outcomes import TrainingError, reason

FOLDER = "prepared"
#: Each thread holds one radiograph at full depth.
MOST_THREADS = 8
#: Rows between two writes of the index: what a killed process has to prepare again at most.
ROWS_A_WRITE = 64

Report = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class PreparedImages:
    """The radiographs of a cohort as a network sees them.

    ``images``: uint8 (rows of the table, S, S), memory-mapped; ``usable``: bool (rows,), False
    where there is no image; ``extents``: float (rows, 4), where the whole input lies in the
    radiograph: top, left, height and width as shares of the radiograph's own; ``problems``: why
    there is none, by neutral image id.
    """

    images: NDArray[np.uint8]
    usable: NDArray[np.bool_]
    extents: NDArray[np.float64]
    problems: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class _Read:
    """One file read: its entry, and its images by size unless they are there already."""

    entry: Entry
    images: Mapping[int, NDArray[np.uint8]]


def prepare_images(
    cohort: StoredCohort, sizes: Sequence[int], report: Report = lambda *_: None
) -> dict[int, PreparedImages]:
    """Prepare the radiographs of ``cohort`` for each size, or reuse what is there and still true.

    ``report`` is told (done, total) after each row and may raise to stop; what is done stays done.

    Raises:
        TrainingError: the cohort's folder cannot be written, or its disk has too little room.
    """
    ids = cohort.table["image"].to_list()
    files = [cohort.file_of(path) for path in cohort.table["path"]]
    root = cohort.folder / FOLDER
    try:
        root.mkdir(exist_ok=True)
        with _locked(root / "lock", lambda: report(0, len(ids))):
            stores = [_Store.open(root, size, ids) for size in sizes]
            _fill(stores, ids, files, report)
            return {store.size: store.close() for store in stores}
    except OSError as error:
        need = sum(len(ids) * size**2 for size in sizes) / 1e6
        raise TrainingError(
            f"Expected to keep {need:.0f} MB of prepared images in the cohort's folder; found that "
            f"{reason(error)}. Make room or allow writing there, then resume."
        ) from error


class _Store:
    """The prepared images of one size, open for writing."""

    def __init__(self, size: int, ids: Sequence[str], array: Path, index: Index) -> None:
        self.size, self.index, self._ids, self._file = size, index, ids, array
        self._array = np.load(array, mmap_mode="r+")

    @classmethod
    def open(cls, root: Path, size: int, ids: Sequence[str]) -> "_Store":
        folder = root / f"{size}-{PREPROCESSING.replace('/', '-')}"
        folder.mkdir(exist_ok=True)
        array, index = folder / "images.npy", folder / "index.csv"
        if not _holds(array, (len(ids), size, size)):
            index.unlink(missing_ok=True)
            _reserve(array, (len(ids), size, size))
        return cls(size, ids, array, Index(index))

    def put(self, row: int, read: _Read) -> None:
        known = self.index.get(row, self._ids[row])
        if read.entry.problem and known is not None and not known.problem:
            # It was whole when it was prepared: that image stays.
            return
        if self.size in read.images:
            self._array[row] = read.images[self.size]
        self.index.put(row, self._ids[row], read.entry)

    def write(self) -> None:
        self._array.flush()
        self.index.write()

    def close(self) -> PreparedImages:
        self.write()
        entries = [self.index.get(row, name) for row, name in enumerate(self._ids)]
        return PreparedImages(
            images=np.load(self._file, mmap_mode="r"),
            usable=np.array([entry is not None and not entry.problem for entry in entries]),
            extents=np.array([entry.extent if entry else Entry.NOWHERE for entry in entries]),
            problems={
                name: entry.problem
                for name, entry in zip(self._ids, entries, strict=True)
                if entry is not None and entry.problem
            },
        )


def _fill(
    stores: Sequence[_Store], ids: Sequence[str], files: Sequence[Path], report: Report
) -> None:
    """Read every file that is new or was touched, several at a time, and keep what comes of it."""
    due = [row for row, file in enumerate(files) if _is_due(stores, row, ids[row], file)]
    report(len(ids) - len(due), len(ids))
    pool = ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1))
    try:
        reads = pool.map(partial(_read_row, stores, ids, files), due)
        for done, (row, read) in enumerate(zip(due, reads, strict=True), 1):
            for store in stores:
                store.put(row, read)
            if done % ROWS_A_WRITE == 0:
                for store in stores:
                    store.write()
            report(len(ids) - len(due) + done, len(ids))
    finally:
        pool.shutdown(cancel_futures=True)
        for store in stores:
            store.write()


def _is_due(stores: Sequence[_Store], row: int, name: str, file: Path) -> bool:
    try:
        found = file.stat()
    except OSError:
        return any(store.index.get(row, name) is None for store in stores)
    touched = (found.st_size, found.st_mtime_ns)
    entries = [store.index.get(row, name) for store in stores]
    return any(entry is None or entry.touched != touched for entry in entries)


def _read_row(
    stores: Sequence[_Store], ids: Sequence[str], files: Sequence[Path], row: int
) -> _Read:
    known = {store.size: store.index.get(row, ids[row]) for store in stores}
    return _read(files[row], known)


def _read(file: Path, known: Mapping[int, Entry | None]) -> _Read:
    """Read one file; ``known`` holds what is kept of it so far, by size."""
    try:
        found = file.stat()
        touched = (found.st_size, found.st_mtime_ns)
        # What is larger is refused anyway: no need to read it whole.
        data = file.read_bytes() if found.st_size <= MAX_BYTES else b""
    except OSError as error:
        return _Read(Entry((0, 0), "", reason(error), Entry.NOWHERE), {})
    content = hashlib.sha256(data).hexdigest()
    kept = [entry for entry in known.values() if entry is not None and entry.content == content]
    if len(kept) == len(known):
        return _Read(Entry(touched, content, kept[0].problem, kept[0].extent), {})
    try:
        radiograph = load_radiograph(data)
    except Refusal as refusal:
        problem = f"expected {refusal.expected}, found {refusal.found}"
        return _Read(Entry(touched, content, problem, Entry.NOWHERE), {})
    prepared = prepare_sizes(radiograph, known)
    extent = extent_of(next(iter(prepared.values())).geometry)
    images = {size: np.rint(item.image * 255).astype(np.uint8) for size, item in prepared.items()}
    return _Read(Entry(touched, content, "", extent), images)


def extent_of(geometry: Geometry) -> Extent:
    """Where the whole input lies in the radiograph, as in ``PreparedImages.extents``."""
    box = geometry.input_extent()
    rows, columns = geometry.rows, geometry.columns
    return box.top / rows, box.left / columns, box.height / rows, box.width / columns


def _holds(array: Path, shape: tuple[int, ...]) -> bool:
    try:
        return bool(np.load(array, mmap_mode="r").shape == shape)
    except (OSError, ValueError):
        return False


def _reserve(array: Path, shape: tuple[int, ...]) -> None:
    """Make the file at its full length: writing to a mapped file on a full disk would kill us."""
    partial_file = array.with_suffix(".partial")
    np.lib.format.open_memmap(partial_file, mode="w+", dtype=np.uint8, shape=shape)
    try:
        with partial_file.open("r+b") as stream:
            os.posix_fallocate(stream.fileno(), 0, partial_file.stat().st_size)
    except OSError:
        partial_file.unlink()
        raise
    partial_file.replace(array)


class _locked:  # noqa: N801  (used as a statement)
    """Holds a file's lock; another run that prepares the same cohort is waited for."""

    def __init__(self, file: Path, waiting: Callable[[], None]) -> None:
        self._lock, self._waiting = FileLock(file), waiting

    def __enter__(self) -> None:
        while True:
            try:
                self._lock.acquire(timeout=1)
                return
            except Timeout:
                self._waiting()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
