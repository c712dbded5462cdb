import numpy as np
import pytest

from cxr_valve.anatomy.heart_card import AnatomyTraining, Borders, HeartCard, IntervalRule
from cxr_valve.anatomy.plausibility import WORDS
from cxr_valve.imaging.geometry import Box, Geometry
from cxr_valve.imaging.prepare import PREPROCESSING
from tests.anatomy.chest import SIDE, DrawnChest

USUAL = {
    "ratio": (0.2, 0.8),
    "heart_area": (0.2, 0.6),
    "lung_balance": (-0.3, 0.6),
    "heart_side": (0.4, 0.7),
    "heart_level": (0.4, 0.8),
    "heart_form": (0.7, 1.8),
    "thorax_form": (0.9, 1.8),
}
assert USUAL.keys() == WORDS.keys()


@pytest.fixture
def chest() -> DrawnChest:
    return DrawnChest()


@pytest.fixture
def whole() -> Geometry:
    """An input that shows the whole of a radiograph of the same size."""
    everything = Box(0.0, 0.0, float(SIDE), float(SIDE))
    return Geometry(SIDE, SIDE, SIDE, everything, everything)


def toy_heart_card() -> HeartCard:
    """A card for networks that see drawn chests."""
    return HeartCard(
        tag="toy",
        created="2026-01-01",
        summary="A toy.",
        preprocessing=PREPROCESSING,
        file="network.safetensors",
        sha256="0" * 64,
        input_size=SIDE,
        looks=(SIDE,),
        borders=Borders(0.5, 0.5, "by hand"),
        interval=IntervalRule(0.01, 2.0, (0.3, 0.7), "by hand"),
        usual=USUAL,
        training=AnatomyTraining("none", {}, 0, 0, "nothing"),
        figures={},
        limits=(),
        data=(),
    )


@pytest.fixture
def heart_card() -> HeartCard:
    return toy_heart_card()


class DrawnNetwork:
    """A network that sees the same chest in everything."""

    def __init__(self, chest: DrawnChest) -> None:
        self.chest = chest

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, ...]:
        return (np.stack([self.chest.logits()] * len(images)),)


@pytest.fixture
def drawn_network(chest: DrawnChest) -> DrawnNetwork:
    return DrawnNetwork(chest)
