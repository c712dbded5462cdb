"""How networks are trained: a recipe, what contradicts itself in one, and ready-made ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from pydantic import TypeAdapter, ValidationError

Schedule = Literal["cosine", "constant"]
Augmentation = Literal["none", "light", "standard"]
Balance = Literal["none", "weight", "sampler"]
Precision = Literal["auto", "32", "bf16"]

#: Fewer pixels than this leave no feature map worth the name.
SMALLEST_INPUT = 64


class RecipeError(ValueError):
    """A recipe that contradicts itself or its cohort; the message begins with the fields' names."""


@dataclass(frozen=True)
class Recipe:
    """How the networks (members) of one run are trained, one after the other.

    Attributes:
        networks: timm names of networks that end in global average pooling and one linear layer,
            so that their class activation map is exact.
        input_size: side of the square input in pixels; one for all networks, or one for each.
        epochs: how often each radiograph is seen; ``schedule`` is laid out over all of them.
        batch: radiographs a step, over all workers together.
        rate: the peak learning rate of AdamW.
        weight_decay: of AdamW.
        schedule: "cosine" falls from ``rate`` to 0 at the last step, "constant" stays.
        warmup: share of all steps, in [0, 1), during which the rate rises from 0.
        augmentation: "none"; "light" moves the image a little; "standard" moves it, bends its tone
            and adds noise. Nothing mirrors: the heart has a side.
        balance: "none"; "weight" weighs positives in the loss by negatives / positives; "sampler"
            draws as many positives as negatives. The latter two lose the meaning of the raw
            probability, which calibration restores.
        early_stopping: stop after so many epochs without a better validation AUC (or mean absolute
            error) and keep the best epoch; 0 trains to the end and keeps the last.
        precision: "32"; "bf16" computes in bfloat16 and keeps weights in float32; "auto" takes
            bf16 where the device has it.
        ema: decay of an exponential moving average of the weights, which is then what is validated
            and kept; 0 switches it off.
        pretrained: start from timm's ImageNet weights (downloaded once; needs a network).
        freeze_batch_norm: keep statistics, scale and shift of batch normalisation as they are: for
            pretrained networks with few radiographs, and where several workers must follow one.
        freeze_features: train the classifier alone, on the features that the first weights give.
        seed: of initial weights, order and augmentation.
        workers: processes that share each batch, through Ray Train.
        measure_weight: weight of regressing a simulator's true measurements (``aux_*`` columns).
        locate_weight: weight of locating a simulator's structures on a coarse grid. With both, a
            network learns the anatomy from a tenth of the images. 0 for real radiographs.
        contain_weight: weight of keeping a network's map to the structures that its finding
            concerns: outside them, evidence for and against costs its size. 0 for real
            radiographs, of which nobody knows where those lie.
    """

    networks: tuple[str, ...] = ("resnet50",)
    input_size: int | tuple[int, ...] = 224
    epochs: int = 20
    batch: int = 32
    rate: float = 1e-3
    weight_decay: float = 0.02
    schedule: Schedule = "cosine"
    warmup: float = 0.15
    augmentation: Augmentation = "standard"
    balance: Balance = "none"
    early_stopping: int = 0
    precision: Precision = "auto"
    ema: float = 0.0
    pretrained: bool = False
    freeze_batch_norm: bool = False
    freeze_features: bool = False
    seed: int = 7
    workers: int = 1
    measure_weight: float = 0.0
    locate_weight: float = 0.0
    contain_weight: float = 0.0

    def __post_init__(self) -> None:
        _check_networks_and_sizes(self)
        _check_ranges(self)
        _check_choices(self)
        if self.early_stopping >= self.epochs and self.early_stopping:
            raise RecipeError(
                f"early_stopping, epochs: expected a patience below {self.epochs} epochs; found "
                f"{self.early_stopping}, which could never act. Shorten it, or set it to 0."
            )
        if self.batch % self.workers:
            raise RecipeError(
                f"batch, workers: expected a batch that {self.workers} workers share evenly; "
                f"found {self.batch}. Take a multiple of {self.workers}."
            )
        if self.batch // self.workers < 2 and not self.freeze_batch_norm:
            raise RecipeError(
                "batch, workers, freeze_batch_norm: expected 2 radiographs or more a worker, since "
                f"batch normalisation has no spread over one; found {self.batch} for "
                f"{self.workers}. Enlarge the batch or freeze batch normalisation."
            )

    def size_of(self, network: str) -> int:
        """Side of the input of one of ``networks``, in pixels."""
        if isinstance(self.input_size, int):
            return self.input_size
        return self.input_size[self.networks.index(network)]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Every input size that is needed, smallest first."""
        return tuple(sorted({self.size_of(network) for network in self.networks}))

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; ``recipe_from_json`` reads it back."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    def check_networks(self) -> None:
        """Refuse networks whose class activation map would not be exact. Imports torch and timm.

        Raises RecipeError naming the network.
        """
        from cxr_valve.models.networks import check_network

        for network in self.networks:
            try:
                check_network(network, self.size_of(network))
            except ValueError as error:
                raise RecipeError(f"networks: {error}") from None


def _check_networks_and_sizes(recipe: Recipe) -> None:
    if not recipe.networks:
        raise RecipeError("networks: expected at least one; found none.")
    if len(set(recipe.networks)) < len(recipe.networks):
        raise RecipeError(
            f"networks: expected each once; found {', '.join(recipe.networks)}. Train a second "
            "network of the same kind in a run of its own."
        )
    sizes = (recipe.input_size,) if isinstance(recipe.input_size, int) else recipe.input_size
    if not isinstance(recipe.input_size, int) and len(sizes) != len(recipe.networks):
        raise RecipeError(
            f"input_size, networks: expected one size, or one for each of {len(recipe.networks)} "
            f"networks; found {len(sizes)}."
        )
    if min(sizes) < SMALLEST_INPUT:
        raise RecipeError(f"input_size: expected {SMALLEST_INPUT} px or more; found {min(sizes)}.")


def _check_ranges(recipe: Recipe) -> None:
    least: dict[str, float] = {
        "epochs": 1,
        "batch": 2,
        "workers": 1,
        "weight_decay": 0,
        "early_stopping": 0,
        "seed": 0,
        "measure_weight": 0,
        "locate_weight": 0,
        "contain_weight": 0,
    }
    for name, bound in least.items():
        found = getattr(recipe, name)
        if not found >= bound:
            raise RecipeError(f"{name}: expected {bound:g} or more; found {found:g}.")
    if not 0 < recipe.rate < float("inf"):
        raise RecipeError(f"rate: expected a number above 0; found {recipe.rate:g}.")
    for name in ("warmup", "ema"):
        found = getattr(recipe, name)
        if not 0 <= found < 1:
            raise RecipeError(f"{name}: expected 0 or more and below 1; found {found:g}.")


def _check_choices(recipe: Recipe) -> None:
    choices = {
        "schedule": Schedule,
        "augmentation": Augmentation,
        "balance": Balance,
        "precision": Precision,
    }
    for name, choice in choices.items():
        if getattr(recipe, name) not in get_args(choice):
            raise RecipeError(
                f"{name}: expected {', '.join(get_args(choice))}; found {getattr(recipe, name)!r}."
            )


def recipe_from_json(found: Mapping[str, Any]) -> Recipe:
    """The recipe kept as JSON; fields that are absent have their default.

    Raises RecipeError naming the field: unknown, of another type, or contradicting another.
    """
    unknown = found.keys() - Recipe.__dataclass_fields__.keys()
    if unknown:
        raise RecipeError(
            f"{', '.join(sorted(unknown))}: expected the fields of a recipe "
            f"({', '.join(Recipe.__dataclass_fields__)})."
        )
    try:
        return TypeAdapter(Recipe).validate_python(dict(found))
    except ValidationError as error:
        first = error.errors()[0]
        cause = first.get("ctx", {}).get("error")
        if isinstance(cause, RecipeError):
            raise cause from None
        place = str(first["loc"][0]) if first["loc"] else "recipe"
        raise RecipeError(f"{place}: {first['msg']}; found {first['input']!r}.") from None
