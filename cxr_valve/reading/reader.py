"""Radiograph → Reading, with the active weights of every finding."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_valve.active import active_sets
from cxr_valve.anatomy.gate import GateReading
from cxr_valve.anatomy.gatekeeper import Gatekeeper, open_gate
from cxr_valve.anatomy.heart import HeartReading
from cxr_valve.anatomy.heart_reader import HeartReader, open_heart_reader
from cxr_valve.cards import CardError, WeightSet
from cxr_valve.engines.engine import Engine, open_engine
from cxr_valve.evaluation.operating_point import is_positive
from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.prepare import Prepared, prepare_sizes
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.models.ensemble import Ensemble, EnsembleOutput, open_ensembles
from cxr_valve.models.evidence import padding_share
from cxr_valve.models.novelty import Novelty, NoveltyReading, read_novelty, read_off
from cxr_valve.reading.reading import DECIMALS, FindingReading, InputFacts, MemberReading, Reading
from cxr_valve.reading.values import is_value, read_value

#: A refused image keeps its heart size where the masks are this plausible and the gate gave it at
#: least this score: a slice of the chest, too, shows a heart between two lungs.
PLAUSIBLE, LEAST_SCORE = 0.5, 0.1


@dataclass(frozen=True, eq=False)
class Inputs:
    """A radiograph with the model inputs made from it, by size; ready for ``Reader.infer``."""

    radiograph: Radiograph
    prepared: dict[int, Prepared]
    seconds: float


class Reader:
    """Reads radiographs with opened ensembles, past the input gate. Safe to share between threads.

    ``novelties``: how the training cohort of a finding's weights looks, where they say so.
    """

    def __init__(
        self,
        engine: Engine,
        ensembles: dict[str, Ensemble],
        gate: Gatekeeper,
        heart: HeartReader,
        novelties: Mapping[str, Novelty],
    ) -> None:
        self.engine, self.ensembles, self.gate = engine, ensembles, gate
        self.heart, self._novelties = heart, novelties
        sizes = {gate.size, heart.size}.union(*(e.sizes() for e in ensembles.values()))
        self._sizes = sorted(sizes)

    def read_bytes(self, data: bytes, *, read_anyway: bool = False) -> Reading:
        """Read a file's content; ``read_anyway``: even where the gate refuses it.

        Raises:
            Refusal: the bytes are not one greyscale radiograph.
        """
        return self.infer(self.inputs(data), read_anyway=read_anyway)

    def read(self, radiograph: Radiograph, *, read_anyway: bool = False) -> Reading:
        """Read a radiograph already decoded."""
        inputs = self._prepare(radiograph, time.perf_counter())
        return self.infer(inputs, read_anyway=read_anyway)

    def inputs(self, data: bytes) -> Inputs:
        """Decode and prepare (may run in other threads than ``infer``)."""
        started = time.perf_counter()
        return self._prepare(load_radiograph(data), started)

    def infer(self, inputs: Inputs, *, read_anyway: bool = False) -> Reading:
        """Measure the heart, run the gate and, past it, the networks on prepared inputs."""
        started = time.perf_counter()
        heart = self.heart.read(inputs.radiograph, inputs.prepared[self.heart.size])
        gated = self.gate.read(inputs.radiograph, inputs.prepared[self.gate.size], heart)
        past = gated.reading.accepted or read_anyway
        findings = {
            key: _finding(
                ensemble,
                ensemble.read(inputs.prepared),
                inputs.prepared,
                self._novelty(key, gated.description),
            )
            for key, ensemble in (self.ensembles if past else {}).items()
            if not is_value(ensemble)
        }
        values = {
            key: read_value(ensemble, inputs.prepared, self._novelty(key, gated.description))
            for key, ensemble in (self.ensembles if past else {}).items()
            if is_value(ensemble)
        }
        return Reading(
            input=_facts(inputs.radiograph),
            findings=findings,
            values=values,
            engine=self.engine.name,
            seconds=inputs.seconds + time.perf_counter() - started,
            gate=gated.reading,
            read_anyway=past and not gated.reading.accepted,
            heart=_kept(heart, gated.reading),
        )

    def _novelty(self, key: str, description: NDArray[np.float32]) -> NoveltyReading | None:
        if key not in self._novelties:
            return None
        simulated = self.ensembles[key].card.simulated
        return read_off(self._novelties[key], description, simulated=simulated)

    def _prepare(self, radiograph: Radiograph, started: float) -> Inputs:
        prepared = prepare_sizes(radiograph, self._sizes)
        return Inputs(radiograph, prepared, time.perf_counter() - started)


def open_reader(
    engine: str = "openvino",
    progress: Callable[[str], None] = lambda _: None,
    at_once: int = 1,
) -> Reader:
    """Open the active weights of every finding in the named engine, for ``at_once`` images at the
    same time.

    Raises:
        CardError: no usable weights, or the active ones are damaged.
        ValueError: no such engine.
    """
    sets = active_sets()
    if not sets:
        raise CardError("weights: Expected at least one set of weights, found none.")
    opened = open_engine(engine, at_once)
    gate = open_gate(opened, progress)
    return Reader(
        opened,
        open_ensembles(sets, opened, progress),
        gate,
        open_heart_reader(opened, progress),
        _novelties(sets, gate.card.network.sha256),
    )


def _kept(heart: HeartReading | None, gate: GateReading) -> HeartReading | None:
    """Heart size; of an image the gate refused only where it may be a chest all the same."""
    if heart is None or gate.accepted:
        return heart
    return heart if heart.confidence >= PLAUSIBLE and gate.score >= LEAST_SCORE else None


def _novelties(sets: Mapping[str, WeightSet], gate: str) -> dict[str, Novelty]:
    """How each set's cohort looks; left out where another gate described it."""
    found = {}
    for key, weights in sets.items():
        file = weights.novelty_file()
        if file is not None and weights.card.novelty and weights.card.novelty.gate == gate:
            found[key] = read_novelty(file)
    return found


