"""One original → one training example: as another machine, film or export would have shown it.

Sources differ in resolution, borders, processing and side markers; all of these are drawn at random
for every image, so that none of them tells a kind, a source or a side.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from cxr_valve.anatomy.gate import Kind
from cxr_valve.imaging.prepare import prepare
from cxr_valve.imaging.radiograph import Decoding, Radiograph
from train.gate.drawn import BODY_PARTS, PICTURES, fan, words
from train.gate.sources import Original

Image2d = NDArray[np.float32]

SIDE = 224
_DECODING = Decoding("training", None, None, "MONOCHROME2", 16, None, inverted=False)


@dataclass(frozen=True)
class Pose:
    """How a chest lies: quarter ``turns`` clockwise, grey inverted, left and right exchanged."""

    turns: int
    inverted: bool
    mirrored: bool


UPRIGHT = Pose(0, inverted=False, mirrored=False)


def as_radiograph(image: Image2d) -> Radiograph:
    """Grey in [0, 1] as a radiograph of 16 bits, displayed as a raster file would be."""
    pixels = np.rint(np.clip(image, 0, 1) * 65535).astype(np.uint16)
    low, high = np.percentile(pixels, (0.5, 99.5))
    return Radiograph(
        pixels, 1.0, 0.0, (float(low), float(max(high, low + 1))), None, None, None, _DECODING, ()
    )


def network_input(image: Image2d) -> NDArray[np.uint8]:
    """The gate's input, made the way the program makes it: uint8 (SIDE, SIDE)."""
    return np.rint(prepare(as_radiograph(image), SIDE).image * 255).astype(np.uint8)


def laid(image: Image2d, pose: Pose) -> Image2d:
    """The image in another pose."""
    if pose.mirrored:
        image = image[:, ::-1]
    if pose.inverted:
        image = np.float32(1) - image
    return np.ascontiguousarray(np.rot90(image, -pose.turns))


def random_pose(rng: np.random.Generator) -> Pose:
    """Half of the images upright, the rest in every other pose."""
    if rng.random() < 0.4:
        return replace(UPRIGHT, mirrored=bool(rng.random() < 0.5))
    turns = int(rng.integers(0, 4))
    return Pose(turns, bool(rng.random() < 0.4), bool(rng.random() < 0.5))


def varied(image: Image2d, rng: np.random.Generator, *, gentle: bool = False) -> Image2d:
    """Position, marks and processing as they differ between machines; ``gentle``: less of it."""
    strength = 0.4 if gentle else 1.0
    image = stretched(image, rng, strength)
    image = cropped(image, rng, 0.11 * strength)
    image = tilted(image, float(rng.normal(0, 3.5 * strength)), rng)
    if rng.random() < 0.6 * strength:
        image = marked(image, rng)
    image = processed(image, rng, strength)
    return framed(image, rng) if rng.random() < 0.35 else image


def stretched(image: Image2d, rng: np.random.Generator, strength: float) -> Image2d:
    """Another aspect."""
    factor = float(np.exp(rng.normal(0, 0.07 * strength)))
    rows, columns = image.shape
    return resized(image, rows, max(8, round(columns * factor)))


def resized(image: Image2d, rows: int, columns: int) -> Image2d:
    """Resampled with antialiasing."""
    drawn = Image.fromarray(np.ascontiguousarray(image, np.float32))
    return np.asarray(drawn.resize((columns, rows), Image.Resampling.BILINEAR), np.float32)


def cropped(image: Image2d, rng: np.random.Generator, most: float) -> Image2d:
    """Each border moved in by up to ``most`` of the side."""
    rows, columns = image.shape
    cut = rng.uniform(0, most, 4) * (rng.random(4) < 0.6)
    top, bottom = int(cut[0] * rows), int(cut[1] * rows)
    left, right = int(cut[2] * columns), int(cut[3] * columns)
    return image[top : rows - bottom, left : columns - right]


def other_view(image: Image2d, rng: np.random.Generator) -> Image2d:
    """A view from the side, collimated to the chest or not, of a slim or a deep chest."""
    rows, columns = image.shape
    image = image[: int(rows * rng.uniform(0.68, 1.0))]
    # The projections are as wide as the CT; a collimator leaves less air beside the body.
    left, right = rng.uniform(0.0, 0.24, 2) * columns
    image = image[:, int(left) : columns - int(right)]
    factor = float(np.exp(rng.normal(0, 0.22)))
    return resized(image, image.shape[0], max(8, round(image.shape[1] * factor)))


def tilted(image: Image2d, degrees: float, rng: np.random.Generator) -> Image2d:
    """Turned about the centre; the corners become black or the grey of the border."""
    border = float(np.median(image[0])) if rng.random() < 0.5 else 0.0
    drawn = Image.fromarray(np.ascontiguousarray(image, np.float32))
    turned = drawn.rotate(degrees, Image.Resampling.BILINEAR, fillcolor=border)
    return np.asarray(turned, np.float32)


