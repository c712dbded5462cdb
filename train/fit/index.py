"""Which content each prepared row was made of: index.csv beside the images, appended to only."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

Extent = tuple[float, float, float, float]


@dataclass(frozen=True)
class Entry:
    """One row: the file's length and time of change when it was read, the SHA-256 of its content
    ("" where there was none), why it could not be prepared ("" where it could), and where the
    input lies in the radiograph."""

    NOWHERE: ClassVar[Extent] = (0.0, 0.0, 1.0, 1.0)

    touched: tuple[int, int]
    content: str
    problem: str
    extent: Extent


class Index:
    """Entries by row. The last line about a row counts; a line cut short by a crash does not."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._entries: dict[int, tuple[str, Entry]] = {}
        self._fresh: list[list[str]] = []
        if file.exists():
            with file.open(encoding="utf-8", newline="") as stream:
                for line in csv.reader(stream):
                    self._take(line)

    def get(self, row: int, image: str) -> Entry | None:
        """The entry of a row, unless it is about another image."""
        name, entry = self._entries.get(row, ("", None))
        return entry if name == image else None

    def put(self, row: int, image: str, entry: Entry) -> None:
        """Note an entry; it is kept once ``write`` was called."""
        self._entries[row] = (image, entry)
        extent = [f"{value:.6f}" for value in entry.extent]
        line = [str(row), image, *map(str, entry.touched), entry.content, entry.problem, *extent]
        self._fresh.append([*line, "."])

    def write(self) -> None:
        """Append what was put since the last time."""
        if not self._fresh:
            return
        with self._file.open("a", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows(self._fresh)
        self._fresh = []

    def _take(self, line: list[str]) -> None:
        # The closing dot says that the line is whole.
        if len(line) != 11 or line[-1] != ".":
            return
        row, image, length, changed, content, problem, top, left, height, width, _ = line
        extent = (float(top), float(left), float(height), float(width))
        touched = (int(length), int(changed))
        self._entries[int(row)] = (image, Entry(touched, content, problem, extent))
