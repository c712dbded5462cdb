"""The one training loop: resumed at any batch, it ends where an uninterrupted one ends."""

import logging
import math
import time
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from cxr_valve.models.networks import ValveNet
from train.fit.batches import Batch, Batches
from train.fit.checkpoint import BEST, LAST, Position, load_checkpoint, save_checkpoint
from train.fit.examples import TrainingData
from train.fit.learner import Learner
from train.fit.optimise import Average, make_optimiser, rate_at
from train.fit.outcomes import Stopped, TrainingError
from train.fit.team import Team
from train.fit.validation import validate
from train.fit.watcher import Epoch, Watcher
from train.recipe import Recipe

log = logging.getLogger(__name__)

#: Between two checkpoints of a long epoch.
CHECKPOINT_SECONDS = 600.0
#: On a GPU, how many batches may be under way before their loss is looked at.
LOOK_EVERY = 16


class Loop:
    """Trains one member in the processes of a team.

    Everything random is a function of (seed, epoch, step or index), and a checkpoint holds the
    rest: weights, optimiser, average, position within the epoch.
    """

    def __init__(
        self,
        network: ValveNet,
        recipe: Recipe,
        data: TrainingData,
        folder: Path,
        team: Team,
        watcher: Watcher | None = None,
    ) -> None:
        self.recipe, self.data, self.folder, self.team = recipe, data, folder, team
        self.watcher = watcher or Watcher()
        self.learner = Learner(network, recipe, data)
        self.position = Position()
        self.batches = Batches(
            data.train, recipe, team.fabric.device, rank=team.rank, workers=team.size
        )
        self.steps = self.batches.steps * recipe.epochs
        self._model = team.fabric.setup_module(self.learner)
        self._optimiser = cast(
            torch.optim.Optimizer,
            team.fabric.setup_optimizers(make_optimiser(self.learner, recipe)),
        )
        self._average = Average(self.learner.network, recipe.ema) if recipe.ema else None
        self._identity = {
            "network": network.network,
            "input size": data.train.size,
            # How many share the work may change between two starts.
            "recipe": {k: v for k, v in recipe.to_json().items() if k != "workers"},
            "cohort": data.fingerprint,
        }

    @property
    def network(self) -> ValveNet:
        """The network as it is validated and kept: the average, if there is one."""
        return self._average.network if self._average else self.learner.network

    def run(self) -> ValveNet:
        """Train from the last checkpoint, or the beginning, to the end; returns what is kept.

        Raises:
            Stopped: a graceful stop was asked for; the position is in the checkpoint.
            TrainingError: the loss is not finite, or a checkpoint cannot be written or read.
        """
        self._resume()
        while self.position.epoch < self.recipe.epochs and not self._out_of_patience():
            self.train_epoch()
            self._finish_epoch()
        if self.recipe.early_stopping:
            kept = load_checkpoint(self.folder / BEST, self._identity)
            if kept is not None:
                self.network.load_state_dict(kept[1])
        return self.network.eval()

    def train_epoch(self) -> None:
        """Take the steps of an epoch from the position on, ready to be validated.

        Raises Stopped and TrainingError as ``run`` does.
        """
        position, watch = self.position, self.watcher
        began = time.monotonic() - position.seconds
        watch.progress.restart_clock()
        self._model.train()
        loss = torch.tensor(position.loss, dtype=torch.float64, device=self.team.fabric.device)
        saved = time.monotonic()
        for batch in self.batches.epoch(position.epoch, position.step):
            due = time.monotonic() - saved > CHECKPOINT_SECONDS
            stop, due = self.team.any(watch.stop(), due)
            if stop or due:
                loss = self._mean(loss)
                position.loss, position.seconds = float(loss), time.monotonic() - began
                self.save()
                saved = time.monotonic()
            if stop:
                raise Stopped
            loss += self._step(batch)
            position.step += 1
            self._look(loss)
            done = position.epoch * self.batches.steps + position.step
            watch.progress.step(done, self.recipe.batch, self.steps - done + watch.steps_after())
        position.loss, position.seconds = float(self._mean(loss)), time.monotonic() - began

    def _mean(self, loss: Tensor) -> Tensor:
        """The mean over the team, as the checkpoint keeps it and every process goes on from."""
        shared = self.team.sum(np.array([float(loss)])) / self.team.size
        return torch.from_numpy(shared)[0].to(loss.device)

    def _step(self, batch: Batch) -> Tensor:
        """One optimiser step; returns the loss of the target, not yet looked at."""
        position = self.position
        number = position.epoch * self.batches.steps + position.step
        for group in self._optimiser.param_groups:
            group["lr"] = rate_at(self.recipe, number, self.steps)
        # For networks with dropout.
        torch.manual_seed(_seed(self.recipe.seed, number, self.team.rank))
        total, own = self._model(batch.images, batch.targets, batch.measures, batch.structures)
        self.team.fabric.backward(total)
        self._optimiser.step()
        self._optimiser.zero_grad()
        if self._average:
            self._average.update(self.learner.network, number)
        return cast(Tensor, own.detach().double())

    def _look(self, loss: Tensor) -> None:
        """Stop where the loss is no number: it stays none in the sum, so a look now and then does.

        Raises TrainingError naming the place, in every process at once.
        """
        position = self.position
        last = position.step == self.batches.steps
        if loss.device.type != "cpu" and position.step % LOOK_EVERY and not last:
            return
        (bad,) = self.team.any(not math.isfinite(float(loss)))
        if bad:
            raise TrainingError(
                f"Expected a finite loss; found none in epoch {position.epoch + 1}, batch "
                f"{position.step}, of {self._identity['network']}. Lower the rate (now "
                f"{self.recipe.rate:g}), lengthen the warmup, or take the precision 32."
            )

    def _finish_epoch(self) -> None:
        """Validate, note, keep."""
        position, recipe, watch = self.position, self.recipe, self.watcher
        self.team.share_state(self.learner.network.buffers())
        validated = validate(
            self.learner, self.network, self.data.validation, recipe.batch, self.team
        )
        epoch = Epoch(
            member=str(self._identity["network"]),
            epoch=position.epoch + 1,
            step=(position.epoch + 1) * self.batches.steps,
            train_loss=position.loss / self.batches.steps,
            validated=validated,
            rate=float(self._optimiser.param_groups[0]["lr"]),
            seconds=position.seconds,
        )
        self.team.lead(lambda: watch.epoch(epoch))
        better = validated.merit > position.best
        if better:
            position.best, position.best_epoch = validated.merit, epoch.epoch
        position.epoch, position.step = epoch.epoch, 0
        position.loss = position.seconds = 0.0
        if better and recipe.early_stopping:
            kept = self.network.state_dict()
            self.team.lead(
                lambda: save_checkpoint(self.folder / BEST, self._identity, position, kept)
            )
        self.save()

    def _out_of_patience(self) -> bool:
        patience = self.recipe.early_stopping
        return bool(patience) and self.position.epoch - self.position.best_epoch >= patience

    def save(self) -> None:
        """Write the checkpoint."""
        # Read by every process: some kinds of optimiser gather their state for it.
        state: dict[str, Any] = {
            "learner": self.learner.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "average": self._average.network.state_dict() if self._average else None,
        }
        self.team.lead(
            lambda: save_checkpoint(self.folder / LAST, self._identity, self.position, state)
        )

    def _resume(self) -> None:
        found = load_checkpoint(self.folder / LAST, self._identity)
        if found is None:
            return
        self.position, state = found
        self.learner.load_state_dict(state["learner"])
        self._optimiser.load_state_dict(state["optimiser"])
        if self._average:
            self._average.network.load_state_dict(state["average"])
        log.info(
            "%s: going on after epoch %d, batch %d",
            self._identity["network"],
            self.position.epoch,
            self.position.step,
        )


def _seed(seed: int, step: int, rank: int) -> int:
    return int(np.random.SeedSequence([seed, step, rank]).generate_state(1, np.uint64)[0] >> 1)


def new_network(network: str, recipe: Recipe) -> ValveNet:
    """The network before its first step: a function of the recipe's seed, or pretrained.

    Raises TrainingError where pretrained weights cannot be had.
    """
    torch.manual_seed(recipe.seed)
    if not recipe.pretrained:
        return ValveNet(network)
    try:
        return ValveNet(network, pretrained=True)
    except Exception as error:
        # timm and its hub fail in as many ways as networks do.
        raise TrainingError(
            f"pretrained: expected to get the ImageNet weights of {network}; found that they "
            f"cannot be had here ({type(error).__name__}). Connect the machine once so that they "
            "are downloaded, or set pretrained to false."
        ) from error
