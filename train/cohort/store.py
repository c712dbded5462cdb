"""A cohort on disk: cohort.csv, cohort.json, flow.svg and, of simulated ones, structures.npy."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from train.cohort.card import SPLITS, CohortCard, CohortError, card_from_json
from train.cohort.diagram import flow_svg

TABLE_FILE, CARD_FILE = "cohort.csv", "cohort.json"
STRUCTURES_FILE, FLOW_FILE = "structures.npy", "flow.svg"
REQUIRED = ("image", "path", "patient", "split", "target")
TEXT = ("grade", "sex", "view")
#: Columns that start so hold a simulator's true measurements, in its own units.
AUX = "aux_"
_AGAIN = "Build the cohort again with `python -m train cohort`."


@dataclass(frozen=True, eq=False)
class StoredCohort:
    """A cohort read back. ``table`` has a row a radiograph, in the order of cohort.csv, with the
    columns image, path, patient, split, target (float), grade, sex, view (text, "" where unknown),
    age, days (float, NaN where unknown) and any number of ``aux_*`` (float).

    ``checksum`` is the SHA-256 of the finding, its kind and the very bytes of cohort.csv that the
    table was read from: the same for cohorts of the same radiographs, patients, splits and targets.
    It is "" for a table that was never read from a file.
    """

    card: CohortCard
    table: pd.DataFrame
    folder: Path
    checksum: str = ""

    @property
    def aux(self) -> tuple[str, ...]:
        """Names of the simulator's measurements, "aux_la" and so on; empty for real cohorts."""
        return tuple(name for name in self.table.columns if name.startswith(AUX))

    def split(self, name: str) -> pd.DataFrame:
        """The rows of "train", "validation" or "test"; the index still counts the whole table."""
        if name not in SPLITS:
            raise CohortError(f"Expected a split out of {', '.join(SPLITS)}; found {name!r}.")
        return pd.DataFrame(self.table[self.table["split"] == name])

    def file_of(self, path: str) -> Path:
        """Where a radiograph lies: ``path`` as the table gives it, below the card's root."""
        return Path(self.card.root) / path

    def structures(self) -> NDArray[np.float16] | None:
        """Thickness of each simulated structure on a coarse grid over the image, memory-mapped.

        Float16 (rows of the table, structures, cells, cells), in units of 40 mm; None where the
        cohort has none.
        """
        file = self.folder / STRUCTURES_FILE
        if not file.exists():
            return None
        found: NDArray[np.float16] = np.load(file, mmap_mode="r")
        if len(found) != len(self.table):
            raise CohortError(
                f"{STRUCTURES_FILE}: expected {len(self.table)} rows, one a radiograph; found "
                f"{len(found)}. {_AGAIN}"
            )
        return found


def write_cohort(
    card: CohortCard,
    table: pd.DataFrame,
    folder: Path,
    structures: NDArray[np.float16] | None = None,
) -> StoredCohort:
    """Write all files of a cohort at once; a cohort already in ``folder`` is replaced.

    Raises CohortError where ``folder`` exists and holds anything but a cohort.
    """
    check_folder(folder)
    # Made in a hidden folder of its own: two may write the same cohort at once.
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as place:
        made = Path(place) / folder.name
        made.mkdir()
        table.to_csv(made / TABLE_FILE, index=False, float_format="%.6g")
        text = json.dumps(card.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
        (made / CARD_FILE).write_text(text + "\n", encoding="utf-8")
        (made / FLOW_FILE).write_text(flow_svg(card), encoding="utf-8")
        if structures is not None:
            np.save(made / STRUCTURES_FILE, structures)
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)
    return load_cohort(folder)


def is_written(folder: Path) -> bool:
    """Whether a whole cohort lies in ``folder``."""
    return (folder / CARD_FILE).exists()


