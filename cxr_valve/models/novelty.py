"""How unlike a cohort an image is: a distance with the cohort's own distribution beside it.

Images are described by the gate network (pooled activations). A cohort's descriptions are fitted by
probabilistic principal components (Tipping and Bishop, J R Stat Soc B 1999;61:611-622): a Gaussian
with K main directions and one variance for all others, whose Mahalanobis distance is therefore
defined with more measurements than images. The distance says little by itself, so it is given as
its place among the distances of images of the same cohort that were not used in the fit.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

Descriptions = NDArray[np.float32]

NOVELTY_FILE = "novelty.safetensors"
COMPONENTS = 32
#: A cohort smaller than this says little about what is unusual in it.
MIN_IMAGES = 50
#: From this percentage of the held-out images on, an image is called unlike the cohort.
UNLIKE = 99.0


@dataclass(frozen=True, eq=False)
class Novelty:
    """A cohort's distribution of descriptions.

    ``mean`` and ``scale`` (D,): centre and standard deviation of each measurement; ``axes`` (K, D):
    main directions of the standardised measurements divided by the standard deviation along them;
    ``rest``: variance of a measurement outside of them; ``distances`` (N,): those of the
    held-out images, ascending.
    """

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    axes: NDArray[np.float32]
    rest: float
    distances: NDArray[np.float32]

    def distance(self, descriptions: Descriptions) -> NDArray[np.float64]:
        """Mahalanobis distance per measurement, (N, D) → (N,); about 1 for a typical image.

        Raises:
            ValueError: the descriptions have another length than the cohort's.
        """
        if descriptions.ndim != 2 or descriptions.shape[1] != len(self.mean):
            raise ValueError(
                f"Expected descriptions of {len(self.mean)} measurements, found an array of shape "
                f"{descriptions.shape}. They come from another gate network."
            )
        centred = (descriptions.astype(np.float64) - self.mean) / self.scale
        along = centred @ self.axes.T.astype(np.float64)
        # axes = directions / sd, so the length along a direction is ``along`` times its sd.
        spread = 1 / np.sum(self.axes.astype(np.float64) ** 2, axis=1)
        outside = np.sum(centred**2, axis=1) - np.sum(along**2 * spread, axis=1)
        squared = np.sum(along**2, axis=1) + np.maximum(outside, 0) / self.rest
        return np.asarray(np.sqrt(squared / len(self.mean)), np.float64)

    def percentile(self, description: NDArray[np.float32]) -> float:
        """Percentage of the held-out images that are less unlike the cohort, in [0, 100]."""
        distance = float(self.distance(description[None])[0])
        return 100 * float(np.searchsorted(self.distances, distance)) / len(self.distances)


def fit_novelty(descriptions: Descriptions, held_out: Descriptions) -> Novelty:
    """Fit a cohort: ``descriptions`` (N, D) of its training images, ``held_out`` of others of it.

    Raises:
        ValueError: fewer than ``MIN_IMAGES`` in either, or values that are not finite.
    """
    for name, part in (("training", descriptions), ("held-out", held_out)):
        if len(part) < MIN_IMAGES:
            raise ValueError(f"Expected at least {MIN_IMAGES} {name} images, found {len(part)}.")
        if not np.isfinite(part).all():
            raise ValueError(f"Expected finite descriptions of the {name} images, found others.")
    mean = descriptions.mean(axis=0, dtype=np.float64)
    scale = np.maximum(descriptions.std(axis=0, dtype=np.float64), 1e-3)
    centred = (descriptions - mean) / scale
    _, lengths, directions = np.linalg.svd(centred, full_matrices=False)
    variances = lengths**2 / (len(centred) - 1)
    count = min(COMPONENTS, len(variances) // 2)
    rest = float(max(variances[count:].sum() / (centred.shape[1] - count), 1e-6))
    axes = directions[:count] / np.sqrt(np.maximum(variances[:count], rest))[:, None]
    fitted = Novelty(
        mean.astype(np.float32), scale.astype(np.float32), axes.astype(np.float32), rest,
        np.zeros(0, np.float32),
    )  # fmt: skip
    distances = np.sort(fitted.distance(held_out)).astype(np.float32)
    return Novelty(fitted.mean, fitted.scale, fitted.axes, rest, distances)


def write_novelty(novelty: Novelty, file: Path) -> None:
    """Write a cohort's distribution as safetensors."""
    tensors: dict[str, NDArray[Any]] = {
        "mean": novelty.mean,
        "scale": novelty.scale,
        "axes": np.ascontiguousarray(novelty.axes),
        "rest": np.array([novelty.rest], np.float64),
        "distances": novelty.distances,
    }
    save_file(tensors, file)


def read_novelty(file: Path) -> Novelty:
    """Read what ``write_novelty`` wrote."""
    tensors = load_file(file)
    return Novelty(
        tensors["mean"],
        tensors["scale"],
        tensors["axes"],
        float(tensors["rest"][0]),
        tensors["distances"],
    )


@dataclass(frozen=True)
class NoveltyReading:
    """How unlike the cohort of one set of weights an image is: ``percentile`` of that cohort's own
    held-out images that are less unlike, in [0, 100], and the sentence for it."""

    percentile: float
    words: str


def read_off(novelty: Novelty, description: NDArray[np.float32], *, simulated: bool) -> (
    NoveltyReading
):  # fmt: skip
    """Place one image; ``simulated``: the cohort was simulated, which the sentence then says."""
    percentile = novelty.percentile(description)
    cohort = "the simulated radiographs" if simulated else "the radiographs"
    own = f"of {len(novelty.distances)} held out"
    if percentile >= 100:
        place = f"further out than every one {own}"
    else:
        place = f"further out than {int(percentile)}% {own}"
    if percentile < UNLIKE:
        within = f"Within the range of {cohort} these weights learnt from: {place}."
        return NoveltyReading(percentile, within)
    caution = "The numbers may not hold for it."
    if simulated and percentile >= 100:
        caution = "Every real radiograph is; the numbers say nothing about this patient."
    words = f"Unlike {cohort} these weights learnt from: {place}. {caution}"
    return NoveltyReading(percentile, words)
