"""The table that people get: one row a file, safe to print whatever the file is called."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cxr_valve.reading.folder import Outcome
from cxr_valve.reading.reading import Reading
from cxr_valve.reading.value_words import headline, interval

NOTICE = "Research and teaching only; never a diagnosis."


class OutcomeTable:
    """Collects outcomes as rows, then prints them with what they stand for.

    ``headings``: of the findings, by key, in the order of their columns.
    """

    def __init__(self, headings: dict[str, str]) -> None:
        self._keys, self._read, self._rows = list(headings), 0, 0
        self._table = Table(box=None, pad_edge=False)
        self._table.add_column("file", overflow="fold")
        self._table.add_column("status")
        self._table.add_column("CTR", justify="right")
        for heading in headings.values():
            self._table.add_column(heading, justify="right")
        self._table.add_column("note", overflow="fold")

    def add(self, outcome: Outcome, also: str = "") -> None:
        """Add one file's row; ``also``: what else to note of it."""
        reading = outcome.reading
        cells = [_ratio(reading)]
        for key in self._keys:
            cells.append(_number(reading, key) if reading else "")
        said = (outcome.reason,) if outcome.reason else _notes(reading)
        notes = "; ".join(filter(None, (also, *said)))
        # As Text, since a file name may hold what rich takes for markup.
        name = Text(printable(str(outcome.path)))
        self._table.add_row(name, outcome.status, *cells, Text(notes))
        self._rows += 1
        self._read += outcome.status == "read"

    def show(self, engine: str) -> None:
        """Print it to standard output; nothing where there is no row."""
        if not self._rows:
            return
        console = Console()
        console.print(self._table, highlight=False)
        console.print(
            f"{self._read} of {self._rows} read with {engine}. Probabilities hold at the training "
            f"prevalence of each set of weights. {NOTICE}",
            highlight=False,
        )
        console.print(
            "Demonstration weights were trained on simulated radiographs: evidence about no "
            "patient.",
            highlight=False,
        )


def printable(text: str) -> str:
    """Text with every character that does not print escaped: a file name may hold line ends,
    bytes that are not UTF-8, and sequences that a terminal obeys."""
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )


def _ratio(reading: Reading | None) -> str:
    """The cardiothoracic ratio with its interval; a question mark where the masks look wrong."""
    if reading is None or reading.heart is None:
        return ""
    heart = reading.heart
    doubt = "" if heart.confidence == 1 else "?"
    return f"{heart.ctr:.2f}{doubt} ({heart.low:.2f}–{heart.high:.2f})"


def _number(reading: Reading, key: str) -> str:
    """A probability with its side, or a value with its interval."""
    if key in reading.values:
        value = reading.values[key]
        return f"{headline(value)} ({interval(value)})"
    if key not in reading.findings:
        return ""
    found = reading.findings[key]
    return f"{found.probability:.1%} {'positive' if found.positive else 'negative'}"


def _notes(reading: Reading | None) -> tuple[str, ...]:
    """What to bear in mind; first of all that the gate was passed by."""
    if reading is None:
        return ()
    passed = (f"Read anyway. {reading.gate.reason}",) if reading.read_anyway else ()
    heart = reading.heart.notes if reading.heart else ()
    return (*passed, *reading.gate.warnings, *heart, *reading.input.warnings)
