"""AdamW, its learning rate as a function of the step, and the moving average of the weights."""

import copy
import math
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from train.recipe import Recipe

Network = TypeVar("Network", bound=nn.Module)


def make_optimiser(module: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW over what is trained; biases, scales and shifts are not decayed."""
    trained = [value for value in module.parameters() if value.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [value for value in trained if value.ndim > 1]},
        {"params": [value for value in trained if value.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.rate, weight_decay=recipe.weight_decay, fused=True)


def rate_at(recipe: Recipe, step: int, steps: int) -> float:
    """The learning rate of step ``step`` (from 0) of ``steps`` in the whole training."""
    warm = round(recipe.warmup * steps)
    if step < warm:
        return recipe.rate * (step + 1) / warm
    if recipe.schedule == "constant":
        return recipe.rate
    share = (step - warm) / max(1, steps - warm)
    return recipe.rate * 0.5 * (1 + math.cos(math.pi * share))


class Average(Generic[Network]):
    """Exponential moving average of a network's weights; other state (statistics of batch
    normalisation) is copied. The average follows faster in the first steps."""

    def __init__(self, network: Network, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
        self._decay = decay

    @torch.no_grad()
    def update(self, network: Network, step: int) -> None:
        """Take in the weights after step ``step`` (from 0)."""
        decay = min(self._decay, (1 + step) / (10 + step))
        kept: list[Tensor] = list(self.network.parameters())
        fresh: list[Tensor] = list(network.parameters())
        torch._foreach_lerp_(kept, fresh, 1 - decay)
        for mine, theirs in zip(self.network.buffers(), network.buffers(), strict=True):
            mine.copy_(theirs)
