"""The anatomy network for the fast engine: ranges for 8 bits, and how far they move the ratio."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxr_valve import cards
from cxr_valve.anatomy.heart_card import HeartCard, HeartWeights
from cxr_valve.anatomy.heart_reader import HeartReader, heart_source
from cxr_valve.engines.engine import open_engine
from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.prepare import prepare
from cxr_valve.models.ranges import RANGES_FILE, write_ranges
from train.segmentation.measure import bootstrap_mean

#: What the borders are drawn from stays in floats.
LAST = "network.unet.segmentation_head"


def keep_ranges(
    card: HeartCard, folder: Path, real: Path, names: Sequence[str]
) -> cards.RangesFile:
    """Measure what goes into the network's convolutions on training images, as it is shown to
    them in a reading, and write it into ``folder``."""
    # Imported where a network is run: torch takes seconds.
    from cxr_valve.engines.eight_bits import measure_ranges

    network = heart_source(HeartWeights(card, folder)).build()
    found = measure_ranges(network, _shown(real, names, card.input_size))
    kept = {name: ends for name, ends in found.items() if not name.startswith(LAST)}
    write_ranges({"heart": kept}, folder / RANGES_FILE)
    return cards.RangesFile(RANGES_FILE, cards.sha256(folder / RANGES_FILE), len(names))


def _shown(real: Path, names: Sequence[str], size: int) -> Iterator[NDArray[np.float32]]:
    for name in names:
        yield prepare(load_radiograph((real / name).read_bytes()), size).image[None, None]


def fast_difference(
    card: HeartCard, folder: Path, real: Path, names: Sequence[str]
) -> dict[str, cards.Figure]:
    """How far the fast engine moves the ratio of those images: mean |Δ| where both find one.

    Empty where there is none.
    """
    engines = [open_engine(name) for name in ("openvino", "openvino-fast")]
    source = heart_source(HeartWeights(card, folder))
    readers = [HeartReader(card, engine.open(source)) for engine in engines]
    moved = []
    for name in names:
        radiograph = load_radiograph((real / name).read_bytes())
        prepared = prepare(radiograph, card.input_size)
        found = [reader.read(radiograph, prepared) for reader in readers]
        ratios = [reading.ctr for reading in found if reading is not None]
        if len(ratios) == len(found):
            moved.append(abs(ratios[1] - ratios[0]))
    return {"fast_engine_difference": bootstrap_mean(np.array(moved))} if moved else {}
