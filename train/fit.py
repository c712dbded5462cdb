"""Fit one network with Lightning: documented recipe, augmentation by (seed, epoch, index)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, Sampler
from torchvision.transforms.v2 import functional as transforms

from cxr_valve.models.networks import ValveNet


@dataclass(frozen=True)
class Recipe:
    """How one network is trained.

    ``measure_weight`` scales the loss of regressing the known measurements and ``locate_weight``
    that of locating each structure on a coarse grid (0 switches either off): with them a network
    learns the anatomy from a tenth of the images. ``rate`` is the peak of a one-cycle schedule for
    AdamW.
    """

    network: str
    input_size: int
    epochs: int
    batch: int = 16
    rate: float = 1e-3
    weight_decay: float = 0.02
    measure_weight: float = 2.0
    locate_weight: float = 10.0
    seed: int = 7

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 2:
            raise ValueError("Expected at least 1 epoch and a batch of 2 or more.")
        if self.input_size < 75:
            raise ValueError(f"Expected an input of 75 px or more; found {self.input_size}.")


@dataclass(frozen=True, eq=False)
class Examples:
    """Images uint8 (N, S, S), labels (N,) in {0, 1}, standardised measurements (N, K), and anatomy
    (N, structures, cells, cells) on a square grid over the input."""

    images: NDArray[np.uint8]
    labels: NDArray[np.float32]
    measurements: NDArray[np.float32]
    anatomy: NDArray[np.float16]


Batch = tuple[Tensor, Tensor, Tensor, Tensor]


class Augmented(Dataset[Batch]):
    """Examples with pose and tone varied; what is drawn depends on (seed, epoch, index) only."""

    def __init__(self, examples: Examples, seed: int) -> None:
        self.examples, self.seed, self.epoch = examples, seed, 0

    def __len__(self) -> int:
        return len(self.examples.labels)

    def __getitem__(self, index: int) -> Batch:
        rng = np.random.default_rng([self.seed, self.epoch, index])
        image = torch.from_numpy(self.examples.images[index].astype(np.float32) / 255.0)[None]
        anatomy = torch.from_numpy(self.examples.anatomy[index].astype(np.float32))
        pose = Pose.draw(rng)
        return (
            vary_tone(pose.apply(image), rng),
            torch.tensor(self.examples.labels[index]),
            torch.from_numpy(self.examples.measurements[index]),
            pose.apply(anatomy),
        )


@dataclass(frozen=True)
class Pose:
    """A small movement: degrees, shares of the side, and a factor. Never a mirror: the heart has a
    side."""

    angle: float
    shift: tuple[float, float]
    scale: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Pose":
        """Up to 4 degrees, 3% of the side and 5% of the size."""
        across, down = rng.uniform(-0.03, 0.03, 2)
        return cls(
            float(rng.uniform(-4, 4)), (float(across), float(down)), float(rng.uniform(0.95, 1.05))
        )

    def apply(self, image: Tensor) -> Tensor:
        """Move a (C, S, S) image; what comes in from outside is 0."""
        side = image.shape[-1]
        turned = transforms.affine(
            image,
            angle=self.angle,
            translate=[self.shift[0] * side, self.shift[1] * side],
            scale=self.scale,
            shear=[0.0],
            interpolation=transforms.InterpolationMode.BILINEAR,
        )
        return cast(Tensor, turned)


def vary_tone(image: Tensor, rng: np.random.Generator) -> Tensor:
    """Vary gamma, contrast, brightness and noise of an image in [0, 1]."""
    tone = image.clamp(0, 1) ** float(rng.uniform(0.7, 1.4))
    tone = tone * float(rng.uniform(0.85, 1.15)) + float(rng.uniform(-0.08, 0.08))
    noise = torch.from_numpy(rng.standard_normal(tone.shape, np.float32))
    return (tone + noise * float(rng.uniform(0, 0.03))).clamp(0, 1)


class Fit(lightning.LightningModule):
    """One network on one binary target, with measurements and anatomy as auxiliary targets."""

    def __init__(self, recipe: Recipe, examples: Examples, total_steps: int) -> None:
        super().__init__()
        self.recipe, self.total_steps = recipe, total_steps
        self.network = ValveNet(recipe.network).to(memory_format=torch.channels_last)
        channels = self.network.classifier.in_features
        structures, cells = examples.anatomy.shape[1:3]
        grid = self.network(torch.zeros(2, 1, recipe.input_size, recipe.input_size))[1].shape[-1]
        # Each cell of the feature grid predicts its own square of finer cells.
        self.finer = -(-cells // grid)
        self.measure = nn.Linear(channels, examples.measurements.shape[1])
        self.locate = nn.Conv2d(channels, structures * self.finer**2, 1)

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Cross-entropy of the label plus smooth L1 of measurements and of anatomy."""
        image, label, measurements, anatomy = batch
        features = self.network.features(image.contiguous(memory_format=torch.channels_last))
        pooled = features.mean(dim=(2, 3))
        logit = self.network.classifier(pooled)[:, 0].float()
        located = functional.pixel_shuffle(self.locate(features).float(), self.finer)
        if located.shape != anatomy.shape:
            located = functional.interpolate(located, anatomy.shape[-2:], mode="bilinear")
        label_loss = functional.binary_cross_entropy_with_logits(logit, label)
        measure_loss = functional.smooth_l1_loss(self.measure(pooled).float(), measurements)
        locate_loss = functional.smooth_l1_loss(located, anatomy)
        losses = {"label": label_loss, "measure": measure_loss, "locate": locate_loss}
        self.log_dict(losses)
        guide = self.recipe.measure_weight * measure_loss + self.recipe.locate_weight * locate_loss
        return label_loss + guide

    def configure_optimizers(self) -> dict[str, Any]:  # type: ignore[override]
        """AdamW under a one-cycle schedule, stepped every batch."""
        optimiser = torch.optim.AdamW(
            self.parameters(),
            lr=self.recipe.rate,
            weight_decay=self.recipe.weight_decay,
            fused=True,
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, max_lr=self.recipe.rate, total_steps=self.total_steps, pct_start=0.15
        )
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class EpochSampler(Sampler[int]):
    """A permutation drawn from (seed, epoch): a resumed run sees the order it would have seen.

    Lightning calls ``set_epoch`` before each epoch; it is passed on to the data's augmentation.
    """

    def __init__(self, data: Augmented, seed: int) -> None:
        self.data, self.seed = data, seed

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch the next iteration belongs to."""
        self.data.epoch = epoch

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[int]:
        order = np.random.default_rng([self.seed, self.data.epoch]).permutation(len(self.data))
        return iter(order.tolist())


def fit(
    recipe: Recipe, examples: Examples, folder: Path, start: ValveNet | None = None
) -> ValveNet:
    """Train, a checkpoint each epoch in ``folder``; continues from the last one if there is any.

    ``start`` gives the first weights of the backbone (its classifier starts afresh).
    """
    torch.manual_seed(recipe.seed)
    data = Augmented(examples, recipe.seed)
    sampler = EpochSampler(data, recipe.seed)
    loader = DataLoader(data, batch_size=recipe.batch, sampler=sampler, drop_last=True)
    module = Fit(recipe, examples, recipe.epochs * len(loader))
    if start is not None:
        module.network.load_state_dict(start.state_dict())
        module.network.classifier.reset_parameters()
    trainer = lightning.Trainer(
        max_epochs=recipe.epochs,
        precision="bf16-mixed",
        accelerator="auto",
        devices=1,
        callbacks=[ModelCheckpoint(folder, save_last=True, save_top_k=1)],
        logger=CSVLogger(folder),
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=20,
    )
    last = folder / "last.ckpt"
    trainer.fit(module, loader, ckpt_path=last if last.exists() else None, weights_only=False)
    return module.network.eval()
