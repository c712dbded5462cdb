"""What a network learns from: images, targets and, of simulated radiographs, their true anatomy."""

import hashlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from train.cohort.store import StoredCohort
from train.fit.images import PreparedImages
from train.fit.outcomes import TrainingError
from train.recipe import Recipe
from train.simulate.plan import EVIDENCE_IN, STRUCTURES

#: Beyond this share of unreadable radiographs in a split, training stops rather than skips them.
SKIP_LIMIT = 0.05


@dataclass(frozen=True, eq=False)
class Examples:
    """One split of n radiographs.

    Attributes:
        images: uint8 (N, S, S), N ≥ n; may be memory-mapped.
        rows: int (n,), which of ``images`` they are.
        targets: float32 (n,): 0 or 1, or the value in its own unit.
        measures: float32 (n, K), standardised true measurements, or None.
        structures: float16 (n, structures, cells, cells) on a square grid over the input, or None.
            In both, NaN is what nobody measured: nothing is learnt from it.
    """

    images: NDArray[np.uint8]
    rows: NDArray[np.int64]
    targets: NDArray[np.float32]
    measures: NDArray[np.float32] | None = None
    structures: NDArray[np.float16] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def size(self) -> int:
        """Side of the input in pixels."""
        return int(self.images.shape[-1])


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Both splits. A continuous target is learnt as (value − centre) / spread.

    ``region``: which of the structures the finding shows in; empty where nobody knows.
    """

    train: Examples
    validation: Examples
    continuous: bool = False
    region: tuple[int, ...] = ()

    @property
    def centre(self) -> float:
        """Mean of a continuous training target; 0 for a binary one."""
        return float(self.train.targets.mean(dtype=np.float64)) if self.continuous else 0.0

    @property
    def spread(self) -> float:
        """Standard deviation of a continuous training target; 1 for a binary one."""
        return float(self.train.targets.std(dtype=np.float64)) if self.continuous else 1.0

    @property
    def positive_weight(self) -> float:
        """Negatives / positives of the training split."""
        positives = float((self.train.targets == 1).sum())
        return (len(self.train) - positives) / positives

    @property
    def prior(self) -> float:
        """Log odds of a positive in the training split: what a map says where it says nothing."""
        return -math.log(self.positive_weight)

    @property
    def fingerprint(self) -> str:
        """Tells training on these rows and targets from training on others."""
        digest = hashlib.sha256()
        for split in (self.train, self.validation):
            digest.update(split.rows.tobytes())
            digest.update(split.targets.tobytes())
        return digest.hexdigest()


def from_cohort(cohort: StoredCohort, prepared: PreparedImages, recipe: Recipe) -> TrainingData:
    """The training and validation examples of a cohort; rows without an image are left out.

    Raises TrainingError where too many are, or where those that are left lack a class.
    """
    train, validation = (_split(cohort, prepared, recipe, name) for name in ("train", "validation"))
    continuous = cohort.card.kind == "continuous"
    shown_in = EVIDENCE_IN.get(cohort.card.finding, ()) if recipe.contain_weight else ()
    region = tuple(STRUCTURES.index(name) for name in shown_in)
    data = TrainingData(train, validation, continuous, region)
    if len(train) < recipe.batch:
        raise TrainingError(
            f"Expected at least one batch of {recipe.batch} readable training radiographs; found "
            f"{len(train)}. Make the batch smaller or the cohort larger."
        )
    for name, split in (("train", train), ("validation", validation)):
        if len(np.unique(split.targets)) < 2:
            raise TrainingError(
                f"Expected positives and negatives (or different values) among the readable "
                f"radiographs of the {name} split; found one kind only among {len(split)}."
            )
    return data


def _split(cohort: StoredCohort, prepared: PreparedImages, recipe: Recipe, name: str) -> Examples:
    table = cohort.table
    member = (table["split"] == name).to_numpy(bool)
    _refuse_many_unreadable(table["image"].to_numpy(str)[member], prepared, name)
    rows = np.flatnonzero(member & prepared.usable)
    auxiliary = name == "train"
    measures = structures = None
    if auxiliary and recipe.measure_weight:
        measured = table[list(cohort.aux)].to_numpy(float)[rows]
        centred = (measured - np.nanmean(measured, axis=0)) / np.nanstd(measured, axis=0)
        measures = centred.astype(np.float32)
    if auxiliary and (recipe.locate_weight or recipe.contain_weight):
        coarse = cohort.structures()
        if coarse is not None:
            structures = onto_input(coarse[rows], prepared.extents[rows])
    return Examples(
        images=prepared.images,
        rows=rows,
        targets=table["target"].to_numpy(np.float32)[rows],
        measures=measures,
        structures=structures,
    )


def _refuse_many_unreadable(names: NDArray[Any], prepared: PreparedImages, split: str) -> None:
    missing = [name for name in names if name in prepared.problems]
    if len(missing) > SKIP_LIMIT * len(names):
        shown = "; ".join(f"{name}: {prepared.problems[name]}" for name in missing[:3])
        raise TrainingError(
            f"Expected at most {SKIP_LIMIT:.0%} of the {split} split to be unreadable; found "
            f"{len(missing)} of {len(names)} radiographs ({shown}). Restore the files, or build "
            "the cohort again."
        )


def onto_input(grids: NDArray[np.float16], extents: NDArray[np.float64]) -> NDArray[np.float16]:
    """Coarse grids (n, structures, cells, cells) over whole radiographs → over the square inputs.

    ``extents`` (n, 4): top, left, height and width of the input in shares of the radiograph.
    """
    top, left, height, width = torch.from_numpy(extents.astype(np.float32)).T
    # grid_sample counts from −1 to 1 along both axes.
    theta = torch.zeros(len(grids), 2, 3)
    theta[:, 0, 0], theta[:, 0, 2] = width, 2 * left + width - 1
    theta[:, 1, 1], theta[:, 1, 2] = height, 2 * top + height - 1
    source = torch.from_numpy(np.array(grids, np.float32))
    at = functional.affine_grid(theta, list(source.shape), align_corners=False)
    moved: Tensor = functional.grid_sample(source, at, align_corners=False)
    return moved.numpy().astype(np.float16)
