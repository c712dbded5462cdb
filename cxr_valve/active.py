"""Which set of weights is active for each finding: recorded, switchable, reversible."""

import json
from pathlib import Path

from cxr_valve.cards import CardError, WeightSet, find_sets, read_card, shipped_root, user_root
from cxr_valve.findings import FINDINGS

ACTIVE_FILE = "active.json"


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
        CardError: there is no such usable set, or one of its files fails its checksum.
    """
    found = _find(name)
    found.network_files()
    found.scores_file()
    file = user_root() / ACTIVE_FILE
    history = _history(file)
    history.setdefault(found.card.finding, []).append(name)
    _write(file, history)
    return found


def revert(finding: str) -> WeightSet | None:
    """Undo the last activation of a finding; returns what is active then (None: no set at all)."""
    file = user_root() / ACTIVE_FILE
    history = _history(file)
    if history.get(finding):
        history[finding].pop()
        _write(file, history)
    return active_sets().get(finding)


def can_revert(finding: str) -> bool:
    """Whether an activation of a finding is there to undo.

    Raises:
        CardError: the record of activations cannot be read.
    """
    return bool(_history(user_root() / ACTIVE_FILE).get(finding))


def _find(name: str) -> WeightSet:
    for root in (user_root(), shipped_root()):
        if (root / name).is_dir():
            return read_card(root / name)
    raise CardError(f"{name}: Expected the name of a set of weights, found no such folder.")


def _unusable(name: str, problems: list[CardError]) -> CardError:
    reasons = [str(problem) for problem in problems if str(problem).startswith(name)]
    detail = reasons[0] if reasons else f"{name}: the folder is gone."
    return CardError(f"The active weights cannot be used. {detail} Activate another set.")


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
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(history, indent=1) + "\n")
    partial.replace(file)
