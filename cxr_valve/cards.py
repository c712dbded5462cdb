"""Cards: what a set of weights says of itself; finding the sets and the active one.

A set is a folder ``<root>/<finding>-<tag>`` with one .safetensors file a member, ``card.json`` and
``scores.csv``. Two roots are searched: the shipped one and the user's own, where promoted sets and
the choice of active sets are kept.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass as plain_dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from cxr_valve.findings import FINDINGS, Kind

CARD_FILE, SCORES_FILE = "card.json", "scores.csv"
#: Folders of the program's own networks begin so: they belong to no finding and have other cards.
ANATOMY = ("gate-", "heart-")
ROOT_VARIABLE = "CXR_VALVE_WEIGHTS"

# JSON has no infinity or NaN, and a probability made with one would say nothing.
STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
T = TypeVar("T")
Share = Annotated[float, Field(ge=0, le=1)]
Inside = Annotated[float, Field(gt=0, lt=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class CardError(ValueError):
    """A set of weights that cannot be used; the message names the file and the field."""


@dataclass(frozen=True, config=STRICT)
class Calibration:
    """Platt scaling p = σ(a·logit + b), or of a value the line a·output + b; a ≤ 0 would turn the
    ranking round and is refused."""

    a: Annotated[float, Field(gt=0)]
    b: float


@dataclass(frozen=True, config=STRICT)
class Member:
    """One network: ``network`` is its timm name, ``input_size`` the side of its input in pixels,
    ``grid`` the rows and columns of its map. ``name`` tells two members of one network apart."""

    network: str
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+\.safetensors$")]
    sha256: Sha256
    input_size: Annotated[int, Field(ge=75, le=2048)]
    grid: tuple[int, int]
    calibration: Calibration
    name: str = ""

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
class ValueInterval:
    """What to add to a value for the interval that held ``level`` of measured ones, from the
    residuals of ``n`` validation radiographs."""

    low: float
    high: float
    level: Inside
    n: Annotated[int, Field(gt=1)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CommonCard:
    """What every set of weights says of itself, whatever its finding is."""

    finding: str
    tag: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    simulated: bool
    created: str
    summary: str
    preprocessing: str
    members: Annotated[tuple[Member, ...], Field(min_length=1)]
    evidence: EvidenceScale
    training: Training
    validation: Cohort
    test: Cohort
    data: tuple[Source, ...]
    engine_error: dict[str, EngineError]
    scores_sha256: Sha256
    novelty: NoveltyFile | None = None

    @property
    def name(self) -> str:
        """``<finding>-<tag>``: the folder's name, and how every output names these weights."""
        return f"{self.finding}-{self.tag}"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Card(CommonCard):
    """The card of a finding that is there or not. ``prevalence`` is π, that of the validation
    split, at which ``calibration`` turns logit(score) into a probability."""

    kind: Literal["binary"]
    prevalence: Inside
    calibration: Calibration
    operating_point: OperatingPoint


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ValueCard(CommonCard):
    """The card of a finding that is a value. ``calibration`` turns the mean of the members' values
    into the value, in ``unit``; evidence is counted from ``mean``, that of the validation split;
    below each of ``cuts`` a value counts as reduced. Errors of engines are in ``unit`` too."""

    kind: Literal["continuous"]
    unit: str
    mean: float
    calibration: Calibration
    interval: ValueInterval
    cuts: tuple[float, ...] = ()


AnyCard = Card | ValueCard


@dataclass(frozen=True, config=ConfigDict(extra="ignore"))
class _Kind:
    """As little of a card as it takes to see which one it is."""

    kind: Kind = "binary"


_KIND, _BINARY, _CONTINUOUS = TypeAdapter(_Kind), TypeAdapter(Card), TypeAdapter(ValueCard)


