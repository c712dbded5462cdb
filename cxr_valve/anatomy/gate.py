"""The input gate: is this one upright frontal chest radiograph of a person?"""

from dataclasses import dataclass
from typing import Literal

Offer = Literal["rotate-90", "rotate-180", "rotate-270", "invert"]


@dataclass(frozen=True)
class GateReading:
    """What the gate made of an image.

    ``reason``: what it saw, what was expected and what to do, in plain words; "" where accepted.
    ``score``: how much the image looks like an upright frontal chest radiograph, in [0, 1].
    ``offer``: the change that would make it readable: a rotation clockwise, or an inversion.
    ``warnings``: what to bear in mind although the image is accepted.
    """

    accepted: bool
    reason: str
    score: float
    offer: Offer | None
    warnings: tuple[str, ...]
