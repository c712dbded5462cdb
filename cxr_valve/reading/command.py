"""``python -m cxr_valve read``: files and folders to a table, JSON, CSV and evidence."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from cxr_valve.cards import CardError
from cxr_valve.engines.engine import ENGINES, many_at_once
from cxr_valve.reading.evidence_files import EvidenceWriter
from cxr_valve.reading.folder import Outcome, find_files, read_files
from cxr_valve.reading.reader import Reader, open_reader
from cxr_valve.reading.reading import Reading
from cxr_valve.reading.serialise import CsvRows, outcome_as_dict
from cxr_valve.reading.value_words import headline, interval
from cxr_valve.reading.values import is_value

NOTICE = "Research and teaching only; never a diagnosis."
EPILOG = """examples:
  python -m cxr_valve read chest.dcm
  python -m cxr_valve read exports/ --json readings.jsonl --csv readings.csv
  python -m cxr_valve read exports/ --engine openvino-fast --json -
  python -m cxr_valve read chest.dcm --evidence evidence/

exit code: 0 all read, 1 some not (the reason is printed), 2 wrong usage"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the ``read`` command."""
    parser = subparsers.add_parser(
        "read",
        help="read radiographs: MR and AS with evidence",
        description="Read frontal chest radiographs (DICOM, PNG, JPEG, TIFF, BMP, WebP). " + NOTICE,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file or a folder")
    parser.add_argument(
        "--json", metavar="FILE", help="one JSON object a line; - for standard output"
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="the same as a table")
    parser.add_argument(
        "--evidence", type=Path, metavar="DIR", help="overlays, evidence arrays and their geometry"
    )
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        default="openvino",
        help="openvino: float32 (default); openvino-fast: 8 bits, and bfloat16 where the processor "
        "has it; torch: CUDA, or the reference",
    )
    parser.add_argument(
        "--read-anyway",
        action="store_true",
        help="also read what the input gate refuses; every output then says so",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Read everything named; returns the exit code."""
    console = Console(stderr=True)
    files = list(find_files(options.paths))
    if not files:
        console.print("Expected at least one file, found none in the folders named.")
        return 2
    at_once = many_at_once() if len(files) > 1 else 1
    try:
        with console.status("Opening the networks") as status:
            reader = open_reader(options.engine, lambda text: status.update(text), at_once)
    except (CardError, ValueError) as error:
        console.print(Text(f"Cannot read: {error}"))
        return 2
    try:
        unread = _read_all(options, reader, files, console)
    except OSError as error:
        console.print(Text(f"Cannot write: {error}"))
        return 2
    return 1 if unread else 0


def _read_all(
    options: argparse.Namespace, reader: Reader, files: Sequence[Path], console: Console
) -> int:
    """Read the files into everything that was asked for; returns how many were not read."""
    unread = 0
    table = _table(
        [
            key.upper() + ("" if is_value(ensemble) else " probability")
            for key, ensemble in reader.ensembles.items()
        ]
    )
    with _json_stream(options.json) as stream, _csv_stream(options.csv) as sheet:
        rows = CsvRows(sheet, [ensemble.card for ensemble in reader.ensembles.values()])
        writer = EvidenceWriter(options.evidence, options.paths) if options.evidence else None
        with _progress(console) as progress:
            outcomes = read_files(reader, files, read_anyway=options.read_anyway)
            for outcome in progress.track(outcomes, total=len(files)):
                record = outcome_as_dict(outcome)
                if stream:
                    stream.write(json.dumps(record, allow_nan=False) + "\n")
                    stream.flush()
                rows.write(record)
                if writer:
                    writer.write(outcome)
                _add_row(table, outcome, list(reader.ensembles))
                unread += outcome.status != "read"
    if options.json != "-":
        _print_table(table, len(files), unread, reader.engine.name)
    return unread


def _progress(console: Console) -> Progress:
    columns = (TextColumn("Reading"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


def _table(findings: list[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("file", overflow="fold")
    table.add_column("status")
    table.add_column("CTR", justify="right")
    for name in findings:
        table.add_column(name, justify="right")
    table.add_column("note", overflow="fold")
    return table


def _add_row(table: Table, outcome: Outcome, keys: list[str]) -> None:
    reading = outcome.reading
    cells = [_ratio(reading)]
    for key in keys:
        cells.append(_number(reading, key) if reading else "")
    notes = outcome.reason or "; ".join(_notes(reading) if reading else ())
    # As Text, since a file name may hold what rich takes for markup.
    table.add_row(Text(_printable(str(outcome.path))), outcome.status, *cells, Text(notes))


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


def _notes(reading: Reading) -> tuple[str, ...]:
    """What to bear in mind; first of all that the gate was passed by."""
    passed = (f"Read anyway. {reading.gate.reason}",) if reading.read_anyway else ()
    heart = reading.heart.notes if reading.heart else ()
    return (*passed, *reading.gate.warnings, *heart, *reading.input.warnings)


def _printable(name: str) -> str:
    """A file name whose bytes are not UTF-8, made fit to print and to write."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _print_table(table: Table, files: int, unread: int, engine: str) -> None:
    console = Console()
    console.print(table, highlight=False)
    console.print(
        f"{files - unread} of {files} read with {engine}. Probabilities hold at the training "
        f"prevalence of each set of weights. {NOTICE}",
        highlight=False,
    )
    console.print(
        "Demonstration weights were trained on simulated radiographs: evidence about no patient.",
        highlight=False,
    )


@contextmanager
def _json_stream(target: str | None) -> Iterator[TextIO | None]:
    if target is None:
        yield None
    elif target == "-":
        yield sys.stdout
    else:
        with Path(target).open("w", encoding="utf-8") as stream:
            yield stream


@contextmanager
def _csv_stream(target: Path | None) -> Iterator[IO[str] | None]:
    if target is None:
        yield None
    else:
        # A file name need not be UTF-8; it must not end the table.
        with target.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
            yield stream
