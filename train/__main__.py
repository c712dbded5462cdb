"""Command line of the training: from a hospital's export to weights."""

import argparse
import logging
import os
import sys
from pathlib import Path

from cxr_valve.cards import shipped_root
from train import evaluate_command as evaluate, novelty, ratios_command as ratios, work
from train.cohort import command as cohort
from train.control import command as runs
from train.fit import command as fit
from train.gate import command as gate
from train.segmentation import command as segmentation
from train.simulate import command as simulate


def main(arguments: list[str] | None = None) -> int:
    """Parse and run; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m train", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for part in (simulate, cohort, fit, evaluate, runs, segmentation, gate, novelty, ratios, work):
        part.add_parser(commands)
    _add_demo(commands)
    options = parser.parse_args(arguments)
    # Threads that spin while they wait for each other take the processor from whoever else works
    # here: beside a browser, training then runs at a quarter of its speed. Read when torch loads.
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    return int(options.run(options))


def _add_demo(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    demo = commands.add_parser(
        "demo",
        help="make the demonstration weights from nothing",
        description=(
            "Simulate a cohort, fit the study's four networks on it, calibrate them on its "
            "validation split, measure them on its test split and write the weights folders. "
            "About 45 minutes on two cores; an interrupted run continues where it stopped."
        ),
    )
    demo.add_argument(
        "--out", type=Path, default=shipped_root(), help="root for the weights folders"
    )
    demo.add_argument(
        "--work", type=Path, default=Path(".cache/demonstration"), help="folder for cached steps"
    )
    demo.set_defaults(run=_demo)


def _demo(options: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    # Imported here so that --help answers at once.
    from train.demonstration import calibrate_and_write, fit_members
    from train.simulated import CohortPlan

    plan = CohortPlan()
    calibrate_and_write(plan, options.work, fit_members(plan, options.work), options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
