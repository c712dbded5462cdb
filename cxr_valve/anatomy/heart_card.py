"""The anatomy network's weights and what they say of themselves: ``weights/heart-*/card.json``."""

from dataclasses import dataclass as plain_dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from cxr_valve.anatomy.network_card import (
    expect,
    read_network_card,
    shipped_folder,
    write_network_card,
)
from cxr_valve.anatomy.plausibility import WORDS
from cxr_valve.cards import STRICT, Figure, Inside, RangesFile, Sha256, Source, checked

Side = Annotated[int, Field(ge=64, le=1024, multiple_of=32)]
Positive = Annotated[float, Field(gt=0)]


@dataclass(frozen=True, config=STRICT)
class IntervalRule:
    """How wide the interval of a ratio is: ``factor`` · √(``floor``² + softness²) to either side.

    Softness is how far the ratio moves between two border probabilities (``levels``) of the image.
    ``method`` says how floor and factor were chosen.
    """

    floor: Positive
    factor: Positive
    levels: tuple[float, float]
    method: str


@dataclass(frozen=True, config=STRICT)
class Borders:
    """The probability at which each structure's border is drawn: that at which its width was right
    on average (``method`` says where). A network trained for overlap need not be unbiased in it."""

    heart: Inside
    lungs: Inside
    method: str


@dataclass(frozen=True, config=STRICT)
class AnatomyTraining:
    """What the network was fitted on: images with drawn masks and images without."""

    command: str
    recipe: dict[str, str]
    labelled: int
    unlabelled: int
    held_back: str


@dataclass(frozen=True, config=STRICT)
class Again:
    """What a second network by the same recipe is worth: trained on ``trained_on`` images with
    drawn masks, measured on ``held_out`` others, none of which the first was measured on."""

    trained_on: int
    held_out: int
    figures: dict[str, Figure]


@dataclass(frozen=True, config=STRICT)
class HeartCard:
    """What the anatomy network's weights say of themselves.

    ``looks`` are the sides, in pixels, at which the network looks at an input of ``input_size``;
    the masks are drawn from the mean. ``usual`` holds, for each measure of the masks' shape, the
    range that counts as usual.
    """

    tag: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    created: str
    summary: str
    preprocessing: str
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+\.safetensors$")]
    sha256: Sha256
    input_size: Side
    looks: Annotated[tuple[Side, ...], Field(min_length=1)]
    borders: Borders
    interval: IntervalRule
    usual: dict[str, tuple[float, float]]
    training: AnatomyTraining
    figures: dict[str, Figure]
    limits: tuple[str, ...]
    data: tuple[Source, ...]
    ranges: RangesFile | None = None
    again: Again | None = None

    @property
    def name(self) -> str:
        """``heart-<tag>``: the folder's name, and how outputs name these weights."""
        return f"heart-{self.tag}"


_ADAPTER = TypeAdapter(HeartCard)


@plain_dataclass(frozen=True)
class HeartWeights:
    """A card of the anatomy network and the folder it was found in."""

    card: HeartCard
    folder: Path

    def network_file(self) -> Path:
        """The weights, after their checksum was found right (else ``CardError``)."""
        return checked(self.folder / self.card.file, self.card.sha256)

    def ranges_file(self) -> Path | None:
        """What the network was measured to work in, checked like the weights; None where the set
        has none."""
        ranges = self.card.ranges
        return checked(self.folder / ranges.file, ranges.sha256) if ranges else None


def shipped_heart() -> HeartWeights:
    """The anatomy network that comes with the program: the last of ``heart-*`` by name.

    Raises:
        CardError: there is none, or its card is not one this release can use.
    """
    return read_heart_card(shipped_folder("heart", "the weights that find the heart"))


def read_heart_card(folder: Path) -> HeartWeights:
    """Read and check ``folder/card.json`` (not the weights themselves).

    Raises:
        CardError: naming the file and every field that is missing or out of range.
    """
    card = read_network_card(_ADAPTER, folder)
    expect(folder, "usual", ", ".join(sorted(WORDS)), ", ".join(sorted(card.usual)))
    return HeartWeights(card, folder)


def write_heart_card(card: HeartCard, folder: Path) -> None:
    """Write ``folder/card.json``, indented for people."""
    write_network_card(_ADAPTER, card, folder)
