"""The gate made ready to run: its network in an engine, its thresholds, and typical frontals."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_valve.anatomy.field import edge_contacts
from cxr_valve.anatomy.gate import GateReading
from cxr_valve.anatomy.gate_card import GateCard, GateWeights, shipped_gate
from cxr_valve.anatomy.heart import HeartReading
from cxr_valve.anatomy.judgement import Answers, answers, judge
from cxr_valve.anatomy.side import lean
from cxr_valve.engines.engine import Engine, NetworkSource, Runnable
from cxr_valve.imaging.prepare import Prepared
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.models.ensemble import batch
from cxr_valve.models.novelty import Novelty, read_novelty


@dataclass(frozen=True, eq=False)
class Gated:
    """What the gate made of an image, and the description (D,) on which novelty is measured."""

    reading: GateReading
    description: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Gatekeeper:
    """An opened gate. Safe to share between threads."""

    card: GateCard
    run: Runnable
    typical: Novelty

    @property
    def size(self) -> int:
        """Side of the input it needs, in pixels."""
        return self.card.input_size

    def read(
        self, radiograph: Radiograph, prepared: Prepared, heart: HeartReading | None = None
    ) -> Gated:
        """Judge a radiograph by the input of ``size`` made from it.

        ``heart``: what was measured of its heart and lungs, if they were found.
        """
        seen, description = self.look(prepared, heart)
        reading = judge(radiograph, prepared.image, seen, self.card.thresholds)
        return Gated(reading, description)

    def look(
        self, prepared: Prepared, heart: HeartReading | None
    ) -> tuple[Answers, NDArray[np.float32]]:
        """What is seen of an input before it is judged, and its description (D,)."""
        logits, descriptions = self.run(batch(prepared))
        distance = float(self.typical.distance(descriptions)[0])
        if heart is None:
            return answers(logits[0], distance), descriptions[0]
        contacts = edge_contacts(heart, prepared.geometry.crop)
        return answers(logits[0], distance, lean(heart), contacts), descriptions[0]


def open_gate(engine: Engine, progress: Callable[[str], None] = lambda _: None) -> Gatekeeper:
    """Check the gate's files and open it in ``engine``.

    Raises:
        CardError: there is no gate, or one of its files is damaged.
    """
    progress("Opening the input gate")
    weights = shipped_gate()
    typical = read_novelty(weights.typical_file())
    return Gatekeeper(weights.card, engine.open(gate_source(weights)), typical)


def gate_source(weights: GateWeights) -> NetworkSource:
    """What an engine needs to open the gate; torch is imported only if it has to be built."""
    file = weights.network_file()

    def build() -> object:
        from cxr_valve.models.gate_network import load_gate_network

        return load_gate_network(file)

    return NetworkSource("gate", weights.card.network.sha256, weights.card.input_size, build)
