"""Cards: what a set of weights says of itself; finding the sets and the active one.

A set is a folder ``<root>/<finding>-<tag>`` with one .safetensors file a member, ``card.json`` and
``scores.csv``. Two roots are searched: the shipped one and the user's own, where promoted sets and
the choice of active sets are kept.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass as plain_dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from cxr_valve.card_parts import (
    STRICT as STRICT,
    Calibration as Calibration,
    Cohort as Cohort,
    EngineError as EngineError,
    EvidenceScale as EvidenceScale,
    Figure as Figure,
    Inside as Inside,
    Member as Member,
    NoveltyFile as NoveltyFile,
    OperatingPoint as OperatingPoint,
    RangesFile as RangesFile,
    Sha256 as Sha256,
    Source as Source,
    Training as Training,
    ValueInterval as ValueInterval,
)
from cxr_valve.checked_files import (
    CardError as CardError,
    checked as checked,
    sha256 as sha256,
)
from cxr_valve.findings import FINDINGS, Kind

CARD_FILE, SCORES_FILE = "card.json", "scores.csv"
#: Folders of the program's own networks begin so: they belong to no finding and have other cards.
ANATOMY = ("gate-", "heart-")
ROOT_VARIABLE = "CXR_VALVE_WEIGHTS"

T = TypeVar("T")


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
    ranges: RangesFile | None = None

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

    def ranges_file(self) -> Path | None:
        """What the networks were measured to work in, checked like the weights; None where the set
        has none."""
        ranges = self.card.ranges
        return checked(self.folder / ranges.file, ranges.sha256) if ranges else None

    def network_files(self) -> tuple[Path, ...]:
        """All that the networks need, whatever the scores say: weights and what was measured of
        them, each checked."""
        beside = (self.novelty_file(), self.ranges_file())
        members = (self.member_file(member) for member in self.card.members)
        return (*members, *(file for file in beside if file))


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
