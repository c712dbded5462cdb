"""A set of weights made ready to run: its members opened in an engine, and the chain applied."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_valve.cards import AnyCard, Card, CardError, Member, ValueCard, WeightSet
from cxr_valve.engines.engine import Engine, NetworkSource, Runnable
from cxr_valve.imaging.prepare import PREPROCESSING, Prepared
from cxr_valve.models.chain import Chain, run_chain
from cxr_valve.models.evidence import Grid, consensus, member_evidence, value_evidence
from cxr_valve.models.ranges import read_ranges
from cxr_valve.models.trunk import open_shared
from cxr_valve.models.value import Value, run_value


@dataclass(frozen=True, eq=False)
class EnsembleOutput:
    """One finding in one image: the numbers and each member's evidence, in card order."""

    chain: Chain
    logits: tuple[float, ...]
    evidence: tuple[Grid, ...]
    consensus: Grid


@dataclass(frozen=True, eq=False)
class ValueOutput:
    """One finding that is a value, in one image: evidence in its unit, in card order."""

    value: Value
    evidence: tuple[Grid, ...]
    consensus: Grid


@dataclass(frozen=True, eq=False)
class Ensemble:
    """An opened set of weights; ``read`` or ``read_value``, as its card says."""

    card: AnyCard
    runnables: tuple[Runnable, ...]

    @property
    def binary(self) -> Card:
        """The card of a finding that is there or not; TypeError where it is a value."""
        if not isinstance(self.card, Card):
            raise TypeError(
                f"{self.card.name}: Expected a finding that is there or not, found a value."
            )
        return self.card

    def sizes(self) -> frozenset[int]:
        """The input sizes its members need."""
        return frozenset(member.input_size for member in self.card.members)

    def read(self, inputs: Mapping[int, Prepared]) -> EnsembleOutput:
        """Run every member on its size of the prepared image and apply the chain.

        Raises:
            TypeError: the finding is a value.
        """
        card = self.binary
        logits, maps = self._run(inputs)
        evidence = tuple(
            member_evidence(grid, logit, member.calibration, card.prevalence)
            for grid, logit, member in zip(maps, logits, card.members, strict=True)
        )
        return EnsembleOutput(run_chain(card, logits), tuple(logits), evidence, consensus(evidence))

    def read_value(self, inputs: Mapping[int, Prepared]) -> ValueOutput:
        """Run every member on its size of the prepared image and average their values.

        Raises:
            TypeError: the finding is there or not.
        """
        card = self.card
        if not isinstance(card, ValueCard):
            raise TypeError(f"{card.name}: Expected a value, found one that is there or not.")
        outputs, maps = self._run(inputs)
        evidence = tuple(
            value_evidence(grid, output, member.calibration, card.mean)
            for grid, output, member in zip(maps, outputs, card.members, strict=True)
        )
        return ValueOutput(run_value(card, outputs), evidence, consensus(evidence))

    def _run(self, inputs: Mapping[int, Prepared]) -> tuple[list[float], list[Grid]]:
        logits, maps = [], []
        for member, run in zip(self.card.members, self.runnables, strict=True):
            logit, activation = run(batch(inputs[member.input_size]))
            logits.append(float(logit[0]))
            maps.append(activation[0])
        return logits, maps


def batch(prepared: Prepared) -> NDArray[np.float32]:
    """The prepared image as a batch of one, (1, 1, S, S)."""
    return prepared.image[None, None]


def open_ensemble(
    weights: WeightSet, engine: Engine, progress: Callable[[str], None] = lambda _: None
) -> Ensemble:
    """``open_ensembles`` for one set."""
    return open_ensembles({"": weights}, engine, progress)[""]


def open_ensembles(
    sets: Mapping[str, WeightSet], engine: Engine, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Ensemble]:
    """Check every checksum, then open every member in ``engine``; what members share, once.

    ``progress`` is told in words what is being opened.

    Raises:
        CardError: a file is missing or damaged, or a card asks for another preprocessing.
    """
    groups: dict[object, list[tuple[str, int]]] = {}
    for key, weights in sets.items():
        _check_preprocessing(weights)
        for number, member in enumerate(weights.card.members):
            alone = (key, number)
            shared = (member.network, member.trunk, member.input_size)
            groups.setdefault(shared if member.trunk else alone, []).append(alone)
    opened: dict[tuple[str, int], Runnable] = {}
    for places in groups.values():
        members = [sets[key].card.members[number] for key, number in places]
        findings = " and ".join(sets[key].card.finding.upper() for key, _ in places)
        progress(f"Opening {members[0].label} for {findings}")
        sources = [
            network_source(sets[key], member)
            for (key, _), member in zip(places, members, strict=True)
        ]
        opened.update(zip(places, open_shared(engine, sources), strict=True))
    return {
        key: Ensemble(
            weights.card,
            tuple(opened[key, number] for number in range(len(weights.card.members))),
        )
        for key, weights in sets.items()
    }


def _check_preprocessing(weights: WeightSet) -> None:
    if weights.card.preprocessing != PREPROCESSING:
        raise CardError(
            f"{weights.card.name}/card.json: preprocessing: Expected {PREPROCESSING}, found "
            f"{weights.card.preprocessing}. These weights need the release that made them."
        )


def network_source(weights: WeightSet, member: Member) -> NetworkSource:
    """What an engine needs to open a member; torch is imported only if it has to be built."""
    file, measured = weights.member_file(member), weights.ranges_file()

    def build() -> object:
        from cxr_valve.models.networks import load_network

        return load_network(member.network, file)

    ranges = read_ranges(measured, member.label) if measured else None
    return NetworkSource(member.network, member.sha256, member.input_size, build, ranges)
