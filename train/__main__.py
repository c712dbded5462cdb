"""Command line of the training: from a hospital's export to weights."""

import argparse
import os
import sys

from train import evaluate_command as evaluate, work
from train.cohort import command as cohort
from train.control import command as runs
from train.demonstration import command as demo, truth_command as truth
from train.fit import command as fit
from train.gate import command as gate
from train.segmentation import command as segmentation
from train.simulate import command as simulate, realism_command as realism


def main(arguments: list[str] | None = None) -> int:
    """Parse and run; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m train", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for part in (
        simulate,
        realism,
        cohort,
        fit,
        evaluate,
        runs,
        segmentation,
        gate,
        demo,
        truth,
        work,
    ):
        part.add_parser(commands)
    options = parser.parse_args(arguments)
    # Threads that spin while they wait for each other take the processor from whoever else works
    # here: beside a browser, training then runs at a quarter of its speed. Read when torch loads.
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    return int(options.run(options))


if __name__ == "__main__":
    sys.exit(main())
