"""Radiograph → Reading, with the active weights of every finding."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cxr_valve.active import active_sets
from cxr_valve.cards import CardError
from cxr_valve.engines.engine import Engine, open_engine
from cxr_valve.evaluation.operating_point import is_positive
from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.prepare import Prepared, frame, prepare
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.models.ensemble import Ensemble, EnsembleOutput, open_ensemble
from cxr_valve.models.evidence import padding_share
from cxr_valve.reading.reading import FindingReading, InputFacts, MemberReading, Reading


@dataclass(frozen=True, eq=False)
class Inputs:
    """A radiograph with the model inputs made from it, by size; ready for ``Reader.infer``."""

    radiograph: Radiograph
    prepared: dict[int, Prepared]
    seconds: float


class Reader:
    """Reads radiographs with opened ensembles. Safe to share between threads."""

    def __init__(self, engine: Engine, ensembles: dict[str, Ensemble]) -> None:
        self.engine, self.ensembles = engine, ensembles
        self._sizes = sorted(frozenset().union(*(e.sizes() for e in ensembles.values())))

    def read_bytes(self, data: bytes) -> Reading:
        """Read a file's content.

        Raises:
            Refusal: the bytes are not one greyscale radiograph.
        """
        return self.infer(self.inputs(data))

    def read(self, radiograph: Radiograph) -> Reading:
        """Read a radiograph already decoded."""
        return self.infer(self._prepare(radiograph, time.perf_counter()))

    def inputs(self, data: bytes) -> Inputs:
        """Decode and prepare (may run in other threads than ``infer``)."""
        started = time.perf_counter()
        return self._prepare(load_radiograph(data), started)

    def infer(self, inputs: Inputs) -> Reading:
        """Run the networks on prepared inputs."""
        started = time.perf_counter()
        findings = {
            key: _finding(ensemble, ensemble.read(inputs.prepared), inputs.prepared)
            for key, ensemble in self.ensembles.items()
        }
        return Reading(
            input=_facts(inputs.radiograph),
            findings=findings,
            engine=self.engine.name,
            seconds=inputs.seconds + time.perf_counter() - started,
        )

    def _prepare(self, radiograph: Radiograph, started: float) -> Inputs:
        framing = frame(radiograph)
        prepared = {size: prepare(radiograph, size, framing) for size in self._sizes}
        return Inputs(radiograph, prepared, time.perf_counter() - started)


def open_reader(
    engine: str = "openvino", progress: Callable[[str], None] = lambda _: None
) -> Reader:
    """Open the active weights of every finding in the named engine.

    Raises:
        CardError: no usable weights, or the active ones are damaged.
        ValueError: no such engine here.
    """
    sets = active_sets()
    if not sets:
        raise CardError("weights: Expected at least one set of weights, found none.")
    opened = open_engine(engine)
    return Reader(
        opened, {key: open_ensemble(found, opened, progress) for key, found in sets.items()}
    )


def _finding(
    ensemble: Ensemble, output: EnsembleOutput, prepared: dict[int, Prepared]
) -> FindingReading:
    card, chain = ensemble.card, output.chain
    members = tuple(
        MemberReading(
            network=member.network,
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
        positive=bool(is_positive(np.array(chain.score), card.operating_point.threshold)),
        members=members,
        consensus=output.consensus,
        scale=card.evidence,
        weights=card.name,
        simulated=card.simulated,
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
