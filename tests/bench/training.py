"""Training throughput against a bare PyTorch loop over tensors that lie ready in memory.

The bare loop is what one would write by hand: the same network, optimiser, precision and batches,
images already float in channels-last memory, no augmentation, no checks, no stop file. They take
steps in turns, so that whatever else the machine does slows all alike; the best step counts.

Bars: 95% of the bare loop without augmentation, 85% with it.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from train.fit.examples import Examples, TrainingData
from train.fit.loop import Loop, new_network
from train.fit.run import threads_for
from train.fit.team import choose, single
from train.recipe import Recipe

#: Network, input size, batch, and how many steps each loop takes.
CASES = (("resnet10t", 128, 16, 60), ("resnet50", 224, 16, 15))
BARS = {"none": 0.95, "standard": 0.85}


def main() -> int:
    """Print images a second of each, and judge."""
    torch.set_num_threads(threads_for(1))
    good = True
    for network, size, batch, rounds in CASES:
        recipe = Recipe(networks=(network,), input_size=size, batch=batch, epochs=1000)
        # One batch is an epoch: the steps of the loops can then take turns.
        data = make_data(size, batch)
        with tempfile.TemporaryDirectory() as folder:
            runs = {"bare": bare_epoch(recipe, data)} | {
                kind: our_epoch(replace(recipe, augmentation=kind), data, Path(folder) / kind)
                for kind in BARS
            }
            speeds = measure(runs, batch, rounds)
        print(
            f"  {network} at {size} px, batch {batch}, {choose(recipe.precision, 'cpu')}, "
            f"{torch.get_num_threads()} threads: bare loop {speeds['bare']:.1f} images/s"
        )
        for kind, bar in BARS.items():
            share = speeds[kind] / speeds["bare"]
            good &= share >= bar
            print(
                f"    ours, augmentation {kind:<9} {speeds[kind]:7.1f} images/s  {share:6.1%} "
                f"(bar {bar:.0%})"
            )
    return 0 if good else 1


def make_data(size: int, images: int) -> TrainingData:
    """Random images: speed does not depend on what they show."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (images, size, size), dtype=np.uint8)
    targets = (np.arange(images) % 2).astype(np.float32)
    split = Examples(pixels, np.arange(images), targets)
    return TrainingData(split, split)


def bare_epoch(recipe: Recipe, data: TrainingData) -> Callable[[], None]:
    """One epoch of the loop that one would write by hand."""
    network = new_network(recipe.networks[0], recipe).train()
    network = network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-4, fused=True)
    images = torch.from_numpy(data.train.images[:, None]).float().div_(255)
    batches = list(
        zip(
            images.contiguous(memory_format=torch.channels_last).split(recipe.batch),
            torch.from_numpy(data.train.targets).split(recipe.batch),
            strict=True,
        )
    )
    bf16 = choose(recipe.precision, "cpu") == "bf16-mixed"

    def run() -> None:
        for image, target in batches:
            with torch.autocast("cpu", torch.bfloat16) if bf16 else nullcontext():
                logit = network.classifier(network.features(image).mean(dim=(2, 3)))[:, 0]
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logit.float(), target)
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()

    return run


def our_epoch(recipe: Recipe, data: TrainingData, folder: Path) -> Callable[[], None]:
    """The steps of one epoch of the project's loop, with all it checks before and after each."""
    loop = Loop(
        new_network(recipe.networks[0], recipe), recipe, data, folder, single(recipe.precision)
    )

    def run() -> None:
        loop.position.step = 0
        loop.position.loss = 0.0
        loop.train_epoch()

    return run


def measure(runs: dict[str, Callable[[], None]], images: int, rounds: int) -> dict[str, float]:
    """Images a second, the best of ``rounds`` turns after two to warm up."""
    best = dict.fromkeys(runs, 0.0)
    for turn in range(rounds + 2):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            if turn > 1:
                best[name] = max(best[name], images / (time.perf_counter() - started))
    return best


if __name__ == "__main__":
    sys.exit(main())
