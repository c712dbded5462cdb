"""``python -m train demo``: the demonstration weights from nothing."""

import argparse
import logging
from pathlib import Path

from cxr_valve.cards import shipped_root

_ABOUT = """\
Make the demonstration weights from nothing: simulate a hospital of the study's size, build a cohort
for each finding, fit the study's four networks, calibrate them on the validation split, measure
them on the test split and write the weights folders.

With --real the network for MR also learns from real radiographs whose hearts are warped as
simulated disease would; none of their labels is used. About two hours on two cores; an interrupted
command continues where it stopped."""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``demo`` to the commands of ``python -m train``."""
    parser = commands.add_parser(
        "demo",
        help="make the demonstration weights from nothing",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--real", type=Path, metavar="DIR", help="folder of real radiographs, with manifest.csv"
    )
    parser.add_argument(
        "--out", type=Path, default=shipped_root(), help="root for the weights folders"
    )
    parser.add_argument(
        "--work", type=Path, default=Path(".cache/demonstration"), help="folder for cached steps"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make the weights; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    # Imported here so that --help answers at once.
    from train.demonstration.cohorts import make_cohorts
    from train.demonstration.fit import fit_members
    from train.demonstration.plan import FINDINGS_IN_ORDER, HOSPITAL
    from train.demonstration.write import write_demonstration
    from train.segmentation.write import RADIOGRAPHS

    cohorts = make_cohorts(HOSPITAL, options.work)
    files = fit_members(cohorts, options.work, options.real)
    sources = RADIOGRAPHS if options.real else ()
    for finding in FINDINGS_IN_ORDER:
        write_demonstration(finding, cohorts[finding], files, sources, options.out)
    return 0