@plain_dataclass(frozen=True)
class WeightSet:
    """A card and the folder it was found in."""

    card: AnyCard
    folder: Path

    @property
    def binary(self) -> Card:
        """The card, where the finding is there or not.

        Raises:
            CardError: the finding is a value, which has neither probability nor operating point.
        """
        if isinstance(self.card, ValueCard):
            raise CardError(
                f"{self.card.name}: Expected a finding that is there or not, found a value "
                f"({self.card.unit}). Choose another set of weights."
            )
        return self.card

    @property
    def continuous(self) -> ValueCard:
        """The card, where the finding is a value.

        Raises:
            CardError: the finding is there or not.
        """
        if isinstance(self.card, Card):
            raise CardError(
                f"{self.card.name}: Expected a value, found a finding that is there or not. Choose "
                "another set of weights."
            )
        return self.card

    def member_file(self, member: Member) -> Path:
        """The member's weights, after its checksum was found right.

        Raises:
            CardError: the file is missing or is not the one the card describes.
        """
        return checked(self.folder / member.file, member.sha256)

    def scores_file(self) -> Path:
        """The held-out scores, checked like the weights."""
        return checked(self.folder / SCORES_FILE, self.card.scores_sha256)

    def novelty_file(self) -> Path | None:
        """How the training cohort looks, checked like the weights; None where the set has none."""
        novelty = self.card.novelty
        return checked(self.folder / novelty.file, novelty.sha256) if novelty else None


def sha256(file: Path) -> str:
    """Hex digest of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def checked(file: Path, expected: str) -> Path:
    """The file, after its checksum was found right.

    Raises:
        CardError: the file is missing or is not the one with that checksum.
    """
    if not file.is_file():
        raise CardError(f"{file.parent.name}/{file.name}: Expected this file, found none.")
    found = sha256(file)
    if found != expected:
        raise CardError(
            f"{file.parent.name}/{file.name}: Expected checksum {expected[:12]}…, found "
            f"{found[:12]}…. The file was changed or damaged; restore the set from its source."
        )
    return file


def read_card(folder: Path) -> WeightSet:
    """Read and check ``folder/card.json`` (not the weights themselves).

    Raises:
        CardError: naming the file and every field that is missing or out of range.
    """
    continuous = read_as(_KIND, folder).kind == "continuous"
    card: AnyCard = read_as(_CONTINUOUS, folder) if continuous else read_as(_BINARY, folder)
    if card.finding not in FINDINGS:
        raise CardError(f"{folder.name}/{CARD_FILE}: finding: unknown finding {card.finding!r}")
    if folder.name != card.name:
        raise CardError(f"{folder.name}/{CARD_FILE}: Expected a folder named {card.name}.")
    return WeightSet(card, folder)


def read_as(adapter: TypeAdapter[T], folder: Path) -> T:
    """``folder/card.json`` as one kind of card.

    Raises:
        CardError: naming the file and every field that is missing or out of range.
    """
    file = folder / CARD_FILE
    try:
        return adapter.validate_json(file.read_bytes())
    except OSError as error:
        raise CardError(f"{folder.name}: Expected {CARD_FILE}, found none.") from error
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg']}" for item in error.errors()
        )
        raise CardError(f"{folder.name}/{CARD_FILE}: {problems}") from error


def write_card(card: AnyCard, folder: Path) -> None:
    """Write ``folder/card.json``, indented for people."""
    if isinstance(card, ValueCard):
        text = _CONTINUOUS.dump_json(card, indent=1)
    else:
        text = _BINARY.dump_json(card, indent=1)
    (folder / CARD_FILE).write_bytes(text + b"\n")


def shipped_root() -> Path:
    """The ``weights`` folder that comes with the program."""
    return Path(__file__).resolve().parent.parent / "weights"


def user_root() -> Path:
    """Where promoted sets go: ``$CXR_VALVE_WEIGHTS``, or ``local-weights`` beside the program."""
    named = os.environ.get(ROOT_VARIABLE)
    return Path(named) if named else shipped_root().parent / "local-weights"


def find_sets() -> tuple[list[WeightSet], list[CardError]]:
    """Every usable set in both roots, shipped ones first, and why the others are not usable."""
    sets: list[WeightSet] = []
    problems: list[CardError] = []
    for folder in _set_folders():
        try:
            sets.append(read_card(folder))
        except CardError as problem:
            problems.append(problem)
    return sets, problems


def _set_folders() -> Iterator[Path]:
    for root in (shipped_root(), user_root()):
        if root.is_dir():
            # A hidden folder is a set somebody is still writing.
            folders = sorted(path.parent for path in root.glob(f"[!.]*/{CARD_FILE}"))
            yield from (folder for folder in folders if not folder.name.startswith(ANATOMY))
