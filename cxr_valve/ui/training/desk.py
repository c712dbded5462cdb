"""What the page shows and what it can ask for; the page file answers with the training code.

Everything raised by a desk is one of ``PROBLEMS``, with a text that a user can act on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

PROBLEMS = (ValueError, OSError, RuntimeError)


@dataclass(frozen=True)
class Run:
    """A run as it truly is now.

    ``state`` is one of ``words.STATES``; ``reason`` says why a run failed, was interrupted or
    waits. ``progress`` lies in 0–1; ``member`` is the network being trained, the
    ``member_number``-th of ``members``.
    """

    id: str
    title: str
    finding: str
    state: str
    stage: str = ""
    reason: str = ""
    simulated: bool = False
    progress: float = 0.0
    member: str = ""
    member_number: int = 0
    members: tuple[str, ...] = ()
    epoch: int = 0
    epochs: int = 0
    images_per_second: float | None = None
    eta_seconds: float | None = None
    device: str = ""
    memory_mb: float | None = None
    created: str = ""
    command: str = ""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    resumable: bool = False
    evaluated: bool = False


@dataclass(frozen=True)
class Look:
    """A folder of the server: how people name it, the one above it ("" at a root), the folders in
    it, and the keys of the sources its files look like."""

    text: str
    above: str
    folders: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """A kind of data that can be read: its name, what to know of it, its columns, and the findings
    it may hold, by key with their names."""

    name: str
    note: str
    columns: Mapping[str, str]
    findings: Mapping[str, str]


@dataclass(frozen=True)
class Preset:
    """A ready-made recipe and what it is for."""

    note: str
    recipe: Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """A run to start: rules of its cohort, recipe, and the preset it came from."""

    title: str
    rules: Mapping[str, Any]
    preset: str
    recipe: Mapping[str, Any]


@dataclass(frozen=True)
class Cost:
    """What a run is expected to take: seconds and megabytes, and on what that rests."""

    seconds: float
    disk_mb: float
    basis: str


class Desk(Protocol):
    """Everything the page can ask for."""

    def runs(self) -> Sequence[Run]:
        """Every run on disk, the latest first, reconciled with what is really alive."""
        ...

    def metrics(self, run: str) -> pd.DataFrame:
        """Columns member, epoch, train_loss, validation_loss, validation_auc, validation_mae."""
        ...

    def log(self, run: str, lines: int) -> Sequence[str]:
        """The last lines of the run's log."""
        ...

    def stop(self, run: str) -> None:
        """Ask for a stop after the current batch."""
        ...

    def force_stop(self, run: str) -> None:
        """Kill the process; its last checkpoint stays."""
        ...

    def resume(self, run: str) -> None:
        """Go on from the last checkpoint."""
        ...

    def duplicate(self, run: str) -> str:
        """Queue the same request again; returns the new run's id."""
        ...

    def delete(self, run: str) -> None:
        """Remove the run's folder."""
        ...

    def start_demo(self, patients: int) -> str:
        """Simulate patients, train the small network, evaluate; returns the run's id."""
        ...

    def roots(self) -> Sequence[str]:
        """Names of the folders of the server that may be opened."""
        ...

    def look(self, folder: str) -> Look:
        """Open a folder, which lies inside the roots."""
        ...

    def sources(self) -> Mapping[str, Source]:
        """Every kind of data that can be read, by key."""
        ...

    def first_rules(self, folder: str, source: str) -> Mapping[str, Any]:
        """Rules to start from for a folder of that kind."""
        ...

    def cohort(self, rules: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the rules keep, as in cohort.json, from the tables alone."""
        ...

    def cost(self, recipe: Mapping[str, Any], cohort: Mapping[str, Any]) -> Cost:
        """What a run of this recipe on this cohort is expected to take here."""
        ...

    def presets(self, rules: Mapping[str, Any]) -> Mapping[str, Preset]:
        """Ready-made recipes by key, as they suit such data."""
        ...

    def recipe_problem(self, recipe: Mapping[str, Any], rules: Mapping[str, Any]) -> str:
        """What contradicts itself, or the data, in a recipe; "" where nothing does."""
        ...

    def command(self, request: Request) -> str:
        """What a person would type to do the same."""
        ...

    def start(self, request: Request) -> str:
        """Queue a run; returns its id."""
        ...

    def finish(self, run: str) -> None:
        """Queue what a run that is trained still lacks: its evaluation."""
        ...

    def evaluation(self, run: str) -> Mapping[str, Any]:
        """What was measured, as in evaluation.json."""
        ...

    def picture(self, run: str, file: str) -> Path:
        """A picture of the atlas."""
        ...

    def scores(self, run: str) -> bytes:
        """The held-out scores as CSV."""
        ...

    def report(self, run: str) -> bytes:
        """The report as one HTML file."""
        ...

    def export(self, run: str) -> bytes:
        """The run packed in one file, without radiographs."""
        ...

    def promote(self, run: str, tag: str, activate: bool) -> str:
        """Make a set of weights of an evaluated run; returns its name."""
        ...
