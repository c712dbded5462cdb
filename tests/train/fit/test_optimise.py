"""The rate of every step, what is decayed, and the moving average."""

import pytest
import torch
from torch import nn

from train.fit.optimise import Average, make_optimiser, rate_at
from train.recipe import Recipe

RECIPE = Recipe(rate=0.1, warmup=0.2)


def test_the_rate_rises_then_falls_by_a_cosine() -> None:
    rates = [rate_at(RECIPE, step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(0.1 / 20)
    assert rates[19] == rates[20] == pytest.approx(0.1)
    assert rates[60] == pytest.approx(0.05)
    assert 0 < rates[99] < 0.001
    assert rates[20:] == sorted(rates[20:], reverse=True)


def test_a_constant_rate_stays() -> None:
    recipe = Recipe(rate=0.1, warmup=0.0, schedule="constant")
    assert {rate_at(recipe, step, 50) for step in range(50)} == {0.1}


def test_biases_and_scales_are_not_decayed() -> None:
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(4, 1))
    module[2].requires_grad_(requires_grad=False)
    decayed, rest = make_optimiser(module, Recipe(weight_decay=0.3)).param_groups
    assert [value.ndim for value in decayed["params"]] == [4]
    assert len(rest["params"]) == 3
    assert (decayed["weight_decay"], rest["weight_decay"]) == (0.3, 0.0)


def test_the_average_follows_fast_at_first_and_then_by_its_decay() -> None:
    network = nn.BatchNorm1d(1)
    average = Average(network, 0.9)
    with torch.no_grad():
        network.weight.fill_(11.0)
        network.running_mean.fill_(5.0)
    average.update(network, step=0)
    # (1 + 0) / (10 + 0) of the old value stays.
    assert average.network.weight.item() == pytest.approx(0.1 * 1 + 0.9 * 11)
    assert average.network.running_mean.item() == 5.0
    before = average.network.weight.item()
    average.update(network, step=10_000)
    assert average.network.weight.item() == pytest.approx(0.9 * before + 0.1 * 11)
