"""Simulated radiographs beside real ones, by eye and by number.

Every image is prepared as a network sees it. A simulated one passes where a real one might lie:
its figure is within the 2.5th and 97.5th percentile of the real ones.
"""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from cxr_valve.anatomy.heart_reader import HeartReader, open_heart_reader
from cxr_valve.engines.engine import open_engine
from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.prepare import prepare_sizes
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.phantom.render import Phantom, simulate

#: Side (px) of the prepared images measured, and of a tile of the sheet.
SIDE, TILE = 256, 360
#: Frequencies (cycles per image) over which the power's slope is fitted: ribs to vessels.
BAND = (4, 90)
BINS = 32
FOLDERS = ("ctr", "nih", "hannover")
#: Dice from which the heart counts as found.
FOUND = 0.85
#: Images of each kind on the sheet.
SHOWN = 12


@dataclass(frozen=True)
class Figures:
    """What is measured of one image.

    Attributes:
        slope: of log power over log frequency, radially averaged; about −3 in radiographs.
        histogram: shares of greys (BINS,) in the prepared image.
        ctr: cardiothoracic ratio as the heart network measures it; None where it finds no heart.
        dice: of the network's heart against the simulator's; None for real images.
        true_ctr: of the simulator; None for real images.
    """

    slope: float
    histogram: tuple[float, ...]
    ctr: float | None
    dice: float | None = None
    true_ctr: float | None = None


@dataclass(frozen=True)
class Realism:
    """Simulated against real: medians, ranges, and shares of simulated images within them."""

    simulated: int
    real: int
    slope_real: tuple[float, float, float]
    slope_simulated: tuple[float, float, float]
    slope_within: float
    histogram_distance_real: tuple[float, float, float]
    histogram_distance_simulated: tuple[float, float, float]
    histogram_within: float
    heart_found: float
    heart_dice: tuple[float, float, float]
    ctr_real: tuple[float, float, float]
    ctr_simulated: tuple[float, float, float]
    ctr_error: float
    note: str = field(default="ranges are 2.5th, 50th and 97.5th percentile")


def spectrum_slope(image: NDArray[np.float32]) -> float:
    """Slope of log power over log frequency of a square image, radially averaged over ``BAND``."""
    side = image.shape[0]
    taper = np.hanning(side)
    waves = np.abs(np.fft.rfft2((image - image.mean()) * np.outer(taper, taper))) ** 2
    down, across = np.fft.fftfreq(side, 1 / side)[:, None], np.arange(waves.shape[1])[None, :]
    ring = np.rint(np.hypot(down, across)).astype(int)
    number = np.arange(BAND[0], BAND[1] + 1)
    power = ndimage.mean(waves, ring, number)
    # Rings are weighted evenly along the logarithm, not by how many there are.
    return float(np.polyfit(np.log(number), np.log(power), 1, w=1 / np.sqrt(number))[0])


def histogram(image: NDArray[np.float32]) -> NDArray[np.float64]:
    """Shares of greys in ``BINS`` even steps from 0 to 1."""
    counts, _ = np.histogram(image, BINS, (0, 1))
    return np.asarray(counts / counts.sum(), np.float64)


def measure(radiograph: Radiograph, reader: HeartReader, phantom: Phantom | None = None) -> Figures:
    """Figures of one image; with its ``phantom`` where it is simulated."""
    inputs = prepare_sizes(radiograph, {SIDE, reader.size})
    prepared, seen = inputs[SIDE], inputs[reader.size]
    reading = reader.read(radiograph, seen)
    greys = tuple(float(share) for share in histogram(prepared.image))
    slope = spectrum_slope(prepared.image)
    ctr = None if reading is None else reading.ctr
    if phantom is None:
        return Figures(slope, greys, ctr)
    found = reader.masks(seen).masks[0]
    axes = [(np.arange(reader.size) + 0.5) for _ in range(2)]
    rows = [seen.geometry.to_original(float(at), 0.0)[0] - 0.5 for at in axes[0]]
    columns = [seen.geometry.to_original(0.0, float(at))[1] - 0.5 for at in axes[1]]
    grid = np.meshgrid(rows, columns, indexing="ij")
    heart = phantom.masks["heart"].astype(np.float32)
    true = ndimage.map_coordinates(heart, grid, order=1) >= 0.5
    return Figures(slope, greys, ctr, dice(found, true), phantom.ctr)


def dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Twice the common area over the sum of both; 0 where both are empty."""
    return float(2 * (a & b).sum() / max(1, a.sum() + b.sum()))


def compare(simulated: list[Figures], real: list[Figures]) -> Realism:
    """Simulated figures against the range of real ones.

    Histograms are compared by the distance that grey has to be moved, from the mean of the real.
    """
    slopes = _column(simulated, "slope"), _column(real, "slope")
    mean = np.mean([one.histogram for one in real], axis=0)
    moved = [
        np.array([np.abs(np.cumsum(one.histogram - mean)).sum() / BINS for one in of])
        for of in (simulated, real)
    ]
    scores = _column(simulated, "dice")
    error = [abs(one.ctr - one.true_ctr) for one in simulated if one.ctr and one.true_ctr]
    return Realism(
        simulated=len(simulated),
        real=len(real),
        slope_real=_range(slopes[1]),
        slope_simulated=_range(slopes[0]),
        slope_within=_within(slopes[0], *np.percentile(slopes[1], (2.5, 97.5))),
        histogram_distance_real=_range(moved[1]),
        histogram_distance_simulated=_range(moved[0]),
        histogram_within=_within(moved[0], 0.0, np.percentile(moved[1], 97.5)),
        heart_found=float(np.mean(scores >= FOUND)),
        heart_dice=_range(scores),
        ctr_real=_range(_column(real, "ctr")),
        ctr_simulated=_range(_column(simulated, "true_ctr")),
        ctr_error=float(np.mean(error)) if error else float("nan"),
    )


def _column(figures: list[Figures], name: str) -> NDArray[np.float64]:
    values = (getattr(one, name) for one in figures)
    return np.array([value for value in values if value is not None], np.float64)


def _range(values: NDArray[np.float64]) -> tuple[float, float, float]:
    low, middle, high = (round(float(x), 4) for x in np.percentile(values, (2.5, 50, 97.5)))
    return low, middle, high


def _within(values: NDArray[np.float64], low: float, high: float) -> float:
    return float(np.mean((values >= low) & (values <= high)))


def real_radiographs(folder: Path, count: int, seed: int) -> Iterator[Radiograph]:
    """``count`` frontal radiographs of ``manifest.csv`` (column ``path``), drawn by ``seed``, as
    many from each collection."""
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        paths = [row["path"] for row in csv.DictReader(file)]
    rng = np.random.default_rng(seed)
    groups = [[path for path in paths if path.startswith(f"{name}/")] for name in FOLDERS]
    groups = [list(rng.permutation(group)) for group in groups if group]
    if not groups:
        raise ValueError(f"Expected radiographs of {', '.join(FOLDERS)} in {folder}; found none.")
    for number in range(count):
        group = groups[number % len(groups)]
        path = group[(number // len(groups)) % len(group)]
        yield load_radiograph((folder / path).read_bytes())


def sheet(
    simulated: list[Radiograph], real: list[Radiograph], seed: int
) -> tuple[Image.Image, list[str]]:
    """All in one picture, six to a row in an order drawn by ``seed``, and which is which."""
    tiles = [(image, "simulated") for image in simulated] + [(image, "real") for image in real]
    order = np.random.default_rng(seed).permutation(len(tiles))
    rows = -(-len(tiles) // 6)
    page = Image.new("L", (6 * TILE, rows * TILE))
    for place, at in enumerate(order):
        picture = Image.fromarray(tiles[at][0].shown())
        picture.thumbnail((TILE - 4, TILE - 4), Image.Resampling.LANCZOS)
        page.paste(picture, (place % 6 * TILE + 2, place // 6 * TILE + 2))
    return page, [tiles[at][1] for at in order]


def examine(
    real: Path, out: Path, *, count: int, side: int, seed: int, progress: Callable[[str], None]
) -> Realism:
    """Measure ``count`` images of both kinds; write ``sheet.png``, its ``key.txt`` and
    ``realism.json`` (the comparison, and the figures of each simulated image).

    ``side`` of the simulated images in px, ``seed`` of their cohort and of the drawing.

    Raises:
        OSError: a folder cannot be read or written.
        ValueError: no real radiographs there.
    """
    reader = open_heart_reader(open_engine("openvino"), progress)
    figures: tuple[list[Figures], list[Figures]] = ([], [])
    shown: tuple[list[Radiograph], list[Radiograph]] = ([], [])
    for radiograph in real_radiographs(real, count, seed):
        figures[1].append(measure(radiograph, reader))
        shown[1].append(radiograph)
        del shown[1][SHOWN:]
    progress(f"{count} real radiographs measured")
    for index in range(count):
        phantom = simulate(seed, index, side=side)
        figures[0].append(measure(phantom.radiograph, reader, phantom))
        if index < SHOWN:
            shown[0].append(simulate(seed, index, side=2 * TILE).radiograph)
    progress(f"{count} simulated radiographs measured")
    page, key = sheet(*shown, seed=seed)
    found = compare(*figures)
    out.mkdir(parents=True, exist_ok=True)
    page.save(out / "sheet.png")
    (out / "key.txt").write_text("\n".join(key) + "\n", encoding="utf-8")
    text = json.dumps({"comparison": asdict(found), "images": [asdict(x) for x in figures[0]]})
    (out / "realism.json").write_text(text, encoding="utf-8")
    return found
