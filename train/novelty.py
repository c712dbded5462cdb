"""How a training cohort looks, kept beside the weights learnt from it.

``attach`` is what promotion calls; ``python -m train novelty`` does it for the demonstration sets,
whose cohort is simulated again for it.
"""

import argparse
import logging
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxr_valve import cards
from cxr_valve.anatomy.gatekeeper import Gatekeeper, open_gate
from cxr_valve.engines.engine import open_engine
from cxr_valve.imaging.prepare import prepare
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.models.novelty import NOVELTY_FILE, fit_novelty, write_novelty
from cxr_valve.phantom.patient import AS_GRADES, AS_GRADES_ENRICHED
from cxr_valve.phantom.render import simulate

log = logging.getLogger(__name__)

DEMONSTRATIONS = ("mr-demonstration", "as-demonstration")
#: Images of the simulated cohort described for the demonstration sets, by split.
SIMULATED = {"train": 500, "test": 400}


@cache
def _gate() -> Gatekeeper:
    return open_gate(open_engine())


def gate_size() -> int:
    """Side of the prepared images that ``describe`` takes, in pixels."""
    return _gate().size


def describe(images: Iterable[NDArray[np.uint8] | NDArray[np.float32]]) -> NDArray[np.float32]:
    """Descriptions (N, D) of prepared images of side ``gate_size()``: bytes, or grey in [0, 1].

    Raises:
        ValueError: an image of another size, or none at all.
    """
    side, rows = gate_size(), []
    for image in images:
        if image.shape != (side, side):
            raise ValueError(f"Expected images of {side} × {side} pixels, found {image.shape}.")
        grey = image / np.float32(255) if image.dtype == np.uint8 else image
        rows.append(_gate().run(np.asarray(grey, np.float32)[None, None])[1][0])
    if not rows:
        raise ValueError("Expected at least one image, found none.")
    return np.stack(rows)


def describe_radiographs(radiographs: Iterable[Radiograph]) -> NDArray[np.float32]:
    """Descriptions (N, D) of radiographs, prepared as a reading prepares them."""
    return describe(prepare(radiograph, gate_size()).image for radiograph in radiographs)


def attach(
    folder: Path, training: NDArray[np.float32], held_out: NDArray[np.float32]
) -> cards.NoveltyFile:
    """Fit a cohort and keep it in a set's folder, named in its card.

    ``training`` and ``held_out`` are descriptions of the set's training images and of others of the
    same cohort (validation or test).

    Raises:
        CardError: the folder holds no usable set.
        ValueError: too few descriptions.
    """
    weights = cards.read_card(folder)
    file = folder / NOVELTY_FILE
    write_novelty(fit_novelty(training, held_out), file)
    named = cards.NoveltyFile(
        file=file.name,
        sha256=cards.sha256(file),
        gate=_gate().card.network.sha256,
        images=len(training),
        held_out=len(held_out),
    )
    cards.write_card(replace(weights.card, novelty=named), folder)
    return named


def simulated_split(split: str, count: int) -> Iterator[Radiograph]:
    """The first radiographs of a split of the simulated cohort, as the demonstration simulates."""
    from train.simulated import RENDER_SIDE, SPLIT_SEEDS, CohortPlan

    seed = CohortPlan().seed * 10 + SPLIT_SEEDS[split]
    grades = AS_GRADES_ENRICHED if split == "train" else AS_GRADES
    for index in range(count):
        yield simulate(seed, index, side=RENDER_SIDE, as_grades=grades).radiograph


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the ``novelty`` command."""
    parser = commands.add_parser(
        "novelty",
        help="describe the simulated cohort of the demonstration weights",
        description=(
            "Describe the simulated cohort that the demonstration weights learnt from, so that a "
            "reading can say how unlike it an image is. About 3 minutes on two cores."
        ),
    )
    parser.add_argument("--root", type=Path, default=cards.shipped_root(), help="weights folder")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Describe both splits once and attach them to every demonstration set."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    described = {}
    for split, count in SIMULATED.items():
        log.info("describing %d simulated radiographs of %s", count, split)
        described[split] = describe_radiographs(simulated_split(split, count))
    try:
        for name in DEMONSTRATIONS:
            named = attach(options.root / name, described["train"], described["test"])
            log.info("%s: novelty on %d images, %d held out", name, named.images, named.held_out)
    except cards.CardError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0