@contextmanager
def only_builder(folder: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold what only one process a cohort holds: the right to build ``folder``.

    Whoever has it is waited for; meanwhile ``waiting`` is called every second and raises to give
    up. A process that ends, however it does, lets go.

    Raises:
        OSError: the folder beside which the lock is kept cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    while not lock.is_locked:
        try:
            lock.acquire(timeout=1)
        except Timeout:
            waiting()
    try:
        yield
    finally:
        lock.release()


def check_folder(folder: Path) -> None:
    """See to it that a cohort can be written as ``folder`` before any work is done.

    Raises CohortError where it holds anything but a cohort, OSError where it cannot be made.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / CARD_FILE).exists():
        raise CohortError(
            f"Expected a new folder, an empty one or an earlier cohort; found {folder.name!r} with "
            "other files in it. Choose another folder."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)


def load_cohort(folder: Path) -> StoredCohort:
    """Read the cohort in ``folder``.

    Raises CohortError where a file is missing, does not hold what a cohort does, or a patient is
    in two splits; the message names file, row and column and what to do.
    """
    card = card_from_json(_json(folder / CARD_FILE))
    file = folder / TABLE_FILE
    if not file.is_file():
        raise CohortError(f"Expected {TABLE_FILE} beside {CARD_FILE}; found none. {_AGAIN}")
    content = file.read_bytes()
    try:
        cells = pd.read_csv(BytesIO(content), dtype=str, keep_default_na=False)
    except ValueError as error:
        raise CohortError(f"{TABLE_FILE}: expected a CSV table; found {error}. {_AGAIN}") from None
    _check_columns(cells.columns)
    table = _typed(cells)
    _check(card, table)
    said = f"{card.finding}\n{card.kind}\n".encode()
    return StoredCohort(card, table, folder, sha256(said + content).hexdigest())


def _json(file: Path) -> dict[str, object]:
    if not file.is_file():
        raise CohortError(
            f"Expected a cohort folder with {CARD_FILE}; found none in {file.parent.name!r}. "
            "Make one with `python -m train cohort`."
        )
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        raise CohortError(f"{CARD_FILE}: expected JSON; found other text. {_AGAIN}") from None
    if not isinstance(found, dict):
        raise CohortError(f"{CARD_FILE}: expected an object; found another value. {_AGAIN}")
    return found


def _check_columns(columns: Iterable[str]) -> None:
    missing = [name for name in REQUIRED if name not in set(columns)]
    if missing:
        raise CohortError(
            f"{TABLE_FILE}: expected the columns {', '.join(REQUIRED)}; found no "
            f"{', '.join(missing)}. {_AGAIN}"
        )


def _typed(cells: pd.DataFrame) -> pd.DataFrame:
    table = cells.copy()
    for name in TEXT:
        if name not in table:
            table[name] = ""
    for name in ("target", "age", "days", *(c for c in table.columns if c.startswith(AUX))):
        text = table[name] if name in table else pd.Series("", index=table.index)
        table[name] = pd.to_numeric(text, errors="coerce").astype(float)
    return table


def _check(card: CohortCard, table: pd.DataFrame) -> None:
    if table.empty:
        raise CohortError(f"{TABLE_FILE}: expected at least one radiograph; found none. {_AGAIN}")
    binary = card.kind == "binary"
    fits = table["target"].isin([0, 1]) if binary else np.isfinite(table["target"])
    _refuse(~fits, table["target"], "0 or 1" if binary else "a number")
    _refuse(~table["split"].isin(SPLITS), table["split"], " or ".join(SPLITS))
    _refuse(table["path"] == "", table["path"], "the path of a file")
    _refuse(table["image"].duplicated(), table["image"], "a name used once")
    crossing = table.groupby("patient")["split"].transform("nunique") > 1
    _refuse(crossing, table["patient"], "a patient in one split only")


def _refuse(wrong: "pd.Series[bool]", column: "pd.Series[str]", expected: str) -> None:
    rows = np.flatnonzero(wrong.to_numpy(bool))
    if len(rows):
        more = f" and {len(rows) - 1} more rows like it" if len(rows) > 1 else ""
        raise CohortError(
            f"{TABLE_FILE}, row {rows[0] + 2}, column {column.name!r}: expected {expected}; found "
            f"{column.iloc[rows[0]]!r}{more}. {_AGAIN}"
        )