def marked(image: Image2d, rng: np.random.Generator) -> Image2d:
    """Side letters on either side, text, tubes and wires; patches of the border wiped out."""
    canvas = Image.fromarray(image)
    draw = ImageDraw.Draw(canvas)
    width, height = canvas.size
    for _ in range(int(rng.integers(0, 4))):
        # Letters say nothing of the side: either letter, on either side, sometimes turned round.
        size = int(rng.integers(10, 40))
        text = str(rng.choice(("L", "R", "L", "R", "AP", "PA", "SUPINE", words(rng, 5))))
        letter = Image.new("F", (max(8, size * len(text)), size + 8), 0.0)
        font = ImageFont.load_default(size)
        ImageDraw.Draw(letter).text((2, 0), text, fill=1.0, font=font)
        if rng.random() < 0.5:
            letter = letter.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        spot = (int(rng.uniform(0, width * 0.85)), int(rng.uniform(0, height * 0.3)))
        canvas.paste(float(rng.uniform(0.7, 1.0)), spot, letter.convert("L").point(_opaque))
    for _ in range(int(rng.integers(0, 4)) if rng.random() < 0.4 else 0):
        points = np.cumsum(rng.normal(0, 0.12, (5, 2)), axis=0) + rng.uniform(0.1, 0.9, 2)
        line = [(float(x) * width, float(y) * height) for x, y in points]
        draw.line(line, fill=float(rng.uniform(0.6, 1)), width=int(rng.integers(1, 5)))
    for _ in range(int(rng.integers(0, 3))):
        left = float(rng.choice((0.0, 0.8)) * width)
        top = float(rng.uniform(0, 0.4) * height)
        box = (left, top, left + 0.2 * width, top + rng.uniform(0.05, 0.2) * height)
        draw.rectangle(box, fill=float(rng.choice((0.0, 0.0, 0.5, 1.0))))
    return np.asarray(canvas, np.float32)


def _opaque(value: float) -> float:
    return 255 if value > 0.5 else 0


def processed(image: Image2d, rng: np.random.Generator, strength: float) -> Image2d:
    """Resolution, tone, local contrast and noise as they differ between machines."""
    if rng.random() < 0.4:
        side = int(rng.uniform(90, 300))
        rows, columns = image.shape
        scale = side / max(rows, columns)
        image = resized(image, max(8, round(rows * scale)), max(8, round(columns * scale)))
    if rng.random() < 0.5:
        # A coarse copy is a blurred one, and quick.
        cells = int(rng.integers(8, 40))
        coarse = resized(resized(image, cells, cells), *image.shape)
        image = image + np.float32(rng.uniform(-0.4, 1.5) * strength) * (image - coarse)
    if rng.random() < 0.3:
        image = ndimage.uniform_filter(image, int(rng.integers(2, 5)))
    low, high = np.percentile(image, (0.3, 99.7)) + rng.normal(0, 0.04 * strength, 2)
    image = np.clip((image - low) / max(high - low, 0.05), 0, 1)
    image = image ** np.exp(rng.normal(0, 0.35 * strength))
    noise = rng.uniform(0, 0.05) * (rng.random() < 0.4)
    return np.asarray(image + noise * rng.standard_normal(image.shape), np.float32)


def framed(image: Image2d, rng: np.random.Generator) -> Image2d:
    """A collimator's or a screen's border around the image."""
    rows, columns = image.shape
    top, bottom = (rng.uniform(0, 0.12, 2) * rows).astype(int)
    left, right = (rng.uniform(0, 0.15, 2) * columns).astype(int)
    value = float(rng.choice((0.0, 0.0, 0.0, 1.0, rng.uniform(0, 0.3))))
    return np.pad(image, ((top, bottom), (left, right)), constant_values=value)


def part_of(image: Image2d, rng: np.random.Generator) -> Image2d:
    """A piece of a chest that does not hold both lungs and the heart."""
    rows, columns = image.shape
    if rng.random() < 0.5:
        # One side, or upper or lower half.
        height, width = rng.uniform(0.6, 1.0) * rows, rng.uniform(0.25, 0.44) * columns
        if rng.random() < 0.5:
            height, width = rng.uniform(0.2, 0.37) * rows, rng.uniform(0.6, 1.0) * columns
        top = rng.choice((0.0, rows - height))
        left = rng.choice((0.0, columns - width))
    else:
        height, width = rng.uniform(0.15, 0.45) * rows, rng.uniform(0.15, 0.45) * columns
        top, left = rng.uniform(0, rows - height), rng.uniform(0, columns - width)
    piece = image[int(top) : int(top + height) + 1, int(left) : int(left + width) + 1]
    longest = max(piece.shape)
    scale = 300 / longest
    return resized(piece, max(8, round(piece.shape[0] * scale)), round(piece.shape[1] * scale) or 8)


def collage(first: Image2d, second: Image2d, rng: np.random.Generator) -> Image2d:
    """Two images in one, side by side or one above the other, with or without a gap."""
    side = 240
    parts = [resized(image, side, int(side * rng.uniform(0.75, 1.1))) for image in (first, second)]
    gap = np.full((side, int(rng.integers(0, 24))), rng.choice((0.0, 1.0)), np.float32)
    joined = np.hstack([parts[0], gap, parts[1]])
    if rng.random() < 0.35:
        size = (side, side)
        parts = [resized(image, *size) for image in (first, second)]
        joined = np.vstack([parts[0], gap.T[:, :1].repeat(side, axis=1), parts[1]])
    return np.asarray(joined, np.float32)


def drawn(kind: Kind, rng: np.random.Generator) -> Image2d:
    """A drawn image of a kind that needs no original."""
    if kind == "picture":
        return PICTURES[int(rng.integers(len(PICTURES)))](rng)
    if kind == "radiograph":
        return BODY_PARTS[int(rng.integers(len(BODY_PARTS)))](rng)
    return fan(rng)


def piece_of_picture(original: Original, rng: np.random.Generator) -> Image2d:
    """A picture, or a piece of it of any size."""
    image = original.grey
    rows, columns = image.shape
    share = rng.uniform(0.3, 1.0)
    height, width = max(8, int(rows * share)), max(8, int(columns * share))
    top, left = rng.integers(0, rows - height + 1), rng.integers(0, columns - width + 1)
    return image[top : top + height, left : left + width]
