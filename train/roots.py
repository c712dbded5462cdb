"""Folders of this server that the page may look into, and nothing beside them."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from train.runs.root import runs_root

ROOTS_VARIABLE = "CXR_VALVE_DATA"
#: A list longer than this helps nobody; a name can still be typed.
MOST_SHOWN = 500


class FolderError(ValueError):
    """A folder that may not or cannot be used; the message says why."""


@dataclass(frozen=True)
class Place:
    """A folder inside the roots: ``text`` is how people name it, ``root/inside``."""

    path: Path
    text: str


def data_roots() -> dict[str, Path]:
    """Roots by the name people see: those of ``$CXR_VALVE_DATA`` (several, separated like a PATH),
    else ``data`` beside the program; and the folder of runs, where simulated exports lie."""
    named = os.environ.get(ROOTS_VARIABLE, "")
    paths = [Path(part) for part in named.split(os.pathsep) if part.strip()]
    roots: dict[str, Path] = {}
    for path in [*(paths or [Path(__file__).resolve().parents[1] / "data"]), runs_root()]:
        real = path.resolve()
        if real in roots.values():
            continue
        # A name that is not UTF-8 is shown as far as it is.
        name = os.fsencode(real.name).decode("utf-8", "replace") or "root"
        roots[name if name not in roots else f"{name} ({len(roots) + 1})"] = real
    return roots


def inside_roots(text: str) -> Place:
    """The folder that ``text`` names: ``root/inside``, or its absolute path.

    Raises:
        FolderError: it leads out of the roots (by ``..`` or by a link), is no folder, or has a name
            that is no text.
    """
    roots = data_roots()
    known = f"Choose one below {', '.join(roots)} ({ROOTS_VARIABLE} names these folders)."
    asked = text.strip()
    parts = Path(asked).parts
    if not parts or "\0" in asked:
        raise FolderError(f"Expected the name of a folder, found nothing. {known}")
    if ".." in parts:
        raise FolderError(f"Expected a folder named from its root down, found .. in {asked!r}.")
    path = Path(asked) if Path(asked).is_absolute() else _named(roots, parts)
    if path is None:
        raise FolderError(f"Expected a folder inside the data folders, found {asked!r}. {known}")
    try:
        real = path.resolve()
        root = next((name for name, top in roots.items() if real.is_relative_to(top)), None)
        found = root is not None and real.is_dir()
    except (OSError, RuntimeError) as error:
        raise FolderError(f"{asked}: the folder cannot be opened ({error}).") from error
    if root is None:
        within = any(path.is_relative_to(top) for top in roots.values())
        how = "a link that leads out of them" if within else "a folder outside"
        raise FolderError(f"Expected a folder inside the data folders, found {how}. {known}")
    if not found:
        raise FolderError(f"Expected a folder, found none named {asked!r}. {known}")
    inside = real.relative_to(roots[root])
    if not _is_text(str(inside)):
        raise FolderError(f"Expected a folder named in UTF-8, found {str(inside)!r}. Rename it.")
    return Place(real, root if inside == Path() else f"{root}/{inside.as_posix()}")


def _named(roots: dict[str, Path], parts: tuple[str, ...]) -> Path | None:
    top = roots.get(parts[0])
    return top.joinpath(*parts[1:]) if top is not None else None


def _is_text(path: str) -> bool:
    """Whether a path can be shown and written down: on Linux a name may hold any bytes."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def folders_in(place: Place) -> list[str]:
    """Names of the folders in it, by name, without hidden ones, links that lead out, and names that
    are no text.

    Raises:
        FolderError: it cannot be listed.
    """
    try:
        found = sorted(
            path.name
            for path in place.path.iterdir()
            if not path.name.startswith(".") and _is_text(path.name) and path.is_dir()
        )
    except OSError as error:
        raise FolderError(
            f"{place.text}: the folder cannot be listed ({error.strerror})."
        ) from None
    roots = data_roots().values()
    return [name for name in found[:MOST_SHOWN] if _opens(place.path / name, roots)]


def _opens(folder: Path, roots: Iterable[Path]) -> bool:
    """Whether ``inside_roots`` would open it, wherever a link leads."""
    real = folder.resolve()
    return any(
        real.is_relative_to(root) and _is_text(str(real.relative_to(root))) for root in roots
    )
