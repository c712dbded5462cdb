"""What engines need of a set of weights before it is used: ranges for 8 bits, and their errors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cxr_valve import cards
from cxr_valve.engines.engine import ENGINES, Engine, NetworkSource, Ranges, open_engine
from cxr_valve.models.chain import run_chain
from cxr_valve.models.value import run_value
from train.cohort.store import StoredCohort
from train.evaluate import FittedMember

#: Held-out images on which every engine is held to the float32 torch reference.
CHECK_IMAGES = 200
#: Training images on which the ranges of 8 bits are measured; spread over all of them.
RANGE_IMAGES = 256
BATCH = 16
FAST = "openvino-fast"
#: How far 8 bits may move a probability on any image and on average (of a value: as shares of its
#: interval's width). A network they move further is computed in floats.
LARGEST, MEAN = 0.03, 0.004


@dataclass(frozen=True, eq=False)
class EngineImages:
    """Prepared images of one cohort, uint8 (N, S, S) for each member in card order: ``training``
    to measure ranges on, ``held_out`` to compare engines on."""

    training: Sequence[NDArray[np.uint8]]
    held_out: Sequence[NDArray[np.uint8]]


def engine_images(cohort: StoredCohort, members: Sequence[FittedMember]) -> EngineImages:
    """Readable training images, spread over all of them, and the first test images."""
    from train.fit.images import prepare_images

    prepared = prepare_images(cohort, sorted({member.input_size for member in members}))
    usable = np.all([images.usable for images in prepared.values()], axis=0)

    def of(split: str) -> NDArray[np.int_]:
        return np.flatnonzero((cohort.table["split"] == split).to_numpy() & usable)

    def stacks(rows: NDArray[np.int_]) -> list[NDArray[np.uint8]]:
        return [np.asarray(prepared[member.input_size].images[rows]) for member in members]

    train = of("train")
    step = max(1, -(-len(train) // RANGE_IMAGES))
    return EngineImages(stacks(train[::step]), stacks(of("test")[:CHECK_IMAGES]))


def check_engines(
    card: cards.AnyCard, sources: Sequence[NetworkSource], images: EngineImages
) -> tuple[dict[str, Ranges], dict[str, cards.EngineError]]:
    """Each member's ranges by its label, and the error of every engine with them.

    There are no ranges where 8 bits would move the results too far.
    """
    measured = {
        member.label: _ranges(source, stack)
        for member, source, stack in zip(card.members, sources, images.training, strict=True)
    }
    rounded = [
        replace(source, ranges=measured[member.label])
        for member, source in zip(card.members, sources, strict=True)
    ]
    errors = engine_errors(card, rounded, images.held_out)
    if not any(measured.values()):
        return {}, errors
    if _near(card, errors[FAST]):
        return measured, errors
    return {}, engine_errors(card, sources, images.held_out)


def _ranges(source: NetworkSource, images: NDArray[np.uint8]) -> Ranges:
    # Imported where a network is run: torch takes seconds.
    from cxr_valve.engines.eight_bits import measure_ranges

    return measure_ranges(source.build(), _batches(images))


def _batches(images: NDArray[np.uint8]) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(images), BATCH):
        yield images[start : start + BATCH, None].astype(np.float32) / 255.0


def _near(card: cards.AnyCard, error: cards.EngineError) -> bool:
    width = 1.0
    if isinstance(card, cards.ValueCard):
        width = card.interval.high - card.interval.low
    return error.maximum <= LARGEST * width and error.mean <= MEAN * width


def engine_errors(
    card: cards.AnyCard, sources: Sequence[NetworkSource], images: Sequence[NDArray[np.uint8]]
) -> dict[str, cards.EngineError]:
    """|Δ probability|, or |Δ value|, of every engine against torch in float32."""
    reference = _results(card, open_engine("torch"), sources, images)
    errors = {}
    for name in ENGINES:
        if name == "torch":
            continue
        difference = np.abs(_results(card, open_engine(name), sources, images) - reference)
        errors[name] = cards.EngineError(
            float(difference.max()), float(difference.mean()), len(difference)
        )
    return errors


def _results(
    card: cards.AnyCard,
    engine: Engine,
    sources: Sequence[NetworkSource],
    images: Sequence[NDArray[np.uint8]],
) -> NDArray[np.float64]:
    runs = [engine.open(item) for item in sources]
    results = []
    for index in range(min(len(images[0]), CHECK_IMAGES)):
        logits = [
            float(run((stack[index].astype(np.float32) / 255.0)[None, None])[0][0])
            for run, stack in zip(runs, images, strict=True)
        ]
        if isinstance(card, cards.ValueCard):
            results.append(run_value(card, logits).value)
        else:
            results.append(run_chain(card, logits).probability)
    return np.array(results)
