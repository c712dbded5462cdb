"""What the recipe is worth on other images: a second network, which never saw them, measured there.

The images that the shipped network was measured on were looked at whenever a recipe was tried, so
the kept one suits them. No choice was made by these.
"""

import logging
from dataclasses import replace
from pathlib import Path

import pandas as pd

from cxr_valve import cards
from cxr_valve.anatomy.heart_card import Again, read_heart_card, write_heart_card
from cxr_valve.anatomy.heart_reader import HeartReader
from train.segmentation.data import labelled_names
from train.segmentation.measure import coverage, figures, fit_borders, measure
from train.segmentation.write import TAG, opened

log = logging.getLogger(__name__)


def write_again(network: Path, real: Path, manifest: pd.DataFrame, root: Path) -> Path:
    """Measure the second network and add what it is worth to the card under ``root``.

    Its borders are its own; the interval is the card's, which other images gave.

    Raises:
        CardError: there is no card to add to.
    """
    folder = root / f"heart-{TAG}"
    card = read_heart_card(folder).card
    names, held_out = labelled_names(manifest, network=1)
    second = replace(card, file=network.name, sha256=cards.sha256(network), ranges=None)
    run = opened(second, network.parent)
    second = replace(second, borders=fit_borders(HeartReader(second, run), real, names))
    found = measure(HeartReader(second, run), real, held_out, manifest)
    again = Again(
        trained_on=len(names),
        held_out=len(held_out),
        figures=figures(found, coverage(found, card.interval)),
    )
    for name, figure in again.figures.items():
        log.info("again: %s %.4f (%.4f to %.4f)", name, figure.value, figure.low, figure.high)
    write_heart_card(replace(card, again=again), folder)
    return folder
