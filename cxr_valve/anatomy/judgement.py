"""From what the network answers to a decision, its reason, an offer and warnings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cxr_valve.anatomy.field import Edge
from cxr_valve.anatomy.gate import KINDS, TURNS, GateReading, Kind, Offer
from cxr_valve.anatomy.gate_card import Thresholds
from cxr_valve.imaging.radiograph import Radiograph

EXPECTED = "Expected one upright frontal chest radiograph of a person"
#: What was seen, and what to do about it.
SEEN: dict[Kind, tuple[str, str]] = {
    "lateral": (
        "a chest seen from the side or at a slant",
        "Open the frontal view of the same examination.",
    ),
    "part": ("only a part of a chest", "Open the whole image, with both lungs on it."),
    "tilted": ("a chest lying at a slant", "Straighten the image and open it again."),
    "collage": ("several images in one", "Save the frontal radiograph alone."),
    "radiograph": (
        "a radiograph of something else than a person's chest",
        "Open the chest radiograph.",
    ),
    "slice": ("a slice or a scan (CT, MR, ultrasound or the like)", "Open a chest radiograph."),
    "picture": ("a photograph, a document or a drawing", "Open a chest radiograph."),
}
OFFERS: tuple[Offer | None, ...] = (None, "rotate-270", "rotate-180", "rotate-90")
TURNED = ("", "lying on its side", "upside down", "lying on its side")
#: A header that names another view or part outweighs the image unless the gate is this sure.
SURE = 0.9
#: At least this share of one grey level is no image …
BLANK_SHARE = 0.97
#: … and this share of black and white alone is saturated.
SATURATED_SHARE = 0.9
#: Shorter than this, a side shows too little of a chest to judge it.
LEAST_SIDE = 64


@dataclass(frozen=True)
class Answers:
    """The network's answers as probabilities, and the distance from typical frontals.

    ``lean``: on which side the heart was found (``side.lean``); None where it was not.
    ``contacts``: how much of a lung runs along each edge of the image (``field.edge_contacts``).
    """

    kinds: NDArray[np.float64]
    turns: NDArray[np.float64]
    inverted: float
    mirrored: float
    distance: float
    lean: float | None = None
    contacts: Mapping[Edge, float] = field(default_factory=dict)

    @property
    def frontal(self) -> float:
        """Probability of a frontal chest, however it lies."""
        return float(self.kinds[KINDS.index("frontal")])

    @property
    def score(self) -> float:
        """Probability of an upright frontal chest that is not inverted, in [0, 1]."""
        return self.frontal * float(self.turns[0]) * (1 - self.inverted)


def answers(
    logits: NDArray[np.float32],
    distance: float,
    lean: float | None = None,
    contacts: Mapping[Edge, float] | None = None,
) -> Answers:
    """Logits in the order of ``LOGITS`` → probabilities; the rest as in ``Answers``."""
    values = logits.astype(np.float64)
    kinds, turns = values[: len(KINDS)], values[len(KINDS) : len(KINDS) + len(TURNS)]
    inverted, mirrored = 1 / (1 + np.exp(-np.clip(values[-2:], -30, 30)))
    return Answers(
        softmax(kinds), softmax(turns), float(inverted), float(mirrored), distance, lean,
        contacts or {},
    )  # fmt: skip


def softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares proportional to exp(value)."""
    powers = np.exp(values - values.max())
    return np.asarray(powers / powers.sum(), np.float64)


def judge(
    radiograph: Radiograph, image: NDArray[np.float32], seen: Answers, limits: Thresholds
) -> GateReading:
    """Decide. ``image``: the prepared input (S, S) in [0, 1] that the network saw."""
    offer: Offer | None = None
    reason = _not_an_image(radiograph, image) or _declared(radiograph, seen)
    if not reason:
        reason, offer = _by_network(seen, limits)
    warnings = () if reason else _warnings(radiograph, seen, limits)
    # A refused image never scores as high as one accepted.
    score = seen.score if not reason else min(seen.score, limits.frontal)
    return GateReading(not reason, reason, round(score, 6), offer, warnings)


