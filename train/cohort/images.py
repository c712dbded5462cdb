"""Looking into each image once: does it decode, what does it show, and which others equal it."""

import hashlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path

import pandas as pd

from cxr_valve.engines.engine import cache_folder
from cxr_valve.imaging.limits import MAX_BYTES
from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.refusal import Refusal

#: What is known of an image: ``pixels`` is a hash of the decoded pixels, "" where the image cannot
#: be used, and ``reason`` then says why.
COLUMNS = ("size", "modified", "pixels", "view", "reason", "rows", "columns")
#: Stands for this folder among the program's caches, whose place an environment variable decides.
DEFAULT_CACHE = Path("images")
#: Below this many images starting processes takes longer than it saves.
WORTH_PROCESSES = 100
#: The index is kept after so many images, so that an interrupted look continues.
KEPT_EVERY = 1000
#: Called with images looked at and all of them; it may raise to stop.
Progress = Callable[[int, int], None]

MISSING, OUTSIDE, BLANK = "no such file", "outside the folder of the images", "a blank image"


def look(
    paths: Sequence[str],
    root: Path,
    *,
    cache: Path | None = DEFAULT_CACHE,
    progress: Progress | None = None,
    processes: int | None = None,
) -> pd.DataFrame:
    """Decode every image below ``root`` that was not looked at before.

    Equal pixels give equal hashes in whatever file type they are kept, as long as their depth is
    the same: a copy re-compressed with loss or cut to 8 bits counts as another image. Files are
    known again by path, size and time of change. Paths often hold names, so of them only a hash is
    kept, in the folder ``cache``; None keeps nothing.

    Returns:
        A row a path, indexed by it, with ``COLUMNS``.
    """
    place = str(root.resolve())
    keys = {path: _key(path, place) for path in dict.fromkeys(paths)}
    kept = _cache_file(cache, root)
    known = _read(kept)
    stamps = {path: _stamp(path, root) for path in keys}
    fresh = [path for path, key in keys.items() if _changed(known.get(key), stamps[path])]
    done = len(keys) - len(fresh)
    for path, seen in _each(fresh, root, processes or os.cpu_count() or 1):
        known[keys[path]] = (*stamps[path], *seen)
        done += 1
        if kept and done % KEPT_EVERY == 0:
            _write(kept, known)
        if progress:
            progress(done, len(keys))
    if kept and fresh:
        _write(kept, known)
    index = pd.Index(list(keys), name="path", dtype=str)
    return pd.DataFrame([known[key] for key in keys.values()], index, list(COLUMNS))


Row = tuple[int, int, str, str, str, int, int]
Seen = tuple[str, str, str, int, int]


def _key(path: str, place: str) -> str:
    """What stands for a path in the index. The root's ``place`` is part of it, so that a list of
    likely names hashed once does not fit every export."""
    text = f"{place}\0{path}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:32]


def _stamp(path: str, root: Path) -> tuple[int, int]:
    try:
        status = (root / path).stat()
    except (OSError, ValueError):
        return (-1, 0)
    return (status.st_size, status.st_mtime_ns)


def _changed(row: Row | None, stamp: tuple[int, int]) -> bool:
    return row is None or row[:2] != stamp


def _each(paths: Sequence[str], root: Path, processes: int) -> Iterator[tuple[str, Seen]]:
    work = [(path, str(root)) for path in paths]
    if processes == 1 or len(paths) < WORTH_PROCESSES:
        yield from zip(paths, map(see, work), strict=True)
        return
    # Spawned, not forked: the caller may be a page with threads of its own.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        try:
            yield from zip(paths, pool.map(see, work, chunksize=16), strict=True)
        finally:
            # When the caller stops half way, nothing that waits is begun.
            pool.shutdown(cancel_futures=True)


def see(work: tuple[str, str]) -> Seen:
    """Decode one image: (hash of pixels, view, reason, rows, columns)."""
    path, root = work
    file = Path(root) / path
    try:
        if not file.resolve().is_relative_to(Path(root).resolve()):
            return ("", "", OUTSIDE, 0, 0)
        if not file.is_file():
            return ("", "", MISSING, 0, 0)
        if file.stat().st_size > MAX_BYTES:
            return ("", "", f"a file over {MAX_BYTES // 10**6} MB", 0, 0)
        radiograph = load_radiograph(file.read_bytes())
    except Refusal as refusal:
        return ("", "", refusal.found, 0, 0)
    except (OSError, ValueError) as error:
        return ("", "", getattr(error, "strerror", None) or "a path that cannot be read", 0, 0)
    pixels = radiograph.pixels
    if pixels.min() == pixels.max():
        return ("", radiograph.view or "", BLANK, *pixels.shape)
    digest = hashlib.sha256(str(pixels.shape).encode() + pixels.tobytes()).hexdigest()
    return (digest, radiograph.view or "", "", radiograph.rows, radiograph.columns)


def _cache_file(cache: Path | None, root: Path) -> Path | None:
    if cache is None:
        return None
    place = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]
    folder = cache_folder() / DEFAULT_CACHE if cache is DEFAULT_CACHE else cache
    return folder / f"{place}.csv"


def _read(file: Path | None) -> dict[str, Row]:
    if file is None or not file.is_file():
        return {}
    try:
        rows = pd.read_csv(
            file,
            keep_default_na=False,
            dtype={"key": str, "pixels": str, "view": str, "reason": str},
        )
        cells = rows[list(COLUMNS)].itertuples(index=False, name=None)
        return dict(zip(rows["key"], cells, strict=True))
    except (ValueError, KeyError, OSError):
        return {}  # a cache of another version or a damaged one: look again


def _write(file: Path, known: dict[str, Row]) -> None:
    index = pd.Index(list(known), name="key")
    partial = file.with_suffix(f".{os.getpid()}.partial")
    # An index that cannot be kept costs time, not the cohort.
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(list(known.values()), index, list(COLUMNS)).to_csv(partial)
        partial.replace(file)
