"""What surrounds the chest in the picture: collimation, and the letters of the technologist."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cxr_valve.phantom.rays import Field

#: How many radiographs show the collimated border; fewer are left white than made black.
BORDERED, WHITE = 0.3, 0.06
#: How many bear a letter for the side, and how many of those at the bedside bear words.
LETTERED, WORDED = 0.85, 0.6
WORDS = ("PORTABLE", "AP PORTABLE", "SUPINE", "AP ERECT", "AP UPRIGHT")


@dataclass(frozen=True)
class Border:
    """Edges of the collimated field, in mm from the picture's: left, top, right, bottom; turned by
    ``lean_deg`` about the middle."""

    edges: tuple[float, float, float, float]
    lean_deg: float
    white: bool


def sample_border(rng: np.random.Generator, field_mm: float) -> Border:
    """Draw a border; most pictures end within the collimated field and show none."""
    shown = rng.random() < BORDERED
    white = bool(shown and rng.random() < WHITE / BORDERED)
    sides = rng.random(4) < 0.45
    depth = rng.uniform(0.0, 0.07, 4) * field_mm
    left, top, right, bottom = (float(x) for x in np.where(sides & shown, depth, -field_mm))
    lean = float(rng.normal(0, 1.0)) if rng.random() < 0.5 else 0.0
    return Border((left, top, right, bottom), lean, white)


def draw_border(grey: Field, border: Border, pixel_mm: float) -> None:
    """Paint over grey (side, side) in [0, 1] what lies outside the collimated field."""
    if max(border.edges) <= -grey.shape[0] * pixel_mm:
        return
    length = grey.shape[0] * pixel_mm
    axis = ((np.arange(grey.shape[0]) + 0.5) * pixel_mm - length / 2).astype(np.float32)
    lean = np.deg2rad(border.lean_deg)
    u = axis[None, :] * np.cos(lean) + axis[:, None] * np.sin(lean)
    v = axis[:, None] * np.cos(lean) - axis[None, :] * np.sin(lean)
    left, top, right, bottom = border.edges
    half = length / 2
    inside = np.minimum.reduce(
        [u + half - left, v + half - top, half - right - u, half - bottom - v]
    )
    share = np.clip(inside / np.float32(max(1.0, pixel_mm)) + np.float32(0.5), 0, 1)
    grey *= share
    if border.white:
        grey += 1 - share


def draw_letters(
    grey: Field,
    border: Border,
    pixel_mm: float,
    projection: Literal["PA", "AP"],
    rng: np.random.Generator,
) -> None:
    """Paint the letter of a side and, at the bedside, words, into grey in [0, 1]."""
    inset = [max(edge, 0.0) for edge in border.edges]
    length = grey.shape[0] * pixel_mm
    if rng.random() < LETTERED:
        right_side = bool(rng.random() < 0.6)
        from_edge = rng.uniform(16, 45)
        u = inset[0] + from_edge if right_side else length - inset[2] - from_edge
        at = (u, inset[1] + rng.uniform(10, 55))
        _letter(grey, "R" if right_side else "L", at, pixel_mm, rng)
    if projection == "AP" and rng.random() < WORDED:
        side = rng.choice((0.12, 0.85))
        at = (side * length + rng.normal(0, 8), inset[1] + rng.uniform(12, 60))
        _paste(grey, _text(str(rng.choice(WORDS)), 7.5 / pixel_mm), at, pixel_mm, 1.0)


def _letter(
    grey: Field, letter: str, at: tuple[float, float], pixel_mm: float, rng: np.random.Generator
) -> None:
    """A lead letter, slightly turned and not quite opaque; one pasted in; or one on a black box."""
    style = rng.choice(("lead", "pasted", "boxed"), p=(0.55, 0.2, 0.25))
    height = rng.uniform(9, 17) / pixel_mm
    drawn = _text(letter, height)
    if style == "boxed":
        margin = max(1, round(0.25 * height))
        drawn = np.pad(drawn, margin)
        _paste(grey, np.ones_like(drawn), at, pixel_mm, 1.0, ink=0.0)
    elif style == "lead":
        image = Image.fromarray(drawn)
        turned = image.rotate(rng.normal(0, 9), Image.Resampling.BILINEAR, expand=True)
        drawn = np.asarray(turned, np.float32)
    _paste(grey, drawn, at, pixel_mm, rng.uniform(0.75, 0.95) if style == "lead" else 1.0)


def _text(words: str, height: float) -> Field:
    """Words as coverage in [0, 1], about ``height`` pixels high."""
    large = 4
    font = ImageFont.load_default(size=max(8.0, height * large * 1.3))
    left, top, right, bottom = font.getbbox(words)
    canvas = Image.new("L", (int(right - left) + 8, int(bottom - top) + 8))
    ImageDraw.Draw(canvas).text((4 - left, 4 - top), words, fill=255, font=font)
    return np.asarray(canvas.reduce(large), np.float32) / np.float32(255)


def _paste(
    grey: Field,
    cover: Field,
    at: tuple[float, float],
    pixel_mm: float,
    opaque: float,
    ink: float = 1.0,
) -> None:
    """Blend ``ink`` over grey where covered, around a point (u, v) in mm; cut off at the edge."""
    height, width = cover.shape
    top, left = round(at[1] / pixel_mm - height / 2), round(at[0] / pixel_mm - width / 2)
    rows = slice(max(top, 0), min(top + height, grey.shape[0]))
    columns = slice(max(left, 0), min(left + width, grey.shape[1]))
    if rows.stop <= rows.start or columns.stop <= columns.start:
        return
    part = cover[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    share = part * np.float32(opaque)
    grey[rows, columns] += share * (np.float32(ink) - grey[rows, columns])
