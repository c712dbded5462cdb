"""A training of seconds, and a watcher that stops it."""

from pathlib import Path

from cxr_valve.models.networks import ValveNet
from train.fit.examples import TrainingData
from train.fit.loop import Loop, new_network
from train.fit.team import single
from train.fit.watcher import Epoch, Watcher
from train.recipe import Recipe

TINY = Recipe(
    networks=("test_resnet",),
    input_size=80,
    epochs=3,
    batch=8,
    ema=0.5,
    early_stopping=2,
    measure_weight=1.0,
    locate_weight=1.0,
    precision="32",
)


class StopAfter(Watcher):
    """Asks for a stop before the batch of that number, counted over all epochs; keeps epochs."""

    def __init__(self, batches: float = float("inf")) -> None:
        super().__init__()
        self.left, self.epochs = batches, list[Epoch]()

    def stop(self) -> bool:
        self.left -= 1
        return self.left < 0

    def epoch(self, epoch: Epoch) -> None:
        self.epochs.append(epoch)


def train(
    recipe: Recipe, data: TrainingData, folder: Path, watcher: Watcher | None = None
) -> ValveNet:
    network = new_network(recipe.networks[0], recipe)
    return Loop(network, recipe, data, folder, single(recipe.precision), watcher).run()
