"""What the cards of the program's own networks, which belong to no finding, have in common."""

from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import TypeAdapter

from cxr_valve.cards import CARD_FILE, CardError, read_as, shipped_root
from cxr_valve.imaging.prepare import PREPROCESSING


class NetworkCard(Protocol):
    """What every such card holds: ``name`` is that of its folder, ``<kind>-<tag>``."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def preprocessing(self) -> str: ...  # noqa: D102


C = TypeVar("C", bound=NetworkCard)


def shipped_folder(kind: str, what: str) -> Path:
    """The folder of the network that comes with the program: the last of ``<kind>-*`` by name.

    Raises:
        CardError: there is none; the message calls it ``what``.
    """
    folders = sorted(path.parent for path in shipped_root().glob(f"{kind}-*/{CARD_FILE}"))
    if not folders:
        raise CardError(f"weights/{kind}-*: Expected {what}, found none.")
    return folders[-1]


def read_network_card(adapter: TypeAdapter[C], folder: Path) -> C:
    """Read ``folder/card.json`` and check its fields, its folder's name and its preprocessing.

    Raises:
        CardError: naming the file and every field that is missing or out of range.
    """
    card = read_as(adapter, folder)
    if folder.name != card.name:
        raise CardError(f"{folder.name}/{CARD_FILE}: Expected a folder named {card.name}.")
    expect(folder, "preprocessing", PREPROCESSING, card.preprocessing)
    return card


def expect(folder: Path, field: str, expected: str, found: str) -> None:
    """Refuse a card that this release cannot use.

    Raises:
        CardError: ``found`` is not ``expected``; the message names the field and both.
    """
    if found != expected:
        raise CardError(
            f"{folder.name}/{CARD_FILE}: {field}: Expected {expected}, found {found or 'none'}. "
            "These weights need the release that made them."
        )


def write_network_card(adapter: TypeAdapter[C], card: C, folder: Path) -> None:
    """Write ``folder/card.json``, indented for people."""
    (folder / CARD_FILE).write_bytes(adapter.dump_json(card, indent=1) + b"\n")
