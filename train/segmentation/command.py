"""``python -m train segmentation``: the network that finds the heart and the lungs."""

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cxr_valve.cards import CardError, shipped_root

if TYPE_CHECKING:
    import pandas as pd

_ABOUT = """\
Train the network that finds the heart and the lungs, on real radiographs: on masks that people
drew, then also on radiographs without masks, which earlier rounds' networks provide where they are
sure. It is measured on images it never saw; a last round then learns from those too, and the card
is written. About 85 minutes on two free cores that compute in bfloat16; on two that do not, some
five hours by estimate. CUDA is used if there is any. An interrupted run continues where it stopped.
With --again, a second network is trained with other images held out, without a last round, and what
it is worth on them is added to the card: the recipe was chosen by its error on the first ones."""
_EPILOG = """\
the folder of real radiographs holds manifest.csv (path, source, view, labels, ctr_truth,
ctr_masks) and, for images with masks, mask/heart, mask/right_lung and mask/left_lung beside their
image folder.

example:
  python -m train segmentation --real ../shared/real"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``segmentation`` to the commands of ``python -m train``."""
    parser = commands.add_parser(
        "segmentation",
        help="train the network that finds heart and lungs",
        description=_ABOUT,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--real", type=Path, required=True, metavar="DIR", help="folder of real radiographs"
    )
    parser.add_argument(
        "--out", type=Path, default=shipped_root(), help="root for the weights folder"
    )
    parser.add_argument(
        "--work", type=Path, default=Path(".cache/segmentation"), help="folder for cached steps"
    )
    parser.add_argument(
        "--again", action="store_true", help="add a second network's figures to the written card"
    )
    parser.add_argument(
        "--threads", type=int, default=2, metavar="N", help="processor cores (default: 2)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Train, measure and write; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    # Imported here so that --help answers at once.
    import torch

    from cxr_valve.anatomy.heart_card import read_heart_card
    from train.segmentation.data import read_manifest
    from train.segmentation.write import TAG

    torch.set_num_threads(options.threads)
    try:
        manifest = read_manifest(options.real)
        if options.again:
            # Asked now: without a card to add to, the training would be for nothing.
            read_heart_card(options.out / f"heart-{TAG}")
    except (FileNotFoundError, CardError) as error:
        logging.error("%s", error)
        return 1
    logging.info("wrote %s", _train(options, manifest))
    return 0


def _train(options: argparse.Namespace, manifest: "pd.DataFrame") -> Path:
    """Train what is asked for and write the card; returns its folder."""
    from train.segmentation.again import write_again
    from train.segmentation.data import (
        labelled_names,
        load_images,
        load_labelled,
        unlabelled_names,
    )
    from train.segmentation.rounds import Radiographs, last_network, measured_network
    from train.segmentation.write import write_heart

    names, held_out = labelled_names(manifest, network=int(options.again))
    labelled = load_labelled(options.real, names)

    def unlabelled() -> NDArray[np.uint8]:
        return load_images(options.real, unlabelled_names(manifest))

    given = Radiographs(labelled, unlabelled)
    if options.again:
        second, _ = measured_network(given, options.work / "again")
        return write_again(second, options.real, manifest, options.out)
    measured, taught = measured_network(given, options.work)
    network = last_network(given, load_labelled(options.real, held_out), options.work)
    return write_heart(network, measured, labelled, taught, options.real, manifest, options.out)
