"""``python -m train realism``: what tells simulated radiographs from real ones."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``realism`` to the commands of ``python -m train``."""
    parser = commands.add_parser(
        "realism",
        help="compare simulated radiographs with real ones",
        description=(
            "Write a sheet of 12 simulated and 12 real radiographs in mixed order (sheet.png, its "
            "key in key.txt) and compare power spectrum, greys, the heart that the anatomy network "
            "finds and the cardiothoracic ratio (realism.json). The real ones are only read. "
            "About a minute for 100 of each."
        ),
    )
    parser.add_argument(
        "--real",
        type=Path,
        required=True,
        metavar="DIR",
        help="a folder with a manifest.csv that names frontal radiographs in its column path",
    )
    parser.add_argument(
        "--count", type=int, default=100, metavar="N", help="images of each kind (default: 100)"
    )
    parser.add_argument(
        "--side", type=int, default=320, metavar="PX", help="of simulated images (default: 320)"
    )
    parser.add_argument(
        "--seed", type=int, default=7, metavar="S", help="of the simulated cohort (default: 7)"
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder to write to")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure, print and write; returns the exit code."""
    # Imported here so that --help answers at once.
    from train.simulate.realism import examine

    def progress(text: str) -> None:
        sys.stderr.write(f"{text}\n")

    try:
        found = examine(
            options.real,
            options.out,
            count=options.count,
            side=options.side,
            seed=options.seed,
            progress=progress,
        )
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(asdict(found), indent=1) + "\n")
    return 0
