"""The input gate: is this one upright frontal chest radiograph of a person?"""

from dataclasses import dataclass
from typing import Literal, get_args

#: What the network tells apart. Only an upright "frontal" is read.
Kind = Literal["frontal", "lateral", "part", "tilted", "collage", "radiograph", "slice", "picture"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Offer = Literal["rotate-90", "rotate-180", "rotate-270", "invert"]
#: What the network's logits say, in order: the kind, quarter turns clockwise, two yes or no.
TURNS = ("upright", "turned-90", "turned-180", "turned-270")
LOGITS = (*KINDS, *TURNS, "inverted", "mirrored")


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
