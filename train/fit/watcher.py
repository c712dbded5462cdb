"""Who watches the training loop: what it tells after an epoch, and who may ask it to stop."""

import logging
from dataclasses import dataclass

from train.fit.outcomes import TrainingError, reason
from train.fit.progress import Progress, StopWish
from train.fit.validation import Validated
from train.recipe import Recipe
from train.runs.folder import RunFolder

log = logging.getLogger("train.fit")


@dataclass(frozen=True)
class Epoch:
    """What an epoch came to: a row of metrics.csv."""

    member: str
    epoch: int
    step: int
    train_loss: float
    validated: Validated
    rate: float
    seconds: float


class Watcher:
    """What the loop tells and asks; the defaults suit a loop that nobody watches."""

    def __init__(self, progress: Progress | None = None) -> None:
        self.progress = progress or Progress()

    def stop(self) -> bool:
        """Whether a graceful stop is wanted; asked before every batch."""
        return False

    def epoch(self, epoch: Epoch) -> None:
        """An epoch is over."""

    def steps_after(self) -> float:
        """Steps of later members, for the time left."""
        return 0.0


class RunWatcher(Watcher):
    """Writes what the loop tells into the run's folder, and asks it for a stop."""

    def __init__(
        self, folder: RunFolder, recipe: Recipe, network: str, progress: Progress, wish: StopWish
    ) -> None:
        super().__init__(progress)
        self._folder, self._recipe, self._network, self._wish = folder, recipe, network, wish
        self._steps_an_epoch = 0

    def begin(self, steps_an_epoch: int) -> None:
        """A member's turn has come."""
        self._steps_an_epoch = steps_an_epoch
        done = self._folder.metrics()
        epochs = done.loc[done["member"] == self._network, "epoch"]
        self.progress.set(
            member=self._network,
            epoch=int(epochs.max()) if len(epochs) else 0,
            epochs=self._recipe.epochs,
            step=0,
            steps=self._recipe.epochs * steps_an_epoch,
        )

    def stop(self) -> bool:
        """Whether the stop file or a signal asks for it; told at once, since a save may take."""
        wanted = self._wish()
        if wanted:
            self.progress.set(state="stopping")
        return wanted

    def epoch(self, epoch: Epoch) -> None:
        """Add a row to metrics.csv and a line to the log."""
        found = epoch.validated
        try:
            self._folder.append_metrics(
                member=epoch.member,
                epoch=epoch.epoch,
                step=epoch.step,
                train_loss=f"{epoch.train_loss:.6g}",
                validation_loss=f"{found.loss:.6g}",
                validation_auc="" if found.auc is None else f"{found.auc:.6g}",
                validation_mae="" if found.mae is None else f"{found.mae:.6g}",
                rate=f"{epoch.rate:.6g}",
                seconds=f"{epoch.seconds:.1f}",
            )
        except OSError as error:
            raise TrainingError(
                f"Expected to write metrics.csv in the run's folder; found that {reason(error)}. "
                "Make room or allow writing there, then resume."
            ) from error
        merit = f"AUC {found.auc:.3f}" if found.auc is not None else f"MAE {found.mae:.3g}"
        log.info(
            "%s: epoch %d of %d, training loss %.4f, validation loss %.4f, %s, %.0f s",
            epoch.member,
            epoch.epoch,
            self._recipe.epochs,
            epoch.train_loss,
            found.loss,
            merit,
            epoch.seconds,
        )
        self.progress.set(epoch=epoch.epoch)

    def steps_after(self) -> float:
        """Steps of the members that come later, as if each took as long as this one."""
        networks = self._recipe.networks
        later = len(networks) - 1 - networks.index(self._network)
        return float(later * self._recipe.epochs * self._steps_an_epoch)
