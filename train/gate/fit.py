"""Fit the gate: a small head on what an ImageNet backbone sees, which is computed once."""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from cxr_valve.anatomy.gate import KINDS, LOGITS, TURNS
from cxr_valve.engines.engine import NetworkSource, open_engine
from cxr_valve.models.gate_network import BACKBONE, GateHead, GateNet
from train.gate.examples import Examples
from train.segmentation.encoder_start import imagenet_tensors

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class GateRecipe:
    """How the head is fitted on what the ImageNet backbone sees."""

    epochs: int = 8
    batch: int = 64
    rate: float = 2e-3
    decay: float = 0.05
    dropout: float = 0.4
    smoothing: float = 0.05
    seed: int = 1


def pretrained() -> GateNet:
    """The network with ImageNet filters, grey folded in.

    Raises:
        RuntimeError: the package that holds the ImageNet weights is not installed.
    """
    network = GateNet(len(LOGITS))
    tensors = imagenet_tensors(BACKBONE)
    own = network.backbone.state_dict()
    network.backbone.load_state_dict({k: v for k, v in tensors.items() if k in own}, strict=False)
    return network


class _Features(nn.Module):
    """The backbone alone: what an engine runs fastest."""

    def __init__(self, network: GateNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        return self.network.features(image)[0]


def grids(network: GateNet, images: NDArray[np.uint8]) -> NDArray[np.float16]:
    """What the backbone sees in every image (N, S, S): float16 (N, CHANNELS, GRID, GRID)."""
    network.eval()
    weights = network.backbone.conv_stem.weight.detach().numpy().tobytes()
    name = hashlib.sha256(b"gate backbone" + weights).hexdigest()
    source = NetworkSource("gate-backbone", name, images.shape[1], lambda: _Features(network))
    run = open_engine().open(source)
    rows = [run((image / np.float32(255))[None, None])[0].astype(np.float16) for image in images]
    return np.concatenate(rows)


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
    """Fit the head on the examples; the same seed gives the same network."""
    torch.manual_seed(recipe.seed)
    network = pretrained()
    seen = grids(network, examples.images)
    log.info("the backbone saw %d examples", len(seen))
    target = torch.from_numpy(
        np.stack([examples.kinds, examples.turns, examples.inverted, examples.mirrored], axis=1)
    )
    head = GateHead(len(LOGITS), recipe.dropout)
    optimiser = torch.optim.AdamW(head.parameters(), recipe.rate, weight_decay=recipe.decay)
    steps = recipe.epochs * (len(target) // recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.rate, total_steps=steps, pct_start=0.2
    )
    for epoch in range(recipe.epochs):
        order = np.random.default_rng([recipe.seed, epoch]).permutation(len(target))
        losses = []
        for start in range(0, len(order) - recipe.batch + 1, recipe.batch):
            chosen = order[start : start + recipe.batch]
            logits = head(torch.from_numpy(seen[chosen].astype(np.float32)))
            loss = loss_of(logits, target[torch.from_numpy(chosen)], recipe.smoothing)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
        log.info("epoch %d: loss %.4f", epoch + 1, np.mean(losses))
    network.head.load_state_dict(head.state_dict())
    return network.eval()


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
