"""Drawn images that are no chest: pages, patterns, fans of speckle, limbs. For training the gate.

They are crude on purpose: each shows what a kind of image has in common (a bone inside soft tissue,
a fan of echoes, lines of text), in ever new forms. All are float32 (side, side) in [0, 1].
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

Image2d = NDArray[np.float32]
Draw = Callable[[np.random.Generator], Image2d]

SIDE = 288
_LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:%    "))


def words(rng: np.random.Generator, length: int) -> str:
    """Random letters with gaps, as much like text as the gate can tell."""
    return "".join(rng.choice(_LETTERS, length))


def field(rng: np.random.Generator, cells: int) -> Image2d:
    """A smooth random field with unit standard deviation, about ``cells`` bumps a side."""
    small = Image.fromarray(rng.standard_normal((cells, cells)).astype(np.float32))
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float32)


def page(rng: np.random.Generator) -> Image2d:
    """Lines of text, sometimes with a frame, a photograph's grey or a heading."""
    paper, ink = (255, 0) if rng.random() < 0.7 else (0, 255)
    canvas = Image.new("L", (SIDE, SIDE), paper)
    draw = ImageDraw.Draw(canvas)
    size = int(rng.integers(8, 30))
    margin = int(rng.integers(4, 60))
    step = int(size * rng.uniform(1.1, 2.2))
    for top in range(margin, SIDE - margin, step):
        if rng.random() < 0.9:
            line = words(rng, int(rng.integers(3, max(4, 2 * SIDE // size))))
            draw.text((margin, top), line, fill=ink, font=ImageFont.load_default(size))
    for _ in range(int(rng.integers(0, 4))):
        left, top = rng.integers(0, SIDE - 60, 2)
        box = (left, top, left + rng.integers(20, 200), top + rng.integers(20, 200))
        draw.rectangle([float(edge) for edge in box], outline=ink, width=int(rng.integers(1, 5)))
    shade = rng.uniform(0.0, 0.35) * field(rng, 3)
    return np.asarray(np.clip(np.asarray(canvas, np.float32) / 255 + shade, 0, 1), np.float32)


def trace(rng: np.random.Generator) -> Image2d:
    """A chart: a grid and a few curves, as of an ECG or a plot."""
    canvas = Image.new("L", (SIDE, SIDE), 255 if rng.random() < 0.6 else 0)
    paper = canvas.getpixel((0, 0))
    ink = 255 - int(paper if isinstance(paper, int) else 0)
    draw = ImageDraw.Draw(canvas)
    step = int(rng.integers(12, 60))
    for at in range(0, SIDE, step):
        draw.line((0, at, SIDE, at), fill=128)
        draw.line((at, 0, at, SIDE), fill=128)
    x = np.arange(SIDE)
    for _ in range(int(rng.integers(1, 7))):
        wave = np.cumsum(rng.standard_normal(SIDE)) * rng.uniform(0.3, 3)
        wave += rng.uniform(5, 40) * (np.sin(x / rng.uniform(3, 30)) ** 15)
        line = list(zip(x.tolist(), (wave + rng.uniform(0, SIDE)).tolist(), strict=True))
        draw.line(line, fill=ink, width=int(rng.integers(1, 4)))
    return np.asarray(np.asarray(canvas, np.float32) / 255, np.float32)


def pattern(rng: np.random.Generator) -> Image2d:
    """Gradients, bars, boards, rings, noise and blank fields."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    angle, cycles = rng.uniform(0, np.pi), rng.uniform(1, 30)
    along = x * np.cos(angle) + y * np.sin(angle)
    radius = np.hypot(x - rng.uniform(0.2, 0.8), y - rng.uniform(0.2, 0.8))
    choice = int(rng.integers(0, 9))
    if choice == 0:
        image = along
    elif choice == 1:
        image = np.sign(np.sin(2 * np.pi * cycles * along))
    elif choice == 2:
        image = np.sign(np.sin(2 * np.pi * cycles * x) * np.sin(2 * np.pi * cycles * y))
    elif choice == 3:
        image = np.sin(2 * np.pi * cycles * radius)
    elif choice == 4:
        image = rng.standard_normal((SIDE, SIDE)) + rng.uniform(0, 2) * along
    elif choice == 5:
        image = sum(field(rng, cells) / cells**0.5 for cells in (3, 6, 12, 24, 48, 96))
    elif choice == 6:
        image = radius < rng.uniform(0.1, 0.5)
    elif choice == 7:
        image = np.floor(along * rng.integers(3, 17)) + 0.02 * field(rng, 90)
    else:
        image = 0.02 * field(rng, int(rng.integers(3, 90)))
        return np.asarray(np.clip(rng.uniform(0, 1) + image, 0, 1), np.float32)
    grey = np.asarray(image, np.float32)
    return np.asarray((grey - grey.min()) / max(float(np.ptp(grey)), 1e-6), np.float32)


def fan(rng: np.random.Generator) -> Image2d:
    """An ultrasound image: speckle in a sector or a block, bright layers, a scale and text."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    speckle = ndimage.gaussian_filter(rng.standard_normal((SIDE, SIDE)), (0.8, 2.2)) * 2.5
    tissue = sum(field(rng, cells) * weight for cells, weight in ((4, 0.5), (9, 0.35), (20, 0.2)))
    echo = np.exp(0.7 * tissue + 0.6 * speckle)
    layers = np.exp(1.5 * np.sin(2 * np.pi * rng.uniform(1, 9) * y + field(rng, 3)))
    image = echo * layers ** rng.uniform(0, 1)
    top, middle = rng.uniform(0.02, 0.2), rng.uniform(0.4, 0.6)
    if rng.random() < 0.7:
        radius = np.hypot(x - middle, y - top + rng.uniform(0, 0.15))
        inside = (np.abs(np.arctan2(x - middle, y - top)) < rng.uniform(0.4, 0.9)) & (
            radius < rng.uniform(0.6, 0.9)
        )
    else:
        inside = (np.abs(x - middle) < rng.uniform(0.2, 0.4)) & (y > top) & (y < 0.9)
    image = np.where(inside, np.clip(image / np.percentile(image, 97), 0, 1), 0)
    canvas = Image.fromarray((image * 255).astype(np.uint8))
    draw = ImageDraw.Draw(canvas)
    for _ in range(int(rng.integers(0, 7))):
        place = (float(rng.integers(0, SIDE - 60)), float(rng.integers(0, SIDE)))
        draw.text(place, words(rng, int(rng.integers(3, 18))), fill=220)
    return np.asarray(np.asarray(canvas, np.float32) / 255, np.float32)


def limb(rng: np.random.Generator) -> Image2d:
    """Long bones in soft tissue: one limb, two side by side, or a hand's rays."""
    tissue, bone = np.zeros((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE), np.float32)
    rays = int(rng.choice((1, 2, 4, 5)))
    fan_out = rng.uniform(0.1, 0.28) if rays > 2 else rng.uniform(-0.1, 0.1)
    width = SIDE * rng.uniform(0.2, 0.4) / rays
    root = np.array([SIDE / 2, SIDE * rng.uniform(0.75, 1.05)])
    for ray in range(rays):
        lean = (ray - (rays - 1) / 2) * (fan_out if rays > 2 else 0.02) + rng.normal(0, 0.04)
        aside = (ray - (rays - 1) / 2) * width * (1.3 if rays > 2 else 2.2)
        start = root + np.array([aside, 0.0])
        parts = int(rng.integers(2, 5))
        for _ in range(parts):
            length = SIDE * rng.uniform(0.8, 1.3) / parts
            end = start + length * np.array([np.sin(lean), -np.cos(lean)])
            tissue = np.maximum(tissue, rod(start, end, width, waist=0.0))
            bone = np.maximum(bone, rod(start, end, width * rng.uniform(0.35, 0.6), waist=0.35))
            start, lean = end, lean + rng.normal(0, 0.12)
    if rays > 2:
        down = np.array([0.0, SIDE * 0.1])
        palm = rod(root - 2 * down, root + down, width * rays * 1.1, waist=0.0)
        tissue = np.maximum(tissue, palm)
    hollow = bone - 0.5 * ndimage.gaussian_filter(bone, 5) * (bone > 0)
    image = 0.35 * tissue + rng.uniform(0.4, 0.9) * hollow
    image = ndimage.gaussian_filter(image, rng.uniform(0.5, 1.5)) + 0.02 * field(rng, 80)
    return np.asarray(np.clip(image, 0, 1), np.float32)


def rod(
    start: NDArray[np.float64], end: NDArray[np.float64], width: float, *, waist: float
) -> Image2d:
    """Thickness in [0, 1] of a round rod between two points; ``waist``: how much it narrows."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    step = end - start
    along = ((x - start[0]) * step[0] + (y - start[1]) * step[1]) / float(step @ step)
    inside = np.clip(along, 0, 1)
    away = np.hypot(x - start[0] - inside * step[0], y - start[1] - inside * step[1])
    half = width / 2 * (1 - waist * 4 * inside * (1 - inside))
    return np.asarray(np.sqrt(np.clip(1 - (away / half) ** 2, 0, 1)), np.float32)


def breast(rng: np.random.Generator) -> Image2d:
    """A mammogram: a half disc of streaky tissue at one edge of a black field, and a label."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    reach, height = rng.uniform(0.3, 0.75), rng.uniform(0.3, 0.5)
    inside = np.clip(1 - (x / reach) ** 2 - ((y - rng.uniform(0.4, 0.6)) / height) ** 2, 0, 1)
    streaks = sum(field(rng, cells) / cells**0.4 for cells in (5, 11, 23, 47, 95))
    image = inside**0.4 * (0.4 + rng.uniform(0.08, 0.25) * streaks)
    image[int(SIDE * 0.05) : int(SIDE * 0.14), int(SIDE * 0.75) : int(SIDE * 0.92)] = 1
    return np.asarray(np.clip(image, 0, 1), np.float32)


PICTURES: tuple[Draw, ...] = (page, trace, pattern, pattern)
BODY_PARTS: tuple[Draw, ...] = (limb, limb, breast)
