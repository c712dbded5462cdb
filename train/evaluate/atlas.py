"""The evidence atlas: where the networks look, on average, at each grade of a finding."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from cxr_valve.cards import EvidenceScale
from cxr_valve.findings import FINDINGS
from cxr_valve.models.evidence import resample
from cxr_valve.reading.overlay import colourise

FILE, PICTURE = "atlas.npz", "atlas-{}.png"
#: Side of the mean radiograph that lies under a mean map, in pixels.
SIDE = 128
#: Side of a plate's picture, in pixels.
DRAWN = 320


@dataclass(frozen=True, eq=False)
class Plate:
    """One grade: the mean consensus evidence (h, w) of its ``n`` radiographs and their mean image
    (SIDE, SIDE), both over the whole input of the networks."""

    name: str
    n: int
    evidence: NDArray[np.float32]
    image: NDArray[np.uint8]


def make_atlas(
    finding: str,
    table: pd.DataFrame,
    maps: NDArray[np.float32],
    images: NDArray[np.uint8],
    cuts: Sequence[float] = (),
) -> tuple[Plate, ...]:
    """A plate a grade, from best to worst; of a value one a band between ``cuts``.

    ``table``, ``maps`` (N, h, w) and ``images`` (N, S, S) have a row a radiograph; where no grade
    is known, positives and negatives stand for grades.
    """
    names, order = _grades(finding, table, cuts)
    plates = []
    for name in order:
        rows = np.flatnonzero(names == name)
        mean = np.rint(images[rows].mean(axis=0)).astype(np.uint8)
        small = Image.fromarray(mean).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        plates.append(
            Plate(
                name,
                len(rows),
                maps[rows].mean(axis=0).astype(np.float32),
                np.asarray(small, np.uint8),
            )
        )
    return tuple(plates)


def _grades(
    finding: str, table: pd.DataFrame, cuts: Sequence[float]
) -> tuple[NDArray[np.str_], list[str]]:
    if cuts:
        edges = sorted(cuts)
        bands = [f"below {edges[0]:g}"]
        bands += [f"{low:g} to {high:g}" for low, high in pairwise(edges)]
        bands += [f"{edges[-1]:g} and above"]
        place = np.searchsorted(edges, table["target"].to_numpy(float), side="right")
        names = np.array(bands)[place]
        return names, [band for band in bands if (names == band).any()]
    grades = table["grade"].fillna("").astype(str).to_numpy(dtype="U40")
    if (grades == "").any():
        grades = np.where(table["target"].to_numpy() == 1, "positive", "negative")
    known = (*FINDINGS[finding].grades, "negative", "positive") if finding in FINDINGS else ()
    found = sorted(set(grades), key=lambda g: (known.index(g) if g in known else len(known), g))
    return grades, [str(name) for name in found]


def picture(plate: Plate, scale: EvidenceScale) -> Image.Image:
    """The mean radiograph of a grade with its mean evidence over it, in the card's colours."""
    side = DRAWN
    grey = Image.fromarray(plate.image).resize((side, side), Image.Resampling.BILINEAR)
    grid = resample(plate.evidence, side, side)
    colours = Image.fromarray(colourise(grid, scale.limit, scale.epsilon))
    return Image.alpha_composite(grey.convert("RGBA"), colours).convert("RGB")


def save_atlas(plates: Sequence[Plate], folder: Path, scale: EvidenceScale) -> None:
    """Write ``folder/atlas.npz``: names, n, evidence (G, h, w), images (G, SIDE, SIDE); and the
    picture of each plate as ``atlas-<number>.png``."""
    for old in folder.glob("atlas-*.png"):
        old.unlink()
    for number, plate in enumerate(plates):
        picture(plate, scale).save(folder / PICTURE.format(number))
    np.savez_compressed(
        folder / FILE,
        names=np.array([plate.name for plate in plates]),
        n=np.array([plate.n for plate in plates]),
        evidence=np.stack([plate.evidence for plate in plates]),
        images=np.stack([plate.image for plate in plates]),
    )


def load_atlas(folder: Path) -> tuple[Plate, ...]:
    """The plates of an evaluation; none where it has no atlas."""
    file = folder / FILE
    if not file.exists():
        return ()
    with np.load(file) as kept:
        rows = zip(kept["names"], kept["n"], kept["evidence"], kept["images"], strict=True)
        return tuple(Plate(str(name), int(n), maps, image) for name, n, maps, image in rows)


def atlas_json(plates: Sequence[Plate]) -> list[dict[str, Any]]:
    """The plates as plain data, without their mean images; ``file`` names each one's picture."""
    return [
        {
            "name": plate.name,
            "n": plate.n,
            "file": PICTURE.format(number),
            "evidence": np.round(plate.evidence, 3).tolist(),
        }
        for number, plate in enumerate(plates)
    ]
