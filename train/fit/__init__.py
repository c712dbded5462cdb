"""Training: one loop for every network, target and number of workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from train.runs.folder import RunFolder, RunStatus

__all__ = ["run_training"]


def run_training(folder: RunFolder, *, finish: bool = True) -> RunStatus:
    """Train every member of a run that is not trained yet; see ``train.fit.run.run_training``."""
    # Imported here: torch takes seconds, and the command line's help needs none of it.
    from train.fit.run import run_training as run

    return run(folder, finish=finish)
