"""Pose and tone varied, a whole batch at once: a function of (seed, epoch, index) only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from train.recipe import Augmentation

#: Numbers drawn for each image, in [0, 1): 4 of pose, 6 of tone and noise.
DRAWS = 10


@dataclass(frozen=True)
class Ranges:
    """How far images are moved and bent: degrees, shares of the side, shares of the size; gamma and
    contrast as factors, brightness and noise in shares of the grey range. Never a mirror: the heart
    has a side."""

    angle: float = 4.0
    shift: float = 0.03
    scale: float = 0.05
    gamma: tuple[float, float] = (0.7, 1.4)
    contrast: float = 0.15
    brightness: float = 0.08
    noise: float = 0.03


STANDARD = Ranges()
NOISE_SEED = 20190531


@dataclass(frozen=True, eq=False)
class Variation:
    """The draws of a batch, (B, DRAWS), on the device of its images."""

    draws: Tensor
    tone: bool
    noise: Tensor | None

    def image(self, images: Tensor) -> Tensor:
        """Vary images (B, 1, S, S) in [0, 1]; what comes in from outside is 0."""
        moved = _warp(images, self._theta(images))
        return self._bend(moved) if self.tone else moved

    def grid(self, grids: Tensor) -> Tensor:
        """Move grids (B, C, cells, cells) over the same inputs along with their images."""
        return _warp(grids, self._theta(grids))

    def _theta(self, images: Tensor) -> Tensor:
        """(B, 2, 3): output → input coordinates, each from −1 to 1."""
        signed = 2 * self.draws[:, :4] - 1
        angle = torch.deg2rad(signed[:, 0] * STANDARD.angle)
        scale = 1 + signed[:, 3] * STANDARD.scale
        theta = torch.empty(len(images), 2, 3, device=images.device)
        theta[:, 0, 0] = theta[:, 1, 1] = torch.cos(angle) / scale
        theta[:, 1, 0] = torch.sin(angle) / scale
        theta[:, 0, 1] = -theta[:, 1, 0]
        theta[:, :, 2] = signed[:, 1:3] * (2 * STANDARD.shift)
        return theta

    def _bend(self, images: Tensor) -> Tensor:
        """Gamma, contrast, brightness, then noise; ends in [0, 1]."""
        draws = self.draws[:, :, None, None, None]
        low, high = STANDARD.gamma
        gamma = low + (high - low) * draws[:, 4]
        contrast = 1 + (2 * draws[:, 5] - 1) * STANDARD.contrast
        brightness = (2 * draws[:, 6] - 1) * STANDARD.brightness
        bent = images.clamp_(0, 1).pow_(gamma).mul_(contrast).add_(brightness)
        if self.noise is not None:
            bent.addcmul_(self._noise(images.shape[-1]), draws[:, 7] * STANDARD.noise)
        return bent.clamp_(0, 1)

    def _noise(self, side: int) -> Tensor:
        """A window of the noise field for each image, (B, 1, side, side)."""
        assert self.noise is not None
        starts = (self.draws[:, 8:10] * side).long().tolist()
        return torch.stack([self.noise[None, r : r + side, c : c + side] for r, c in starts])


class Augmenter:
    """Draws variations: a function of (seed, epoch, index), whatever was drawn before, by whom, on
    which device and in which process."""

    def __init__(self, kind: Augmentation, seed: int, side: int, device: torch.device) -> None:
        self.kind, self._seed, self._device = kind, seed, device
        self._noise: Tensor | None = None
        if kind == "standard":
            # One field for all, each image gets a window of its own: drawing anew for each pixel
            # would cost more than all the rest.
            field = np.random.default_rng(NOISE_SEED).standard_normal((2 * side, 2 * side))
            self._noise = torch.from_numpy(field.astype(np.float32)).to(device)

    def draw(self, epoch: int, indices: NDArray[np.int64]) -> Variation | None:
        """The variation of the examples ``indices`` in an epoch; None where nothing varies."""
        if self.kind == "none":
            return None
        draws = draw_numbers(self._seed, epoch, indices.tolist())
        return Variation(
            torch.from_numpy(draws).to(self._device), self.kind == "standard", self._noise
        )


def draw_numbers(seed: int, epoch: int, indices: Sequence[int]) -> NDArray[np.float32]:
    """Numbers in [0, 1), float32 (len(indices), DRAWS); each row depends on its own index only."""
    rows = [np.random.default_rng([seed, epoch, index]).random(DRAWS) for index in indices]
    return np.array(rows, np.float32)


def _warp(images: Tensor, theta: Tensor) -> Tensor:
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)
