"""Which set of weights is active for each finding: recorded, switchable, reversible."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from cxr_valve.cards import CardError, WeightSet, find_sets, read_card, shipped_root, user_root
from cxr_valve.findings import FINDINGS

ACTIVE_FILE, LOCK_FILE = "active.json", ".active.lock"
#: A change takes milliseconds: who holds the record for longer is stuck.
LOCK_SECONDS = 10.0


def active_sets() -> dict[str, WeightSet]:
    """The active set of each finding that has one, in the order of ``FINDINGS``.

    It is the last one activated, else the shipped one.

    Raises:
        CardError: the set that was activated cannot be used any more; it is never replaced
            silently, because numbers would then come from other weights than were chosen.
    """
    chosen = _history(user_root() / ACTIVE_FILE)
    sets, problems = find_sets()
    by_name = {found.card.name: found for found in sets}
    active: dict[str, WeightSet] = {}
    for found in sets:
        active.setdefault(found.card.finding, found)
    for finding, names in chosen.items():
        if names and names[-1] not in by_name:
            raise _unusable(names[-1], problems)
        if names:
            active[finding] = by_name[names[-1]]
    for problem in problems:
        # A finding must not vanish because its only set is damaged.
        finding = str(problem).partition("-")[0]
        if finding not in active:
            raise problem
    return {key: active[key] for key in FINDINGS if key in active}


def activate(name: str) -> WeightSet:
    """Make the set ``<finding>-<tag>`` the active one of its finding.

    Raises:
        CardError: there is no such usable set, one of its files fails its checksum, or the record
            of activations cannot be read or is held by somebody else for too long.
    """
    found = _find(name)
    found.network_files()
    found.scores_file()
    with _changing(user_root() / ACTIVE_FILE) as history:
        history.setdefault(found.card.finding, []).append(name)
    return found


def revert(finding: str, name: str | None = None) -> WeightSet | None:
    """Undo the last activation of a finding; returns what is active then (None: no set at all).

    With ``name`` only an activation of that set is undone: somebody else may have made another
    choice since the name was shown.

    Raises:
        CardError: the last activation was another one; the message says what is active, and
            nothing was changed. Or the record of activations cannot be read or is held by somebody
            else for too long.
    """
    with _changing(user_root() / ACTIVE_FILE) as history:
        names = history.get(finding, [])
        if name is not None and names[-1:] != [name]:
            raise _superseded(finding, name, names)
        if names:
            names.pop()
    return active_sets().get(finding)


def last_activated(finding: str) -> str | None:
    """The set whose activation ``revert`` would undo; None where there is none.

    Raises:
        CardError: the record of activations cannot be read.
    """
    names = _history(user_root() / ACTIVE_FILE).get(finding)
    return names[-1] if names else None


def _find(name: str) -> WeightSet:
    for root in (user_root(), shipped_root()):
        if (root / name).is_dir():
            return read_card(root / name)
    raise CardError(f"{name}: Expected the name of a set of weights, found no such folder.")


def _unusable(name: str, problems: list[CardError]) -> CardError:
    reasons = [str(problem) for problem in problems if str(problem).startswith(name)]
    detail = reasons[0] if reasons else f"{name}: the folder is gone."
    return CardError(f"The active weights cannot be used. {detail} Activate another set.")


def _superseded(finding: str, name: str, names: list[str]) -> CardError:
    if names:
        now = names[-1]
    else:
        found = active_sets().get(finding)
        now = found.card.name if found else "no set"
    return CardError(
        f"{name} is no longer the last choice for {FINDINGS[finding].short}: it is read with "
        f"{now}. Nothing was changed."
    )


@contextmanager
def _changing(file: Path) -> Iterator[dict[str, list[str]]]:
    """The record of activations, written when the block ends well; changed by one at a time."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(file.with_name(LOCK_FILE), timeout=LOCK_SECONDS):
            history = _history(file)
            yield history
            _write(file, history)
    except Timeout as error:
        raise CardError(
            f"{file.name}: Expected to change it, found it held by somebody else for "
            f"{LOCK_SECONDS:g} s. Try again; end the program that holds it if that does not help."
        ) from error


def _history(file: Path) -> dict[str, list[str]]:
    if not file.exists():
        return {}
    try:
        read = json.loads(file.read_text())
    except ValueError as error:
        raise CardError(f"{file.name}: Expected JSON, found something else; delete it.") from error
    if not isinstance(read, dict) or not all(isinstance(names, list) for names in read.values()):
        raise CardError(f"{file.name}: Expected a list of names a finding; delete it.")
    return {str(finding): [str(name) for name in names] for finding, names in read.items()}


def _write(file: Path, history: dict[str, list[str]]) -> None:
    # A name of its own: what a program that was killed left behind is in nobody's way.
    partial = file.with_name(f".{file.name}.{uuid4().hex}")
    try:
        partial.write_text(json.dumps(history, indent=1) + "\n")
        partial.replace(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
