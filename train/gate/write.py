"""A fitted gate → ``weights/gate-<tag>``: network, typical frontals, card with its figures."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxr_valve.anatomy.gate import KINDS, LOGITS
from cxr_valve.anatomy.gate_card import (
    GateCard,
    GateTraining,
    GateWeights,
    Thresholds,
    WeightFile,
    read_gate_card,
    write_gate_card,
)
from cxr_valve.anatomy.gatekeeper import Gatekeeper, gate_source
from cxr_valve.anatomy.heart_reader import open_heart_reader
from cxr_valve.cards import sha256
from cxr_valve.engines.engine import Runnable, open_engine
from cxr_valve.imaging.prepare import PREPROCESSING
from cxr_valve.models.gate_network import GateNet
from cxr_valve.models.novelty import Novelty, fit_novelty, read_novelty, write_novelty
from train.gate.augment import SIDE, network_input
from train.gate.credits import DATA
from train.gate.cutting import cutting_figures
from train.gate.examples import Examples
from train.gate.fit import GateRecipe, save_gate
from train.gate.measure import POSES, figures, held_back, posed, show
from train.gate.sources import HELD_BACK_ONE_IN, Original

log = logging.getLogger(__name__)

NETWORK_FILE, TYPICAL_FILE = "gate.safetensors", "typical.safetensors"
THRESHOLDS = Thresholds(
    frontal=0.75,
    turned=0.5,
    inverted=0.5,
    mirrored=0.82,
    lean=100.0,
    unlike=2.1,
    rule=(
        "Chosen between frontals and other images that were left out of training. With one source "
        "left out at a time its frontals kept a frontal probability of at least 0.78, but for one "
        "of 146 (0.58), and lay within 2.1 of the typical frontals of the other sources, but for "
        "about 2% of NIH's. Of 53 other images left out in two halves one had more than 0.39 "
        "(0.68, a scout view of the whole trunk), and none of the public files that are no chest "
        "lay nearer than 2.3. Mirror images: at most 2% false warnings on radiographs held back, "
        "which also chose the weight of the heart's lean. Cut-off lungs: of 623 frontals, cut so "
        "that a lung lost 1 to 25% of its area, 98.8% or more of those with a heart and lungs "
        "found were warned of at every edge; of the same as they came 43 (6.9%), in most of which "
        "a lung reaches the edge on inspection."
    ),
    cut_off=0.05,
)
LIMITS = (
    "Trained on 478 radiographs of three sources, all of adults; children and other devices of "
    "acquisition are untested.",
    "Lateral and oblique chests were seen only as projections of one CT; other radiographs than "
    "chests mostly as drawings. Unlike images are refused by their distance, not by their name.",
    "A mirror image is warned of, never refused: situs inversus looks the same.",
    "A turned patient is not warned of: only projections of one CT were available to test it. Nor "
    "are devices, which no image here has marked.",
    "Accepted means that the image looks like an upright frontal chest radiograph, not that it is "
    "of diagnostic quality.",
)


@dataclass(frozen=True, eq=False)
class Fitted:
    """What is written: the network and what it was fitted on."""

    network: GateNet
    recipe: GateRecipe
    originals: Sequence[Original]
    examples: Examples
    thresholds: Thresholds


def describe(run: Runnable, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Descriptions (N, D) of network inputs, uint8 (N, S, S)."""
    rows = [run((image / np.float32(255))[None, None])[1] for image in images]
    return np.concatenate(rows)


def typical_frontals(run: Runnable, originals: Sequence[Original]) -> Novelty:
    """How upright frontal chests look: fitted on those of training, placed by those held back."""
    frontal = [one for one in originals if one.kind == "frontal"]
    # Simulated chests are frontal too, or the program's own demonstrations would be refused.
    kept = [network_input(one.grey) for one in frontal if not one.held_back]
    back = [network_input(one.grey) for one in frontal if one.held_back]
    return fit_novelty(describe(run, np.stack(kept)), describe(run, np.stack(back)))


def write_gate(fitted: Fitted, root: Path, tag: str) -> Path:
    """Write ``root/gate-<tag>``: network, typical frontals and a card without figures yet."""
    folder = root / f"gate-{tag}"
    folder.mkdir(parents=True, exist_ok=True)
    save_gate(fitted.network, folder / NETWORK_FILE)
    card = _card(fitted, folder, tag)
    run = open_engine().open(gate_source(GateWeights(card, folder)))
    write_novelty(typical_frontals(run, fitted.originals), folder / TYPICAL_FILE)
    typical = WeightFile(TYPICAL_FILE, sha256(folder / TYPICAL_FILE))
    write_gate_card(replace(card, typical=typical), folder)
    return folder


def measure_gate(folder: Path, real: Path) -> GateCard:
    """Measure what was written on radiographs held back, and complete its card."""
    weights, engine = read_gate_card(folder), open_engine()
    typical = read_novelty(weights.typical_file())
    gate = Gatekeeper(weights.card, engine.open(gate_source(weights)), typical)
    hearts = open_heart_reader(engine)
    shown = [
        show(gate, hearts, source, path, posed(radiograph, pose), pose)
        for source, path, radiograph in held_back(real)
        for pose in POSES
    ]
    cutting = cutting_figures(hearts, real, weights.card.thresholds)
    card = replace(weights.card, figures=figures(shown) | cutting)
    for name, figure in card.figures.items():
        log.info(
            "%s: %.3f (%.3f to %.3f), n %d", name, figure.value, figure.low, figure.high, figure.n
        )
    write_gate_card(card, folder)
    return card


def _card(fitted: Fitted, folder: Path, tag: str) -> GateCard:
    counts = Counter(one.kind for one in fitted.originals if not one.held_back)
    made = Counter(KINDS[kind] for kind in fitted.examples.kinds)
    network = WeightFile(NETWORK_FILE, sha256(folder / NETWORK_FILE))
    return GateCard(
        tag=tag,
        created=date.today().isoformat(),
        summary=(
            "Says whether an image is one upright frontal chest radiograph of a person, and if "
            "not, what it looks like and how it lies."
        ),
        preprocessing=PREPROCESSING,
        network=network,
        typical=network,
        input_size=SIDE,
        answers=LOGITS,
        thresholds=fitted.thresholds,
        training=GateTraining(
            command="python -m train gate --real FOLDER",
            recipe=(
                "EfficientNet-Lite0 with ImageNet weights as they are; a head of two layers on its "
                f"grid, {fitted.recipe.epochs} epochs, batch {fitted.recipe.batch}, AdamW "
                f"{fitted.recipe.rate:g}, dropout {fitted.recipe.dropout}, seed "
                f"{fitted.recipe.seed}"
            ),
            originals={kind: counts[kind] for kind in KINDS},
            examples={kind: made[kind] for kind in KINDS},
            held_back=(
                f"one patient in {HELD_BACK_ONE_IN} of each source, by a hash of the patient's name"
            ),
        ),
        figures={},
        limits=LIMITS,
        data=DATA,
    )
