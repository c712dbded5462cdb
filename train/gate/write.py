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
from train.gate.examples import Examples
from train.gate.fit import GateRecipe, save_gate
from train.gate.measure import POSES, figures, held_back, posed, show
from train.gate.sources import DATA, HELD_BACK_ONE_IN, Original

log = logging.getLogger(__name__)

NETWORK_FILE, TYPICAL_FILE = "gate.safetensors", "typical.safetensors"
THRESHOLDS = Thresholds(
    frontal=0.65,
    turned=0.5,
    inverted=0.5,
    mirrored=0.82,
    lean=150.0,
    unlike=1.6,
    rule=(
        "Chosen between what frontals and other images gave when they were left out of training: "
        "frontals of a source left out had a frontal probability of at least 0.78, other images "
        "left out at most 0.68 (a scout view of the whole trunk); 0.65 favours acceptance. Of "
        "frontals held back none lay further than 1.4 from the typical ones, of other images that "
        "were not projections of a chest none nearer than 1.47; 1.6 leaves room for other "
        "machines. Mirror images: at most 2% false warnings on radiographs held back."
    ),
)
LIMITS = (
    "Trained on 478 radiographs of three sources, all of adults; children and other devices of "
    "acquisition are untested.",
    "Lateral and oblique chests were seen only as projections of one CT; other radiographs than "
    "chests mostly as drawings. Unlike images are refused by their distance, not by their name.",
    "A mirror image is warned of, never refused: situs inversus looks the same.",
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


def write_gate(fitted: Fitted, real: Path, root: Path, tag: str) -> Path:
    """Write the folder, then measure what was written and complete its card."""
    folder = root / f"gate-{tag}"
    folder.mkdir(parents=True, exist_ok=True)
    save_gate(fitted.network, folder / NETWORK_FILE)
    card = _card(fitted, folder, tag)
    engine = open_engine()
    run = engine.open(gate_source(GateWeights(card, folder)))
    write_novelty(typical_frontals(run, fitted.originals), folder / TYPICAL_FILE)
    typical = WeightFile(TYPICAL_FILE, sha256(folder / TYPICAL_FILE))
    card = replace(card, typical=typical)
    write_gate_card(card, folder)
    gate = Gatekeeper(card, run, read_novelty(read_gate_card(folder).typical_file()))
    hearts = open_heart_reader(engine)
    shown = [
        show(gate, hearts, source, path, posed(radiograph, pose), pose)
        for source, path, radiograph in held_back(real)
        for pose in POSES
    ]
    measured = figures(shown)
    for name, figure in measured.items():
        log.info(
            "%s: %.3f (%.3f to %.3f), n %d", name, figure.value, figure.low, figure.high, figure.n
        )
    write_gate_card(replace(card, figures=measured), folder)
    return folder


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
