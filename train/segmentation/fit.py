"""Fit the anatomy network: a plain loop that can be stopped at any step and continued."""

import copy
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional

from cxr_valve.models.anatomy_network import AnatomyNet
from train.fit.team import single
from train.segmentation.augment import augment
from train.segmentation.data import Pictures

log = logging.getLogger(__name__)

CHECKPOINT_STEPS = 25
#: Stages of the encoder that are not tuned.
FROZEN_STAGES = 2


@dataclass(frozen=True)
class Recipe:
    """How the network is trained in one round.

    ``rate`` is the peak of a cosine schedule with a short rise, for the decoder; the encoder, which
    begins with ImageNet weights, takes ``encoder_share`` of it. ``average`` is the decay of the
    running mean of the weights, which is what is kept. ``strength`` is that of the augmentation.
    """

    steps: int
    batch: int = 12
    input_size: int = 256
    rate: float = 2e-3
    encoder_share: float = 0.3
    weight_decay: float = 0.02
    average: float = 0.99
    strength: float = 1.0
    seed: int = 11

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 2 or self.input_size % 32:
            raise ValueError(
                "Expected at least 1 step, a batch of 2 or more and a multiple of 32 px."
            )


@dataclass(frozen=True, eq=False)
class Share:
    """Pictures of one kind, and how many of a batch's places they take."""

    pictures: Pictures
    places: int


def fit(recipe: Recipe, shares: Sequence[Share], network: AnatomyNet, folder: Path) -> AnatomyNet:
    """Train ``network``; a checkpoint in ``folder`` every few steps, continued if there is one.

    On CUDA if there is any; in bfloat16 where the device has it. Returns the running mean of the
    weights, on the processor.
    """
    if sum(share.places for share in shares) != recipe.batch:
        raise ValueError(f"Expected shares of a batch that sum to {recipe.batch}.")
    fabric = single("auto").fabric
    network = network.to(fabric.device).to(memory_format=torch.channels_last)
    mean = copy.deepcopy(network)
    set_training(network)
    encoder = [value for value in network.unet.encoder.parameters() if value.requires_grad]
    rest = [*network.unet.decoder.parameters(), *network.unet.segmentation_head.parameters()]
    optimiser = torch.optim.AdamW(
        [{"params": encoder}, {"params": rest}], weight_decay=recipe.weight_decay, fused=True
    )
    begin = _resume(folder, network, mean, optimiser)
    losses = []
    for step in range(begin, recipe.steps):
        _set_rate(recipe, step, optimiser)
        losses.append(_step(fabric, network, optimiser, *draw_batch(recipe, shares, step)))
        _average(mean, network, min(recipe.average, (1 + step) / (10 + step)))
        if (step + 1) % CHECKPOINT_STEPS == 0 or step + 1 == recipe.steps:
            log.info("step %d of %d: loss %.4f", step + 1, recipe.steps, np.mean(losses))
            losses.clear()
            _save(folder, step + 1, network, mean, optimiser)
    return mean.eval().cpu()


def draw_batch(recipe: Recipe, shares: Sequence[Share], step: int) -> tuple[Tensor, Tensor]:
    """The batch of one step, which depends on (seed, step) only."""
    rng = np.random.default_rng([recipe.seed, step])
    images, masks = [], []
    for share in shares:
        chosen = rng.choice(len(share.pictures), share.places, replace=False)
        images.append(share.pictures.images[chosen])
        masks.append(share.pictures.masks[chosen])
    return augment(
        torch.from_numpy(np.concatenate(images)[:, None].astype(np.float32) / 255),
        torch.from_numpy(np.concatenate(masks).astype(np.float32) / 255),
        recipe.input_size,
        int(rng.integers(2**62)),
        recipe.strength,
    )


def _set_rate(recipe: Recipe, step: int, optimiser: torch.optim.Optimizer) -> None:
    for group, share in zip(optimiser.param_groups, (recipe.encoder_share, 1.0), strict=True):
        group["lr"] = share * rate_at(recipe, step)


def _step(
    fabric: Fabric,
    network: AnatomyNet,
    optimiser: torch.optim.Optimizer,
    images: Tensor,
    masks: Tensor,
) -> float:
    images = images.to(fabric.device, memory_format=torch.channels_last)
    with fabric.autocast():
        logits = network(images)
    loss = mask_loss(logits.float(), masks.to(fabric.device))
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), 2.0)
    optimiser.step()
    optimiser.zero_grad()
    return float(loss.detach())


def set_training(network: AnatomyNet) -> None:
    """Training mode, but the encoder's normalisation keeps its ImageNet statistics, and its first
    stages, which see edges and grain, keep their weights.

    A small batch measures statistics badly; and both make a step far shorter on a processor.
    """
    network.train()
    for module in network.unet.encoder.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
            module.requires_grad_(False)
    network.unet.encoder.model.conv_stem.requires_grad_(False)
    for stage in network.unet.encoder.model.blocks[:FROZEN_STAGES]:
        stage.requires_grad_(False)


def rate_at(recipe: Recipe, step: int) -> float:
    """Cosine schedule after a rise over the first twentieth."""
    rise = max(1, recipe.steps // 20)
    if step < rise:
        return recipe.rate * (step + 1) / rise
    return recipe.rate * 0.5 * (1 + math.cos(math.pi * (step - rise) / (recipe.steps - rise)))


def mask_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Cross-entropy per pixel, 1 − soft Dice per mask and the loss of the extents; (N, 3, S, S)
    both, masks in [0, 1]."""
    probability = torch.sigmoid(logits)
    overlap = (probability * masks).sum(dim=(2, 3))
    size = probability.sum(dim=(2, 3)) + masks.sum(dim=(2, 3))
    dice = (2 * overlap + 20) / (size + 20)
    pixels = functional.binary_cross_entropy_with_logits(logits, masks)
    return pixels + (1 - dice).mean() + extent_loss(logits, masks)


def extent_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Cross-entropy per column between the structures' shadows on the horizontal axis.

    The cardiothoracic ratio reads nothing but the ends of these shadows, which the other two
    losses hardly feel: an error of the ratio of .02 is two thousandths of the pixels.
    """
    return functional.binary_cross_entropy_with_logits(logits.amax(dim=2), masks.amax(dim=2))


@torch.no_grad()
def _average(mean: AnatomyNet, network: AnatomyNet, decay: float) -> None:
    for own, new in zip(mean.state_dict().values(), network.state_dict().values(), strict=True):
        if own.dtype.is_floating_point:
            own.lerp_(new, 1 - decay)


def _save(
    folder: Path,
    step: int,
    network: AnatomyNet,
    mean: AnatomyNet,
    optimiser: torch.optim.Optimizer,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    state = {
        "step": step,
        "network": network.state_dict(),
        "mean": mean.state_dict(),
        "optimiser": optimiser.state_dict(),
    }
    torch.save(state, folder / "last.partial")
    (folder / "last.partial").replace(folder / "last.pt")


def _resume(
    folder: Path, network: AnatomyNet, mean: AnatomyNet, optimiser: torch.optim.Optimizer
) -> int:
    file = folder / "last.pt"
    if not file.exists():
        return 0
    state = torch.load(file, map_location="cpu", weights_only=True)
    network.load_state_dict(state["network"])
    mean.load_state_dict(state["mean"])
    optimiser.load_state_dict(state["optimiser"])
    log.info("continuing at step %d", state["step"])
    return int(state["step"])
