"""A network with what it is taught: its target and, of simulated radiographs, the anatomy."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from cxr_valve.models.networks import ValveNet
from train.fit.examples import TrainingData
from train.recipe import Recipe

#: Every kind of batch normalisation, timm's among them, derives from it.
BATCH_NORM = nn.modules.batchnorm._BatchNorm
#: A structure lies in a cell where its mean thickness there is more (units of 40 mm): 2 mm.
PRESENT = 0.05


class Learner(nn.Module):
    """Gives the loss of a batch. The heads for measurements and structures are for training alone
    and do not ship."""

    def __init__(self, network: ValveNet, recipe: Recipe, data: TrainingData) -> None:
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)
        self.recipe, self.continuous = recipe, data.continuous
        self.centre, self.spread = data.centre, data.spread
        weighted = recipe.balance == "weight" and not data.continuous
        self.positive_weight = data.positive_weight if weighted else 1.0
        channels = network.classifier.in_features
        self.measure: nn.Linear | None = None
        self.locate: nn.Conv2d | None = None
        if data.train.measures is not None:
            self.measure = nn.Linear(channels, data.train.measures.shape[1])
        self.region = list(data.region)
        self.prior = data.prior if data.region else 0.0
        if data.train.structures is not None and recipe.locate_weight:
            structures, cells = data.train.structures.shape[1:3]
            # Each cell of the feature grid predicts its own square of finer cells.
            self.finer = -(-cells // _grid(network, data.train.size))
            self.locate = nn.Conv2d(channels, structures * self.finer**2, 1)
        if recipe.freeze_batch_norm:
            for module in _norms(self):
                module.requires_grad_(requires_grad=False)
        if recipe.freeze_features:
            network.requires_grad_(requires_grad=False)
            network.classifier.requires_grad_(requires_grad=True)

    def train(self, mode: bool = True) -> "Learner":
        """Switch to training; frozen batch normalisation keeps to its statistics."""
        super().train(mode)
        if self.recipe.freeze_batch_norm or self.recipe.freeze_features:
            for module in _norms(self):
                module.eval()
        return self

    def forward(
        self, images: Tensor, targets: Tensor, measures: Tensor | None, structures: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """(total loss, loss of the target alone) of a batch as in ``train.fit.batches.Batch``."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.recipe.freeze_features):
            features = self.network.features(images.contiguous(memory_format=torch.channels_last))
        pooled = features.mean(dim=(2, 3))
        own = self.target_loss(self.network.classifier(pooled)[:, 0].float(), targets)
        total = own
        if self.measure is not None and measures is not None:
            guessed = self.measure(pooled).float()
            total = total + self.recipe.measure_weight * _known_loss(guessed, measures)
        if self.locate is not None and structures is not None:
            located = functional.pixel_shuffle(self.locate(features).float(), self.finer)
            if located.shape != structures.shape:
                located = functional.interpolate(located, structures.shape[-2:], mode="bilinear")
            total = total + self.recipe.locate_weight * _known_loss(located, structures)
        if self.region and structures is not None:
            total = total + self.recipe.contain_weight * self._outside(features, structures)
        return total, own

    def _outside(self, features: Tensor, structures: Tensor) -> Tensor:
        """Mean size of the evidence, in log odds, where none of the finding's structures lies.

        After Ross et al., Right for the right reasons, IJCAI 2017, whose penalty is on gradients;
        a class activation map needs none.
        """
        last = self.network.classifier
        evidence = functional.conv2d(features, last.weight[:, :, None, None], last.bias).float()
        grid = (evidence.shape[-2], evidence.shape[-1])
        return contained_loss(evidence, outside(structures, self.region, grid), self.prior)

    def target_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy of a binary target, smooth L1 of a standardised continuous one."""
        if self.continuous:
            return functional.smooth_l1_loss(outputs, (targets - self.centre) / self.spread)
        weight = outputs.new_tensor(self.positive_weight)
        return functional.binary_cross_entropy_with_logits(outputs, targets, pos_weight=weight)


def outside(structures: Tensor, region: list[int], grid: tuple[int, int]) -> Tensor:
    """How much of each cell of a map no structure of ``region`` takes, (B, 1, *grid) in [0, 1]; 0
    throughout where nobody knows. ``structures`` as in Examples, (B, structures, cells, cells)."""
    there = structures[:, region].amax(dim=1, keepdim=True)
    known = ~there.isnan().any(dim=-1).any(dim=-1)
    share = functional.adaptive_avg_pool2d((there > PRESENT).float(), grid)
    return (1 - share) * known[:, :, None, None]


def contained_loss(evidence: Tensor, weight: Tensor, prior: float) -> Tensor:
    """Mean size of what a map says beyond ``prior``, where ``weight`` counts it; both alike."""
    # Huber's loss: many cells say nothing at all, rather than every cell a little.
    silent = torch.full_like(evidence, prior)
    cost = functional.smooth_l1_loss(evidence, silent, reduction="none")
    return (weight * cost).sum() / weight.sum().clamp(min=1)


def _known_loss(guessed: Tensor, truth: Tensor) -> Tensor:
    """Mean smooth L1 where the truth is known (not NaN); 0 where it is nowhere."""
    known = ~truth.isnan()
    loss = functional.smooth_l1_loss(guessed, truth.nan_to_num(), reduction="none")
    return (loss * known).sum() / known.sum().clamp(min=1)


def _norms(module: nn.Module) -> list[nn.Module]:
    return [part for part in module.modules() if isinstance(part, BATCH_NORM)]


def _grid(network: ValveNet, size: int) -> int:
    """Side of the feature grid of an input."""
    was = network.training
    with torch.inference_mode():
        side = network.eval()(torch.zeros(1, 1, size, size))[1].shape[-1]
    network.train(was)
    return int(side)
