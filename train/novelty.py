"""How a training cohort looks, kept beside the weights learnt from it."""

from collections.abc import Iterable, Sequence
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
from cxr_valve.models.novelty import MIN_IMAGES, NOVELTY_FILE, fit_novelty, write_novelty
from train.cohort.store import StoredCohort
from train.fit.images import prepare_images

#: Radiographs of a kind that are described at most, to know how a cohort looks.
LOOKS = 1500


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


def keep_looks(folder: Path, cohort: StoredCohort) -> None:
    """Keep how the cohort looks beside the weights in ``folder``, so that a reading can say how
    unlike it an image is; a cohort too small for that, or a program without its gate, goes
    without."""
    training = _spaced(cohort, ("train",), LOOKS)
    held_out = _spaced(cohort, ("validation", "test"), LOOKS)
    if min(len(training), len(held_out)) < MIN_IMAGES:
        return
    try:
        prepared = prepare_images(cohort, [size := gate_size()])[size]
        parts = [
            describe(prepared.images[row] for row in rows if prepared.usable[row])
            for rows in (training, held_out)
        ]
        attach(folder, *parts)
    except (cards.CardError, ValueError):
        return


def _spaced(cohort: StoredCohort, splits: Sequence[str], most: int) -> NDArray[np.int_]:
    """Rows of some splits, at most so many, spread over all of them."""
    rows = np.flatnonzero(cohort.table["split"].isin(splits).to_numpy())
    return rows[:: max(1, -(-len(rows) // most))]
