"""The fitted networks of one or several runs, and what they say of the cohort they share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxr_valve import cards
from cxr_valve.engines.engine import NetworkSource, open_engine
from train.cohort.store import StoredCohort, load_cohort
from train.cohort_check import check_unchanged
from train.evaluate.outputs import MemberOutputs, run_member
from train.recipe import recipe_from_json
from train.runs.folder import RunError, RunFolder

#: The splits that are measured; nothing looks at how well the training split was learnt.
HELD_OUT = ("validation", "test")
Told = Callable[[int, int], None]


@dataclass(frozen=True)
class FittedMember:
    """A fitted network on disk: ``file`` is its .safetensors, ``run`` the run it was trained in,
    ``name`` what tells it from another member of the same network, ``sha256`` the checksum of
    ``file`` as it was evaluated."""

    network: str
    file: Path
    input_size: int
    grid: tuple[int, int]
    name: str = ""
    run: str = ""
    sha256: str = ""

    @property
    def label(self) -> str:
        """What the member is called wherever its numbers stand."""
        return self.name or self.network


@dataclass(frozen=True, eq=False)
class HeldOut:
    """A split as every member saw it: its rows, what each member gave, and images left out.

    ``images``: the prepared images (N, S, S) of each member, in the order of ``table``.
    """

    table: pd.DataFrame
    outputs: tuple[MemberOutputs, ...]
    images: tuple[NDArray[np.uint8], ...]
    left_out: int


def source(member: FittedMember) -> NetworkSource:
    """The fitted member as an engine opens it."""

    def build() -> object:
        # Imported where a network is built: torch takes seconds.
        from cxr_valve.models.networks import load_network

        return load_network(member.network, member.file)

    return NetworkSource(member.label, cards.sha256(member.file), member.input_size, build)


def collect(
    runs: Sequence[RunFolder], without: Sequence[str] = ()
) -> tuple[StoredCohort, tuple[FittedMember, ...]]:
    """The members of all runs, and their one cohort; ``without`` names members to leave out.

    The grid of a member is known once it has run; until then it is (0, 0).

    Raises:
        RunError: a run has no finished network or is named twice, the cohorts differ, one was
            built again since it was trained on, or nothing is left.
        CohortError: the cohort cannot be read.
    """
    if not runs:
        raise RunError("Expected at least one run to evaluate, found none.")
    _check_names(runs)
    cohort = _one_cohort(runs)
    members = [member for run in runs for member in _members_of(run)]
    named = [member for member in _named(members) if member.label not in without]
    unknown = set(without) - {member.label for member in _named(members)}
    if unknown or not named:
        there = ", ".join(member.label for member in _named(members))
        raise RunError(
            f"Expected members to leave out among {there}, not all of them; found "
            f"{', '.join(without)}."
        )
    return cohort, tuple(named)


def _members_of(run: RunFolder) -> list[FittedMember]:
    """The networks of a run, all of them trained."""
    recipe = recipe_from_json(run.request().recipe)
    members = []
    for network in recipe.networks:
        file, size = run.network_file(network), recipe.size_of(network)
        if not file.is_file():
            raise RunError(
                f"{run.id}: Expected its network {network} to be trained, found no weights. "
                "Let the run finish (or resume it), then evaluate it."
            )
        kept = cards.sha256(file)
        members.append(FittedMember(network, file, size, (0, 0), run=run.id, sha256=kept))
    return members


def run_members(
    cohort: StoredCohort, members: Sequence[FittedMember], engine: str, told: Told
) -> dict[str, HeldOut]:
    """Run every member on the held-out splits; unreadable radiographs are left out of all.

    Raises:
        RunError: a split holds no radiograph that can be read.
    """
    from train.fit.images import prepare_images

    prepared = prepare_images(cohort, sorted({member.input_size for member in members}))
    usable = np.all([images.usable for images in prepared.values()], axis=0)
    rows = {split: _rows(cohort, split, usable) for split in HELD_OUT}
    opened = open_engine(engine)
    runs = [opened.open(source(member)) for member in members]
    total, done = len(members) * sum(map(len, rows.values())), 0

    def one_more() -> None:
        nonlocal done
        done += 1
        told(done, total)

    found = {}
    for split, index in rows.items():
        images = tuple(np.asarray(prepared[m.input_size].images[index]) for m in members)
        found[split] = HeldOut(
            table=cohort.table.iloc[index].reset_index(drop=True),
            outputs=tuple(
                run_member(run, stack, one_more) for run, stack in zip(runs, images, strict=True)
            ),
            images=images,
            left_out=int((cohort.table["split"] == split).sum()) - len(index),
        )
    return found


def _rows(cohort: StoredCohort, split: str, usable: NDArray[np.bool_]) -> NDArray[np.int_]:
    rows = np.flatnonzero((cohort.table["split"] == split).to_numpy() & usable)
    if not len(rows):
        raise RunError(
            f"Expected radiographs in the {split} split, found none that can be read. Build a "
            "larger cohort, or mend its files."
        )
    return rows


def _check_names(runs: Sequence[RunFolder]) -> None:
    """Each run once, and no two of one name: members and recipes are found by it."""
    for number, run in enumerate(runs):
        if run.id in {other.id for other in runs[:number]}:
            raise RunError(
                f"Expected runs of different names, found {run.id} twice. Name each run once; of "
                "two in different folders, rename one's folder."
            )


def _one_cohort(runs: Sequence[RunFolder]) -> StoredCohort:
    """The cohort that every run says it was trained on, and was."""
    cohorts = [load_cohort(Path(run.request().cohort)) for run in runs]
    for run, cohort in zip(runs, cohorts, strict=True):
        check_unchanged(run, cohort)
        if cohort.checksum != cohorts[0].checksum:
            raise RunError(
                f"Expected runs of one cohort, found {cohorts[0].folder.name!r} in {runs[0].id} "
                f"and {cohort.folder.name!r} in {run.id}: what one held out, the other may have "
                "trained on. Train both on the same cohort."
            )
    return cohorts[0]


def _named(members: Sequence[FittedMember]) -> list[FittedMember]:
    """Members of one network are numbered from the second on."""
    seen: dict[str, int] = {}
    named = []
    for member in members:
        seen[member.network] = number = seen.get(member.network, 0) + 1
        name = member.network if number == 1 else f"{member.network}-{number}"
        named.append(replace(member, name=name))
    return named
