"""A run that is planned: its data as they lie here, its cohort's place, what one would type."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from train.cohort.rules import CohortRules, rules_from_json
from train.roots import inside_roots
from train.runs.files import read_object
from train.runs.folder import RunRequest
from train.runs.root import runs_root
from train.typed import cohort_command, fit_command


def opened(rules: Mapping[str, Any]) -> CohortRules:
    """The rules with their folder as it lies on this server.

    Raises:
        FolderError: it may not be opened.
        CohortError: a rule does not fit.
    """
    return rules_from_json({**rules, "source": str(inside_roots(str(rules["source"])).path)})


def stamp(rules: CohortRules) -> tuple[tuple[str, int, int], ...]:
    """Name, size and time of every file beside the tables: changes when one of them does."""
    files = [path for path in sorted(Path(rules.source).iterdir()) if path.is_file()]
    return tuple((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files)


def cohort_folder(rules: CohortRules) -> Path:
    """Where the cohort of these rules and tables is kept: runs that share it can vote together."""
    said = repr((sorted(rules.to_json().items()), stamp(rules))).encode()
    return runs_root() / "cohorts" / f"{rules.finding}-{sha256(said).hexdigest()[:12]}"


def knows_truth(rules: Mapping[str, Any]) -> bool:
    """Whether a simulator's true sizes and places lie beside the tables."""
    folder = inside_roots(str(rules["source"])).path
    return bool(rules["truth"]) and (folder / "structures.npy").is_file()


def is_simulated(request: RunRequest) -> bool:
    """Whether the run is about simulated patients: its own, or those of a simulated export."""
    said = read_object(Path(str(request.rules.get("source") or "")) / "export.json") or {}
    card = read_object(Path(request.cohort) / "cohort.json") or {}
    return bool(request.simulate or card.get("simulated") or said.get("simulated"))


def commands(rules: Mapping[str, Any], preset: str, recipe: Mapping[str, Any], run: str) -> str:
    """Cohort, networks and evaluation of a run as three commands, a line each."""
    wanted = opened(rules)
    cohort, out = cohort_folder(wanted), runs_root() / run
    fit = fit_command(preset, recipe, cohort, out)
    return "\n".join([cohort_command(wanted, cohort), fit, f"python -m train evaluate {out}"])
