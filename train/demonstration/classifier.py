"""The last layer on features that stay as they are: a convex problem, solved rather than trained.

One linear layer over some thousand features of every cell has an exact optimum. Steps of a few
radiographs jitter around it by more than the evidence that a cell should not show.
"""

import logging
from copy import deepcopy

import torch
from torch import Tensor
from torch.nn import functional

from cxr_valve.models.networks import ValveNet
from train.fit.batches import Batches
from train.fit.examples import TrainingData
from train.fit.learner import contained_loss, outside
from train.fit.team import Team
from train.recipe import Recipe

log = logging.getLogger(__name__)

ITERATIONS = 80
#: Weight of the squared norm.
DECAY = 1e-3


def fit_classifier(network: ValveNet, recipe: Recipe, data: TrainingData, team: Team) -> ValveNet:
    """A copy of ``network`` whose classifier fits the training split, each radiograph varied once.

    Minimises cross-entropy + ``recipe.contain_weight`` × the evidence outside the finding's
    structures + DECAY × |w|² by L-BFGS from a classifier that says the prior.
    """
    cells, targets, weights = _gather(network, recipe, data, team)
    count, places, channels = cells.shape
    flat, prior = cells.reshape(count * places, channels), data.prior
    weight = torch.zeros(channels, requires_grad=True)
    bias = torch.tensor(prior, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [weight, bias], max_iter=ITERATIONS, history_size=20, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimiser.zero_grad()
        evidence = (flat @ weight + bias).reshape(count, places)
        own = functional.binary_cross_entropy_with_logits(evidence.mean(dim=1), targets)
        kept = recipe.contain_weight * contained_loss(evidence, weights, prior)
        total = own + kept + DECAY * (weight**2).sum()
        torch.autograd.backward(total)
        return total.detach()

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    log.info("%s: loss of the classifier %.4f", network.network, float(loss()))
    fitted = deepcopy(network)
    with torch.no_grad():
        fitted.classifier.weight.copy_(weight[None])
        fitted.classifier.bias.copy_(bias[None])
    return fitted.eval()


def _gather(
    network: ValveNet, recipe: Recipe, data: TrainingData, team: Team
) -> tuple[Tensor, Tensor, Tensor]:
    """Features (n, cells, channels), targets (n,), and how far each cell is outside (n, cells)."""
    fabric = team.fabric
    batches = Batches(data.train, recipe, fabric.device)
    cells, targets, weights = [], [], []
    network = network.eval().to(fabric.device).to(memory_format=torch.channels_last)
    for batch in batches.epoch(0):
        images = batch.images.contiguous(memory_format=torch.channels_last)
        with torch.no_grad(), fabric.autocast():
            features = network.features(images).float()
        grid = (features.shape[-2], features.shape[-1])
        cells.append(features.flatten(2).transpose(1, 2).cpu())
        targets.append(batch.targets.cpu())
        known = batch.structures
        if known is None:
            known = features.new_full((len(images), 1, *grid), torch.nan)
        weights.append(outside(known, list(data.region) or [0], grid).flatten(1).cpu())
    return torch.cat(cells), torch.cat(targets), torch.cat(weights)
