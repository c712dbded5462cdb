"""``python -m cxr_valve read``: files and folders to a table, JSON, CSV and evidence."""

import argparse
import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from cxr_valve.cards import CardError
from cxr_valve.engines.engine import ENGINES, many_at_once
from cxr_valve.reading.evidence_files import EvidenceWriter
from cxr_valve.reading.folder import Outcome, find_files, read_files
from cxr_valve.reading.reader import Reader, open_reader
from cxr_valve.reading.serialise import CsvRows, outcome_as_dict
from cxr_valve.reading.table import NOTICE, OutcomeTable, printable
from cxr_valve.reading.values import is_value

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
    _print_what_can_be_printed()
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
        console.print(Text(printable(f"Cannot read: {error}")))
        return 2
    table = OutcomeTable(
        {
            key: key.upper() + ("" if is_value(ensemble) else " probability")
            for key, ensemble in reader.ensembles.items()
        }
    )
    try:
        try:
            undone = _read_all(options, reader, files, table, console)
        finally:
            # Whatever could not be written: what was read is told.
            if options.json != "-":
                table.show(reader.engine.name)
    except OSError as error:
        console.print(Text(printable(f"Cannot write: {error}")))
        return 2
    return 1 if undone else 0


def _read_all(
    options: argparse.Namespace,
    reader: Reader,
    files: Sequence[Path],
    table: OutcomeTable,
    console: Console,
) -> int:
    """Read the files into everything that was asked for; returns of how many some is missing."""
    undone = 0
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
                missing = _write_evidence(writer, outcome)
                if missing and options.json == "-":
                    name = printable(str(outcome.path))
                    progress.console.print(Text(f"{name}: {missing}"))
                table.add(outcome, missing)
                undone += outcome.status != "read" or bool(missing)
    return undone


def _write_evidence(writer: EvidenceWriter | None, outcome: Outcome) -> str:
    """Write a file's evidence; returns why it could not be, "" where it could."""
    try:
        if writer:
            writer.write(outcome)
    except OSError as error:
        found = error.strerror or type(error).__name__
        return (
            "Evidence not written: expected a folder that can be written to, found: "
            f"{found}. Choose another with --evidence."
        )
    return ""


def _print_what_can_be_printed() -> None:
    """Escape what the encoding of a terminal or a pipe lacks, rather than end there."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _progress(console: Console) -> Progress:
    columns = (TextColumn("Reading"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


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
