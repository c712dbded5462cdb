"""One round's network teaches or starts the next, and what is done is not done again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cxr_valve.models.anatomy_network import ENCODER, load_anatomy_network
from tests.anatomy.chest import DrawnChest
from train.segmentation import rounds
from train.segmentation.data import SIDE, Pictures
from train.segmentation.fit import Recipe
from train.segmentation.pseudo import Teacher, average_masks, teach
from train.segmentation.rounds import SMALL, Radiographs, Round, last_network, measured_network

TINY = Recipe(steps=1, batch=2, input_size=64)
CHAIN = (
    Round("one", SMALL, TINY, drawn=2),
    Round("two", ENCODER, replace(TINY, input_size=96), 1, None, ("one",)),
    Round("three", ENCODER, TINY, 1, "two", ("one", "two")),
)


def pictures(count: int) -> Pictures:
    masks = np.rint(DrawnChest(side=SIDE).probabilities() * 255).astype(np.uint8)
    image = np.clip(128 + 0.4 * masks[0] - 0.4 * masks[1] - 0.4 * masks[2], 0, 255)
    return Pictures(np.stack([image.astype(np.uint8)] * count), np.stack([masks] * count))


@pytest.fixture
def seen(monkeypatch) -> dict[str, list]:
    """A short chain; every fit's images by share, and the sizes at which teachers looked."""
    told: dict[str, list] = {"shares": [], "sizes": []}
    fit = rounds.fit

    def counted(recipe, shares, network, folder):
        told["shares"].append([len(share.pictures) for share in shares])
        return fit(recipe, shares, network, folder)

    def taught(teachers, images, usual):
        told["sizes"].append([teacher.size for teacher in teachers])
        return pictures(len(images) - 1)

    monkeypatch.setattr(rounds, "ROUNDS", CHAIN)
    monkeypatch.setattr(rounds, "LAST", replace(CHAIN[2], name="last", start="three"))
    monkeypatch.setattr(rounds, "fit", counted)
    monkeypatch.setattr(rounds, "teach", taught)
    return told


def test_rounds_follow_each_other_and_the_last_learns_from_images_held_out(
    seen, tmp_path: Path
) -> None:
    given = Radiographs(pictures(3), lambda: pictures(4).images)
    measured, count = measured_network(given, tmp_path)
    assert count == 3
    assert seen["shares"] == [[3], [3, 3], [3, 3]]
    # Each teacher looks at the size it was trained at.
    assert seen["sizes"] == [[64], [64, 96]]
    last = last_network(given, pictures(2), tmp_path)
    assert seen["shares"][3:] == [[5, 3]]
    ends = [load_anatomy_network(file).state_dict() for file in (measured, last)]
    assert any((ends[0][name] != ends[1][name]).any() for name in ends[0])

    # Nothing is left to do, and nothing is done again.
    assert measured_network(given, tmp_path) == (measured, 3)
    assert last_network(given, pictures(2), tmp_path) == last
    assert len(seen["shares"]) == 4
    assert len(seen["sizes"]) == 2


def test_the_shipped_chain_names_only_rounds_that_came_before() -> None:
    before: dict[str, str] = {}
    for one in (*rounds.ROUNDS, rounds.LAST):
        assert set(one.teachers) <= before.keys()
        assert one.start is None or before[one.start] == one.encoder
        assert one.drawn <= one.recipe.batch
        assert (one.drawn < one.recipe.batch) == bool(one.teachers)
        before[one.name] = one.encoder
    assert rounds.ROUNDS[-1].encoder == rounds.LAST.encoder == ENCODER


class Says(torch.nn.Module):
    """A network that always sees the same."""

    def __init__(self, logit: float) -> None:
        super().__init__()
        self.logit = logit

    def forward(self, images):
        return images.new_full((len(images), 3, *images.shape[2:]), self.logit)


def test_masks_of_several_teachers_are_their_mean() -> None:
    teachers = [Teacher(Says(9.0), 64), Teacher(Says(-9.0), 96)]
    found = average_masks(teachers, pictures(2).images)
    assert found.shape == (2, 3, SIDE, SIDE)
    # In the middle, which every pose shows.
    middle = slice(SIDE // 3, SIDE // 2)
    assert found[:, :, middle, middle] == pytest.approx(0.5, abs=0.01)


def test_teachers_that_are_sure_of_nothing_say_so() -> None:
    with pytest.raises(ValueError, match="whose masks the network is sure of, found none among 3"):
        teach([Teacher(Says(0.0), 64)], pictures(3).images, {})
