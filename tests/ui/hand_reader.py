"""The networks of the reading page behind a gate and a heart size made by hand."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cxr_valve.anatomy.gate import GateReading
from cxr_valve.anatomy.gatekeeper import Gated
from cxr_valve.anatomy.heart import HeartReading
from cxr_valve.imaging.prepare import Prepared
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.reading.reader import Reader, open_reader
from tests.hand_made import ACCEPTED, PHOTOGRAPH, SIDEWAYS, UNLIKE, heart

AP_WARNING = "AP view: the heart appears larger than on a PA view."
#: Images narrower than this are taken for photographs.
NARROW = 120


@dataclass(frozen=True)
class HandGate:
    """Refuses what is narrow as a photograph, what is wide as lying on its side, and what is high
    as a chest unlike any other."""

    size: int
    typical: NDArray[np.float32]

    def read(self, radiograph: Radiograph, prepared: Prepared, lean: float | None = None) -> Gated:
        return Gated(self.judge(radiograph), self.typical)

    def judge(self, radiograph: Radiograph) -> GateReading:
        if radiograph.columns > radiograph.rows:
            return SIDEWAYS
        if radiograph.columns < NARROW:
            return PHOTOGRAPH
        if radiograph.rows > 1.5 * radiograph.columns:
            return UNLIKE
        if radiograph.view == "AP":
            return replace(ACCEPTED, warnings=(AP_WARNING,))
        return ACCEPTED


@dataclass(frozen=True)
class HandHeart:
    """Finds the heart on every image but on photographs and those with an odd number of rows."""

    size: int

    def read(self, radiograph: Radiograph, prepared: Prepared) -> HeartReading | None:
        if radiograph.columns < NARROW or radiograph.rows % 2:
            return None
        return heart(radiograph.rows, radiograph.columns)


def open_by_hand(*arguments: object) -> Reader:
    """The active weights, read past the gate above."""
    reader = open_reader()
    reader.gate = HandGate(reader.gate.size, reader.gate.typical.mean)  # type: ignore[assignment]
    reader.heart = HandHeart(reader.heart.size)  # type: ignore[assignment]
    return reader
