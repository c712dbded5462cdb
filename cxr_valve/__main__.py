"""Command line: ``python -m cxr_valve read|evaluate``."""

import argparse
import sys

from cxr_valve import __version__
from cxr_valve.evaluation import command as evaluate
from cxr_valve.reading import command as read


def main(arguments: list[str] | None = None) -> int:
    """Parse and run; returns the exit code (2 for wrong usage)."""
    parser = argparse.ArgumentParser(
        prog="python -m cxr_valve",
        description="Valvular heart disease on the frontal chest radiograph. "
        "Research and teaching only; never a diagnosis.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="read|evaluate")
    read.add_parser(subparsers)
    evaluate.add_parser(subparsers)
    options = parser.parse_args(arguments)
    return int(options.run(options))


if __name__ == "__main__":
    sys.exit(main())
