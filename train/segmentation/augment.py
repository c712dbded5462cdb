"""Pose and tone of a batch varied far beyond one source, so that the masks hold on every other.

Everything is drawn from one generator, so a batch depends on its seed alone.
"""

import io

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from cxr_valve.imaging.prepare import MIDTONE_LIMITS, PERCENTILES

#: Share of batches' images that are mirrored; the lungs then change places, the heart stays itself.
MIRRORED = 0.1


class Draw:
    """Random numbers, one per image of a batch."""

    def __init__(self, count: int, seed: int) -> None:
        self.count = count
        self.generator = torch.Generator().manual_seed(seed)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """(count, *shape) between ``low`` and ``high``."""
        drawn = torch.rand((self.count, *(shape or (1, 1, 1))), generator=self.generator)
        return low + (high - low) * drawn

    def normal(self, *shape: int) -> Tensor:
        """(count, *shape) standard normal."""
        return torch.randn((self.count, *shape), generator=self.generator)

    def chosen(self, share: float) -> Tensor:
        """(count,) indices of about ``share`` of the images."""
        return torch.nonzero(self.uniform(0, 1, 1)[:, 0] < share)[:, 0]


def augment(
    images: Tensor, masks: Tensor, side: int, seed: int, strength: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Images (N, 1, S, S) and masks (N, 3, S, S) in [0, 1] → both varied, at ``side`` pixels.

    ``strength`` in [0, 1] scales how far the pose is varied and is the share of images whose tone
    is varied.
    """
    draw = Draw(len(images), seed)
    stacked = torch.cat([images, masks, torch.ones_like(images)], dim=1)
    grid = _grid(draw, side, strength)
    moved = functional.grid_sample(stacked, grid, align_corners=False)
    image, mask, inside = moved[:, :1], moved[:, 1:4], moved[:, 4:]
    flipped = draw.chosen(MIRRORED)
    image[flipped], inside[flipped] = image[flipped].flip(-1), inside[flipped].flip(-1)
    mask[flipped] = mask[flipped][:, [0, 2, 1]].flip(-1)
    plain, untouched = image.clone(), draw.chosen(1 - strength)
    image = _shadows(image, draw)
    for change in (_collimate, _curve, _local, _shade, _resolve, _write, _noise, _compress):
        image = change(image, draw)
    image[untouched] = plain[untouched]
    inside = (inside > 0.5).float()
    return _levels(image * inside, inside, draw), mask


def _grid(draw: Draw, side: int, strength: float) -> Tensor:
    """Rotation, size, aspect, shear and place, and a gentle bending."""
    angle = torch.deg2rad(draw.normal(1)[:, 0] * 7 * strength)
    size = torch.exp(draw.uniform(-0.45, 0.2, 1)[:, 0] * strength)
    aspect = torch.exp(draw.normal(1)[:, 0] * 0.08 * strength)
    shear = draw.normal(1)[:, 0] * 0.06 * strength
    place = draw.uniform(-0.13, 0.13, 2) * strength
    theta = torch.zeros(draw.count, 2, 3)
    theta[:, 0, 0] = torch.cos(angle) * size * aspect
    theta[:, 0, 1] = (-torch.sin(angle) + shear) * size
    theta[:, 1, 0] = torch.sin(angle) * size
    theta[:, 1, 1] = torch.cos(angle) * size / aspect
    theta[:, :, 2] = place
    grid = functional.affine_grid(theta, [draw.count, 1, side, side], align_corners=False)
    bend = draw.normal(2, 5, 5) * draw.uniform(0, 0.025) * strength
    smooth = functional.interpolate(bend, (side, side), mode="bicubic", align_corners=True)
    return grid + smooth.permute(0, 2, 3, 1)


def _shadows(image: Tensor, draw: Draw) -> Tensor:
    """Soft opacities and lucencies, as of effusion, consolidation or emphysema."""
    chosen = draw.chosen(0.35)
    side = image.shape[-1]
    line = torch.linspace(-1, 1, side)
    for _ in range(2):
        centre, spread = draw.uniform(-0.8, 0.8, 2), draw.uniform(0.06, 0.35, 2)
        strength = draw.uniform(-0.25, 0.5)
        down = torch.exp(-(((line - centre[:, :1]) / spread[:, :1]) ** 2))
        across = torch.exp(-(((line - centre[:, 1:]) / spread[:, 1:]) ** 2))
        blob = strength * (down[:, None, :, None] * across[:, None, None, :])
        image[chosen] = image[chosen] + blob[chosen]
    return image.clamp(0, 1)


def _collimate(image: Tensor, draw: Draw) -> Tensor:
    """A plain margin, black or white, on any side."""
    side = image.shape[-1]
    margins = (draw.uniform(0, 0.12, 4) * side).int()
    shades = draw.uniform(0, 1, 1)[:, 0].round()
    for index in draw.chosen(0.15).tolist():
        top, bottom, left, right = (int(value) for value in margins[index])
        kept = image[index, :, top : side - bottom, left : side - right].clone()
        image[index] = shades[index]
        image[index, :, top : side - bottom, left : side - right] = kept
    return image


def _curve(image: Tensor, draw: Draw) -> Tensor:
    """A random tone curve: gamma, contrast and brightness, or a bent line; rarely solarised."""
    gamma = image.clamp(1e-4, 1) ** torch.exp(draw.normal(1, 1, 1) * 0.45)
    toned = (gamma - 0.5) * draw.uniform(0.5, 1.5) + 0.5 + draw.uniform(-0.15, 0.15)
    wave = torch.sin(torch.pi * image * draw.uniform(1, 2)) * draw.uniform(-0.2, 0.2)
    toned = toned + wave
    turned = draw.chosen(0.04)
    bright = toned[turned]
    toned[turned] = torch.where(bright > 0.8, 1.6 - bright, bright)
    kept = draw.chosen(0.15)
    toned[kept] = image[kept]
    return toned.clamp(0, 1)


def _blurred(image: Tensor, width: int) -> Tensor:
    """Box blur by pooling and enlarging: cheap at any width."""
    small = functional.avg_pool2d(image, width, ceil_mode=True, count_include_pad=False)
    return functional.interpolate(small, image.shape[-2:], mode="bilinear", align_corners=False)


def _local(image: Tensor, draw: Draw) -> Tensor:
    """Local contrast as archives differ in it: large-scale tone removed, edges sharpened."""
    chosen = draw.chosen(0.35)
    base = _blurred(image[chosen], 32)
    strength, left = draw.uniform(1.0, 2.2)[chosen], draw.uniform(0.1, 1.0)[chosen]
    image[chosen] = (0.5 + (image[chosen] - base) * strength + (base - 0.5) * left).clamp(0, 1)
    sharp = draw.chosen(0.2)
    detail = image[sharp] - _blurred(image[sharp], 4)
    image[sharp] = (image[sharp] + detail * draw.uniform(0.3, 2.0)[sharp]).clamp(0, 1)
    return image


def _shade(image: Tensor, draw: Draw) -> Tensor:
    """Uneven exposure over the field."""
    coarse = draw.normal(1, 3, 3) * draw.uniform(0, 0.12)
    field = functional.interpolate(coarse, image.shape[-2:], mode="bicubic", align_corners=True)
    chosen = draw.chosen(0.4)
    image[chosen] = (image[chosen] + field[chosen]).clamp(0, 1)
    return image


def _resolve(image: Tensor, draw: Draw) -> Tensor:
    """Loss of resolution."""
    side = image.shape[-1]
    sizes = draw.uniform(0.25, 0.8, 1)[:, 0]
    for index in draw.chosen(0.25).tolist():
        small = max(48, int(sizes[index] * side))
        one = functional.interpolate(image[index : index + 1], (small, small), mode="area")
        image[index] = functional.interpolate(one, (side, side), mode="bilinear")[0]
    return image


def _write(image: Tensor, draw: Draw) -> Tensor:
    """Markers, electrodes and tubes: small bright or dark shapes and lines."""
    side = image.shape[-1]
    places, sizes = draw.uniform(0, 1, 6, 2), draw.uniform(0.01, 0.07, 6, 2)
    shades, drawn = draw.uniform(0, 1, 6), draw.uniform(0, 1, 6)
    for index in draw.chosen(0.4).tolist():
        for item in range(6):
            if drawn[index, item] > 0.4:
                continue
            top, left = (int(value) for value in places[index, item] * side)
            down, across = (max(2, int(value)) for value in sizes[index, item] * side)
            if item > 3:
                # A tube: long in one direction, two pixels in the other.
                down, across = (down * 8, 2) if item == 4 else (2, across * 8)
            image[index, :, top : top + down, left : left + across] = shades[index, item]
    return image


def _noise(image: Tensor, draw: Draw) -> Tensor:
    """Grain, independent and correlated over two pixels."""
    side = image.shape[-1]
    strength = draw.uniform(0, 0.07)
    fine, coarse = draw.normal(1, side, side), draw.normal(1, side // 2, side // 2)
    grain = fine + functional.interpolate(coarse, (side, side), mode="nearest")
    chosen = draw.chosen(0.4)
    image[chosen] = (image[chosen] + (strength * grain)[chosen]).clamp(0, 1)
    return image


def _compress(image: Tensor, draw: Draw) -> Tensor:
    """JPEG artefacts."""
    quality = draw.uniform(15, 80, 1)[:, 0].int()
    for index in draw.chosen(0.12).tolist():
        stream = io.BytesIO()
        grey = (image[index, 0] * 255).to(torch.uint8).numpy()
        Image.fromarray(grey).save(stream, "JPEG", quality=int(quality[index]))
        decoded = np.asarray(Image.open(stream), np.float32) / 255
        image[index, 0] = torch.from_numpy(decoded)
    return image


def _levels(image: Tensor, inside: Tensor, draw: Draw) -> Tensor:
    """Most images get the grey levels that ``prepare`` would have given this view of them."""
    for index in draw.chosen(0.75).tolist():
        kept = image[index][inside[index] > 0][::17]
        if len(kept) < 100:
            continue
        low, high = torch.quantile(kept, torch.tensor(PERCENTILES) / 100)
        high = torch.maximum(high, low + 1 / 255)
        median = ((kept.median() - low) / (high - low)).clamp(0.01, 0.99)
        exponent = (torch.log(torch.tensor(0.5)) / torch.log(median)).clamp(*MIDTONE_LIMITS)
        image[index] = ((image[index] - low) / (high - low)).clamp(0, 1) ** exponent
    return image * inside
