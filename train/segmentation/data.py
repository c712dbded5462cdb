"""Images for the anatomy network, prepared as the reader prepares them, held in memory as bytes."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from cxr_valve.imaging.geometry import Geometry
from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.prepare import prepare

#: Side of the images kept, above the network's input so that enlarging them in training is sharp.
SIDE = 352
#: Folders of the masks, in the order of ``cxr_valve.anatomy.masks.STRUCTURES``.
MASK_FOLDERS = ("heart", "right_lung", "left_lung")
#: How many images of the labelled source each network is measured on and never saw: the first
#: network ships; the second, by the same recipe, only tells what that is worth on other images.
HELD_OUT = (30, 60)
HOLD_OUT_SEED = 2018


@dataclass(frozen=True, eq=False)
class Pictures:
    """``images`` uint8 (N, SIDE, SIDE) and ``masks`` uint8 (N, 3, SIDE, SIDE), 255 inside."""

    images: NDArray[np.uint8]
    masks: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.images)


def read_manifest(real: Path) -> pd.DataFrame:
    """The table of the folder of real radiographs.

    Raises:
        FileNotFoundError: the folder has no manifest.csv.
    """
    file = real / "manifest.csv"
    if not file.is_file():
        raise FileNotFoundError(
            f"Expected a table of radiographs at {file}, found none. Name the folder with --real."
        )
    return pd.read_csv(file)


def labelled_names(manifest: pd.DataFrame, network: int = 0) -> tuple[list[str], list[str]]:
    """Paths of the images with masks: those for training and those held out, always the same.

    ``network`` counts in ``HELD_OUT``; no image is held out for two of them.
    """
    paths = sorted(manifest.loc[manifest["source"].str.startswith("Wingspan"), "path"])
    order = np.random.default_rng(HOLD_OUT_SEED).permutation(len(paths))
    before = sum(HELD_OUT[:network])
    held_out = sorted(order[before : before + HELD_OUT[network]])
    chosen = set(held_out)
    return (
        [path for index, path in enumerate(paths) if index not in chosen],
        [paths[index] for index in held_out],
    )


def unlabelled_names(manifest: pd.DataFrame) -> list[str]:
    """Paths of real radiographs without masks.

    NIH images whose only label is a large heart or no finding are left out: on them the heart size
    is judged, so training sees them in no form.
    """
    judged = manifest["labels"].isin(["Cardiomegaly", "No Finding"]) | manifest[
        "labels"
    ].str.contains("Cardiomegaly", na=False)
    nih = manifest["source"].str.startswith("NIH") & ~judged
    hannover = manifest["source"].str.startswith("Hannover")
    return sorted(manifest.loc[nih | hannover, "path"])


def load_labelled(real: Path, names: Sequence[str]) -> Pictures:
    """Images with masks that lie beside them, moved with the image into the network's frame."""
    with ThreadPoolExecutor(2) as pool:
        pairs = list(pool.map(lambda name: _labelled(real, name), names))
    return Pictures(np.stack([pair[0] for pair in pairs]), np.stack([pair[1] for pair in pairs]))


def load_images(real: Path, names: Sequence[str]) -> NDArray[np.uint8]:
    """Images without masks: uint8 (N, SIDE, SIDE)."""
    with ThreadPoolExecutor(2) as pool:
        return np.stack(list(pool.map(lambda name: _image(real / name)[0], names)))


def _image(file: Path) -> tuple[NDArray[np.uint8], Geometry]:
    prepared = prepare(load_radiograph(file.read_bytes()), SIDE)
    return np.rint(prepared.image * 255).astype(np.uint8), prepared.geometry


def _labelled(real: Path, name: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    image, geometry = _image(real / name)
    folder = real / Path(name).parent.parent / "mask"
    masks = [
        place_mask(np.asarray(Image.open(folder / part / Path(name).name)) > 127, geometry)
        for part in MASK_FOLDERS
    ]
    return image, np.stack(masks)


def place_mask(mask: NDArray[np.bool_], geometry: Geometry) -> NDArray[np.uint8]:
    """A mask on the radiograph's pixels → the network's frame, antialiased, 255 inside."""
    crop, placed = geometry.crop, geometry.placed
    size = (round(placed.width), round(placed.height))
    box = (crop.left, crop.top, crop.right, crop.bottom)
    drawn = Image.fromarray(mask.astype(np.uint8) * 255)
    out = np.zeros((geometry.size, geometry.size), np.uint8)
    top, left = round(placed.top), round(placed.left)
    out[top : top + size[1], left : left + size[0]] = np.asarray(
        drawn.resize(size, Image.Resampling.BILINEAR, box=box)
    )
    return out
