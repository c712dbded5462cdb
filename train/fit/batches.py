"""The order of an epoch and its batches: functions of (seed, epoch), whoever asks and whenever."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from train.fit.augmentation import Augmenter
from train.fit.examples import Examples
from train.recipe import Balance, Recipe


@dataclass(frozen=True, eq=False)
class Batch:
    """``images`` (B, 1, S, S) in [0, 1], ``targets`` (B,); the others as in Examples, or None."""

    images: Tensor
    targets: Tensor
    measures: Tensor | None
    structures: Tensor | None


def epoch_order(
    targets: NDArray[np.float32], seed: int, epoch: int, balance: Balance
) -> NDArray[np.int64]:
    """Positions of the examples in the order in which an epoch sees them, (n,).

    With the balance "sampler", half of the n are positives and half negatives, each class in
    permutations of its own, so that none comes up twice more often than another of its class.
    """
    rng = np.random.default_rng([seed, epoch])
    if balance != "sampler":
        return rng.permutation(len(targets))
    half = len(targets) // 2
    positives = _cycled(np.flatnonzero(targets == 1), half, rng)
    negatives = _cycled(np.flatnonzero(targets != 1), len(targets) - half, rng)
    return rng.permutation(np.concatenate([positives, negatives]))


def _cycled(members: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    rounds = -(-count // len(members))
    return np.concatenate([rng.permutation(members) for _ in range(rounds)])[:count]


class Batches:
    """Batches of one worker. All workers see the same order and each takes its share of every
    batch, so that together they do what one would do alone. A last batch that is not full is left
    out."""

    def __init__(
        self,
        examples: Examples,
        recipe: Recipe,
        device: torch.device,
        *,
        rank: int = 0,
        workers: int = 1,
    ) -> None:
        self._examples, self._recipe, self._device = examples, recipe, device
        self._rank, self._workers = rank, workers
        self._augmenter = Augmenter(recipe.augmentation, recipe.seed, examples.size, device)
        self.steps = len(examples) // recipe.batch

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from number ``start`` on."""
        recipe = self._recipe
        order = epoch_order(self._examples.targets, recipe.seed, epoch, recipe.balance)
        for step in range(start, self.steps):
            whole = order[step * recipe.batch : (step + 1) * recipe.batch]
            yield self._batch(epoch, whole[self._rank :: self._workers])

    def _batch(self, epoch: int, indices: NDArray[np.int64]) -> Batch:
        found = self._examples
        images = load(found, indices, self._device)
        structures = None
        if found.structures is not None:
            structures = self._to_device(found.structures[indices].astype(np.float32))
        variation = self._augmenter.draw(epoch, indices)
        if variation is not None:
            images = variation.image(images)
            structures = None if structures is None else variation.grid(structures)
        return Batch(
            images=images,
            targets=self._to_device(found.targets[indices]),
            measures=None if found.measures is None else self._to_device(found.measures[indices]),
            structures=structures,
        )

    def _to_device(self, values: NDArray[np.float32]) -> Tensor:
        return torch.from_numpy(values).to(self._device)


def load(examples: Examples, indices: NDArray[np.int64], device: torch.device) -> Tensor:
    """Images of examples as float32 (B, 1, S, S) in [0, 1] on the device."""
    taken = torch.from_numpy(np.ascontiguousarray(examples.images[examples.rows[indices]]))
    # Bytes travel, floats are made where they are needed.
    return taken.to(device)[:, None].float().div_(255)
