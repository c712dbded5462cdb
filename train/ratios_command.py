"""``python -m train ratios``: hearts measured, so that the heart size competes with the scores."""

import argparse
import logging
from pathlib import Path

log = logging.getLogger(__name__)


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``ratios`` to the commands of ``python -m train``."""
    parser = commands.add_parser(
        "ratios",
        help="measure the hearts of a simulated set's held-out images",
        description=(
            "Simulate the held-out images of sets of weights again, measure the cardiothoracic "
            "ratio of each and keep it in scores.csv, so that it competes with the networks: "
            "python -m cxr_valve evaluate SET/scores.csv --split test --against ctr. "
            "The card's checksum of the scores follows. About ten minutes for 3,000 images."
        ),
    )
    parser.add_argument("sets", nargs="+", type=Path, metavar="SET", help="folders of weights")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and write; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    # Imported here so that --help answers at once.
    from cxr_valve.anatomy.heart_reader import open_heart_reader
    from cxr_valve.engines.engine import open_engine
    from train.ratios import add_ratios

    try:
        add_ratios(options.sets, open_heart_reader(open_engine("openvino")), log.info)
    except ValueError as error:  # a CardError is one
        log.error("%s", error)
        return 1
    return 0