def refusal(found: str, advice: str) -> str:
    """A reason in the form of every refusal: expected, found, what to do."""
    return f"{EXPECTED}, found {found}. {advice}"


def _not_an_image(radiograph: Radiograph, image: NDArray[np.float32]) -> str:
    rows, columns = radiograph.rows, radiograph.columns
    if min(rows, columns) < LEAST_SIDE:
        size = f"an image of {columns} × {rows} pixels"
        return refusal(size, f"Export it with at least {LEAST_SIDE} pixels a side.")
    shares = np.bincount(np.rint(image * 31).astype(np.intp).ravel(), minlength=32) / image.size
    if shares.max() >= BLANK_SHARE:
        return refusal("a blank image", "Export the radiograph again.")
    if shares[0] + shares[-1] >= SATURATED_SHARE and shares[-1] > 0.02:
        return refusal(
            "an image of black and white alone",
            "Export it with all its grey levels; check the window.",
        )
    return ""


def _declared(radiograph: Radiograph, seen: Answers) -> str:
    """What the file itself says it is."""
    if radiograph.modality:
        return refusal(f"{radiograph.modality}, as the file says", "Open a chest radiograph.")
    if seen.score >= SURE:
        return ""
    if radiograph.body_part:
        part = f"a radiograph of {radiograph.body_part}, as the file says"
        return refusal(part, "Open the chest radiograph.")
    if radiograph.view not in (None, "PA", "AP"):
        found = "a lateral view" if radiograph.view == "LATERAL" else "another view"
        return refusal(f"{found}, as the file says", SEEN["lateral"][1])
    return ""


def _by_network(seen: Answers, limits: Thresholds) -> tuple[str, Offer | None]:
    if seen.frontal < limits.frontal:
        others = [(share, kind) for share, kind in zip(seen.kinds, KINDS, strict=True)]
        kind = max(pair for pair in others if pair[1] != "frontal")[1]
        return refusal(*SEEN[kind]), None
    turn = int(seen.turns.argmax())
    if turn and seen.turns[turn] >= limits.turned:
        offer = OFFERS[turn]
        also = " and inverted" if seen.inverted >= limits.inverted else ""
        found = f"a chest {TURNED[turn]}{also}"
        return refusal(found, "Turn it upright, as offered, and it is read."), offer
    if seen.inverted >= limits.inverted:
        found = "a chest with black and white exchanged"
        return refusal(found, "Invert it, as offered, and it is read."), "invert"
    if seen.distance > limits.unlike:
        found = "an image unlike every chest radiograph the gate learnt from"
        return refusal(found, "Check that it is one; if so, it can be read anyway."), None
    return "", None


def exchanged(seen: Answers, limits: Thresholds) -> bool:
    """Whether left and right seem exchanged: by what the network saw and by where the heart lies.

    Without the heart nothing is said: the network alone is wrong too often.
    """
    if seen.lean is None:
        return False
    log_odds = np.log(seen.mirrored / (1 - seen.mirrored)) - limits.lean * seen.lean
    return bool(log_odds >= np.log(limits.mirrored / (1 - limits.mirrored)))


def cut_off(seen: Answers, limits: Thresholds) -> tuple[Edge, ...]:
    """The edges of the image at which a lung seems to be cut off."""
    if limits.cut_off is None:
        return ()
    return tuple(edge for edge, share in seen.contacts.items() if share > limits.cut_off)


def _warnings(radiograph: Radiograph, seen: Answers, limits: Thresholds) -> tuple[str, ...]:
    found = []
    if exchanged(seen, limits):
        found.append(
            "Left and right seem to be exchanged: a mirror image, or situs inversus. Check the "
            "side marker."
        )
    if edges := cut_off(seen, limits):
        named = " and the ".join(edges)
        found.append(f"A lung reaches the {named} edge of the image: part of it may be cut off.")
    if radiograph.view == "AP":
        found.append("AP view: the heart appears larger than on a PA view.")
    if radiograph.body_part:
        found.append(f"The file says that it shows {radiograph.body_part}; a chest was seen.")
    if radiograph.view not in (None, "PA", "AP"):
        found.append("The file names another view; a frontal chest was seen.")
    return tuple(found)
