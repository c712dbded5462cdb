"""The parts that every card of weights is made of; ``cxr_valve.cards`` puts them together."""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

# JSON has no infinity or NaN, and a probability made with one would say nothing.
STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
Share = Annotated[float, Field(ge=0, le=1)]
Inside = Annotated[float, Field(gt=0, lt=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, config=STRICT)
class Calibration:
    """Platt scaling p = σ(a·logit + b), or of a value the line a·output + b; a ≤ 0 would turn the
    ranking round and is refused."""

    a: Annotated[float, Field(gt=0)]
    b: float


@dataclass(frozen=True, config=STRICT)
class Member:
    """One network: ``network`` is its timm name, ``input_size`` the side of its input in pixels,
    ``grid`` the rows and columns of its map. ``name`` tells two members of one network apart.
    ``trunk`` is the checksum of all its weights but the classifier's: members that share it share
    their features."""

    network: str
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+\.safetensors$")]
    sha256: Sha256
    input_size: Annotated[int, Field(ge=64, le=2048)]
    grid: tuple[int, int]
    calibration: Calibration
    name: str = ""
    trunk: str = ""

    @property
    def label(self) -> str:
        """What the member is called wherever its numbers stand."""
        return self.name or self.network


@dataclass(frozen=True, config=STRICT)
class OperatingPoint:
    """A threshold on the score, the rule that chose it on validation, and its test 2×2 table."""

    threshold: Share
    rule: str
    tp: int
    fn: int
    fp: int
    tn: int


@dataclass(frozen=True, config=STRICT)
class EvidenceScale:
    """Colour limit of the evidence maps (log likelihood ratio per cell, symmetric), and the ε up to
    which a cell counts as no evidence."""

    limit: Annotated[float, Field(gt=0)]
    epsilon: Annotated[float, Field(ge=0)]


@dataclass(frozen=True, config=STRICT)
class Figure:
    """A measured value with its 95% interval, the n behind it and the interval's method."""

    value: float
    low: float
    high: float
    n: int
    method: str


@dataclass(frozen=True, config=STRICT)
class Cohort:
    """What a split held: images, patients and positives, and the figures measured on it."""

    images: int
    patients: int
    positives: int
    figures: dict[str, Figure]


@dataclass(frozen=True, config=STRICT)
class Training:
    """What the weights were trained on and how to do it again."""

    cohort: str
    label_rule: str
    images: int
    patients: int
    positives: int
    command: str
    recipe: dict[str, str]


@dataclass(frozen=True, config=STRICT)
class Source:
    """A body of data behind the weights, with its licence and citation."""

    name: str
    licence: str
    citation: str


@dataclass(frozen=True, config=STRICT)
class EngineError:
    """|Δ probability| of an engine against the float32 torch reference on ``images`` images."""

    maximum: float
    mean: float
    images: int


@dataclass(frozen=True, config=STRICT)
class NoveltyFile:
    """Where the set keeps how its training cohort looks: ``file`` with its checksum, ``gate`` the
    checksum of the gate's weights that described the images, and the counts of images behind it."""

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+\.safetensors$")]
    sha256: Sha256
    gate: Sha256
    images: Annotated[int, Field(gt=0)]
    held_out: Annotated[int, Field(gt=0)]


@dataclass(frozen=True, config=STRICT)
class RangesFile:
    """Where the set keeps the ranges that its networks' convolutions work in: ``file`` with its
    checksum, and on how many training images they were measured."""

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+\.safetensors$")]
    sha256: Sha256
    images: Annotated[int, Field(gt=0)]


@dataclass(frozen=True, config=STRICT)
class ValueInterval:
    """What to add to a value for the interval that held ``level`` of measured ones, from the
    residuals of ``n`` validation radiographs."""

    low: float
    high: float
    level: Inside
    n: Annotated[int, Field(gt=1)]
