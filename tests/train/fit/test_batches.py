"""The order of an epoch repeats by seed, and workers together see what one would see."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from train.fit.batches import Batches, epoch_order
from train.fit.examples import Examples
from train.recipe import Recipe

CPU = torch.device("cpu")
RECIPE = Recipe(networks=("test_resnet",), input_size=80, batch=8, seed=3)


def test_the_order_is_a_permutation_that_differs_by_epoch_and_repeats_by_seed() -> None:
    targets = np.zeros(24, np.float32)
    orders = [epoch_order(targets, 7, epoch, "none").tolist() for epoch in range(3)]
    assert all(sorted(order) == list(range(24)) for order in orders)
    assert orders[0] != orders[1] != orders[2]
    assert orders == [epoch_order(targets, 7, epoch, "none").tolist() for epoch in range(3)]
    assert epoch_order(targets, 8, 0, "none").tolist() != orders[0]


def test_the_sampler_draws_both_classes_alike_and_nobody_twice_as_often() -> None:
    targets = (np.arange(100) < 10).astype(np.float32)
    order = epoch_order(targets, 1, 0, "sampler")
    counts = np.bincount(order, minlength=100)
    assert len(order) == 100
    assert counts[:10].sum() == counts[10:].sum() == 50
    assert counts[:10].tolist() == [5] * 10
    assert set(counts[10:]) <= {0, 1}


def test_a_batch_keeps_targets_and_truth_with_their_images(examples: Examples) -> None:
    recipe = replace(RECIPE, augmentation="none")
    batch = next(Batches(examples, recipe, CPU).epoch(0))
    order = epoch_order(examples.targets, 3, 0, "none")[:8]
    np.testing.assert_allclose(batch.images[:, 0] * 255, examples.images[order], atol=1e-4)
    np.testing.assert_array_equal(batch.targets, examples.targets[order])
    assert examples.measures is not None
    assert batch.measures is not None
    np.testing.assert_array_equal(batch.measures, examples.measures[order])
    assert examples.structures is not None
    assert batch.structures is not None
    np.testing.assert_array_equal(batch.structures, examples.structures[order])


def test_rows_choose_the_images_of_a_split(examples: Examples) -> None:
    split = replace(examples, rows=np.arange(16, 24), targets=examples.targets[16:])
    batches = Batches(split, replace(RECIPE, augmentation="none"), CPU)
    (batch,) = batches.epoch(0)
    order = 16 + epoch_order(split.targets, 3, 0, "none")
    np.testing.assert_allclose(batch.images[:, 0] * 255, examples.images[order], atol=1e-4)


def test_an_epoch_taken_up_at_a_batch_goes_on_as_it_would_have(examples: Examples) -> None:
    whole = list(Batches(examples, RECIPE, CPU).epoch(4))
    rest = list(Batches(examples, RECIPE, CPU).epoch(4, start=2))
    assert len(whole) == 3
    (last,) = rest
    assert torch.equal(last.images, whole[2].images)
    assert torch.equal(last.targets, whole[2].targets)


def test_a_last_batch_that_is_not_full_is_left_out(examples: Examples) -> None:
    batches = Batches(examples, replace(RECIPE, batch=10), CPU)
    assert batches.steps == 2
    assert [len(batch.targets) for batch in batches.epoch(0)] == [10, 10]


@pytest.mark.parametrize("augmentation", ["none", "standard"])
def test_workers_together_see_what_one_would(examples: Examples, augmentation: str) -> None:
    recipe = replace(RECIPE, augmentation=augmentation)
    alone = next(Batches(examples, recipe, CPU).epoch(0))
    shares = [
        next(Batches(examples, recipe, CPU, rank=rank, workers=2).epoch(0)) for rank in range(2)
    ]
    for rank, share in enumerate(shares):
        torch.testing.assert_close(share.images, alone.images[rank::2], atol=1e-6, rtol=0)
        assert torch.equal(share.targets, alone.targets[rank::2])
