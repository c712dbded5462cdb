"""The anatomy network's weights and what they say of themselves: ``weights/heart-*/card.json``."""

from dataclasses import dataclass as plain_dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from cxr_valve.anatomy.plausibility import WORDS
from cxr_valve.cards import (
    CARD_FILE,
    STRICT,
    CardError,
    Figure,
    Sha256,
    Source,
    checked,
    read_as,
    shipped_root,
)
from cxr_valve.imaging.prepare import PREPROCESSING

Positive = Annotated[float, Field(gt=0)]
Inside = Annotated[float, Field(gt=0, lt=1)]


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
class HeartCard:
    """What the anatomy network's weights say of themselves.

    ``usual`` holds, for each measure of the masks' shape, the range that counts as usual.
    """

    tag: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    created: str
    summary: str
    preprocessing: str
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+\.safetensors$")]
    sha256: Sha256
    input_size: Annotated[int, Field(ge=64, le=1024)]
    borders: Borders
    interval: IntervalRule
    usual: dict[str, tuple[float, float]]
    training: AnatomyTraining
    figures: dict[str, Figure]
    limits: tuple[str, ...]
    data: tuple[Source, ...]

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


def shipped_heart() -> HeartWeights:
    """The anatomy network that comes with the program: the last of ``heart-*`` by name.

    Raises:
        CardError: there is none, or its card is not one this release can use.
    """
    folders = sorted(path.parent for path in shipped_root().glob(f"heart-*/{CARD_FILE}"))
    if not folders:
        raise CardError("weights/heart-*: Expected the weights that find the heart, found none.")
    return read_heart_card(folders[-1])


def read_heart_card(folder: Path) -> HeartWeights:
    """Read and check ``folder/card.json`` (not the weights themselves).

    Raises:
        CardError: naming the file and every field that is missing or out of range.
    """
    card = read_as(_ADAPTER, folder)
    if folder.name != card.name:
        raise CardError(f"{folder.name}/{CARD_FILE}: Expected a folder named {card.name}.")
    if card.preprocessing != PREPROCESSING:
        raise CardError(
            f"{folder.name}/{CARD_FILE}: preprocessing: Expected {PREPROCESSING}, found "
            f"{card.preprocessing}. These weights need the release that made them."
        )
    if card.usual.keys() != WORDS.keys():
        raise CardError(
            f"{folder.name}/{CARD_FILE}: usual: Expected ranges of {', '.join(sorted(WORDS))}; "
            f"found {', '.join(sorted(card.usual)) or 'none'}."
        )
    return HeartWeights(card, folder)


def write_heart_card(card: HeartCard, folder: Path) -> None:
    """Write ``folder/card.json``, indented for people."""
    (folder / CARD_FILE).write_bytes(_ADAPTER.dump_json(card, indent=1) + b"\n")
