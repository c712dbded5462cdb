"""The gate's weights and what they say of themselves: ``weights/gate-<tag>/card.json``."""

from dataclasses import dataclass as plain_dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from cxr_valve.anatomy.gate import LOGITS
from cxr_valve.anatomy.network_card import (
    expect,
    read_network_card,
    shipped_folder,
    write_network_card,
)
from cxr_valve.cards import STRICT, Figure, Inside, Sha256, Source, checked


@dataclass(frozen=True, config=STRICT)
class WeightFile:
    """A .safetensors file of the set and its checksum."""

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+\.safetensors$")]
    sha256: Sha256


@dataclass(frozen=True, config=STRICT)
class Thresholds:
    """Where the gate draws its lines; how they were chosen stands in ``rule``.

    ``frontal``: least probability of a frontal chest; ``turned``, ``inverted``, ``mirrored``: from
    this probability on it is called so, ``mirrored`` after the network's log odds were lowered by
    ``lean`` times the heart's lean to the usual side; ``unlike``: largest distance from the frontal
    radiographs it learnt from (1 is typical); ``cut_off``: a lung that runs along an edge of the
    image for more than this share of its extent is called cut off (None, as in cards of earlier
    releases: nothing is said of it).
    """

    frontal: Inside
    turned: Inside
    inverted: Inside
    mirrored: Inside
    lean: Annotated[float, Field(ge=0)]
    unlike: Annotated[float, Field(gt=0)]
    rule: str
    cut_off: Inside | None = None


@dataclass(frozen=True, config=STRICT)
class GateTraining:
    """What the gate was fitted on: originals and the examples made of them by kind."""

    command: str
    recipe: str
    originals: dict[str, int]
    examples: dict[str, int]
    held_back: str


@dataclass(frozen=True, config=STRICT)
class GateCard:
    """What the gate's weights say of themselves. ``answers`` names the network's logits in order;
    ``typical`` holds how the frontal radiographs look that it learnt from."""

    tag: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    created: str
    summary: str
    preprocessing: str
    network: WeightFile
    typical: WeightFile
    input_size: Annotated[int, Field(ge=64, le=1024)]
    answers: tuple[str, ...]
    thresholds: Thresholds
    training: GateTraining
    figures: dict[str, Figure]
    limits: tuple[str, ...]
    data: tuple[Source, ...]

    @property
    def name(self) -> str:
        """``gate-<tag>``: the folder's name."""
        return f"gate-{self.tag}"


_ADAPTER = TypeAdapter(GateCard)


@plain_dataclass(frozen=True)
class GateWeights:
    """A gate's card and the folder it was found in."""

    card: GateCard
    folder: Path

    def network_file(self) -> Path:
        """The network's weights, after their checksum was found right (else ``CardError``)."""
        return checked(self.folder / self.card.network.file, self.card.network.sha256)

    def typical_file(self) -> Path:
        """How frontal radiographs look, checked like the weights."""
        return checked(self.folder / self.card.typical.file, self.card.typical.sha256)


def shipped_gate() -> GateWeights:
    """The gate that comes with the program: the last of ``gate-*`` by name.

    Raises:
        CardError: there is none, or its card is not one this release can use.
    """
    return read_gate_card(shipped_folder("gate", "the weights of the input gate"))


def read_gate_card(folder: Path) -> GateWeights:
    """Read and check ``folder/card.json`` (not the weights themselves).

    Raises:
        CardError: naming the file and every field that is missing or out of range.
    """
    card = read_network_card(_ADAPTER, folder)
    expect(folder, "answers", ", ".join(LOGITS), ", ".join(card.answers))
    return GateWeights(card, folder)


def write_gate_card(card: GateCard, folder: Path) -> None:
    """Write ``folder/card.json``, indented for people."""
    write_network_card(_ADAPTER, card, folder)
