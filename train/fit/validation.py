"""How well a network does on the validation split: its loss and AUC, or mean absolute error."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from cxr_valve.evaluation.roc import auc_delong
from cxr_valve.models.networks import ValveNet
from train.fit.batches import load
from train.fit.examples import Examples
from train.fit.learner import Learner
from train.fit.team import Team


@dataclass(frozen=True)
class Validated:
    """``loss`` as in training; ``auc`` of a binary target, ``mae`` of a value in its own unit."""

    loss: float
    auc: float | None
    mae: float | None

    @property
    def merit(self) -> float:
        """What early stopping maximises."""
        return self.auc if self.auc is not None else -float(self.mae or 0.0)


def validate(
    learner: Learner, network: ValveNet, examples: Examples, batch: int, team: Team
) -> Validated:
    """Run ``network`` (the learner's own, or its average) over the examples, shared by all."""
    outputs = team.sum(_outputs(network, examples, batch, team))
    targets = examples.targets
    with torch.no_grad():
        loss = learner.target_loss(torch.from_numpy(outputs).float(), torch.from_numpy(targets))
    if learner.continuous:
        values = learner.centre + learner.spread * outputs
        return Validated(float(loss), None, float(np.abs(values - targets).mean()))
    return Validated(float(loss), auc_delong(targets, outputs).value, None)


def _outputs(network: ValveNet, examples: Examples, batch: int, team: Team) -> NDArray[np.float64]:
    """Outputs (n,) of this process's share, 0 elsewhere."""
    found = np.zeros(len(examples))
    mine = np.arange(len(examples))[team.rank :: team.size]
    device = team.fabric.device
    was = network.training
    network.eval()
    with torch.inference_mode(), team.fabric.autocast():
        for start in range(0, len(mine), batch):
            rows = mine[start : start + batch]
            images = load(examples, rows, device).contiguous(memory_format=torch.channels_last)
            found[rows] = network(images)[0].float().cpu().numpy()
    network.train(was)
    return found