def _finding(
    ensemble: Ensemble,
    output: EnsembleOutput,
    prepared: dict[int, Prepared],
    novelty: NoveltyReading | None,
) -> FindingReading:
    card, chain = ensemble.binary, output.chain
    members = tuple(
        MemberReading(
            network=member.label,
            probability=probability,
            evidence=evidence,
            geometry=prepared[member.input_size].geometry,
            padding_share=padding_share(evidence, prepared[member.input_size].geometry),
        )
        for member, probability, evidence in zip(
            card.members, chain.members, output.evidence, strict=True
        )
    )
    return FindingReading(
        finding=card.finding,
        score=chain.score,
        probability=chain.probability,
        prevalence=card.prevalence,
        likelihood_ratio=chain.likelihood_ratio,
        threshold=card.operating_point.threshold,
        # Thresholds are scores as they are written, so this one is compared as it is written.
        positive=bool(is_positive(np.round(chain.score, DECIMALS), card.operating_point.threshold)),
        members=members,
        consensus=output.consensus,
        scale=card.evidence,
        weights=card.name,
        simulated=card.simulated,
        novelty=novelty,
    )


def _facts(radiograph: Radiograph) -> InputFacts:
    decoding = radiograph.decoding
    return InputFacts(
        rows=radiograph.rows,
        columns=radiograph.columns,
        container=decoding.container,
        transfer_syntax=decoding.transfer_syntax,
        transfer_syntax_name=decoding.transfer_syntax_name,
        photometric_interpretation=decoding.photometric_interpretation,
        bits_stored=decoding.bits_stored,
        window=decoding.window,
        inverted=decoding.inverted,
        spacing_mm=radiograph.spacing_mm,
        view=radiograph.view,
        warnings=radiograph.warnings,
    )
