"""A Reading: what was found in one radiograph. Page, command line and reports all render it."""

from dataclasses import dataclass, field

from cxr_valve.anatomy.gate import GateReading, Offer
from cxr_valve.anatomy.heart import HeartReading
from cxr_valve.cards import EvidenceScale
from cxr_valve.imaging.geometry import Geometry
from cxr_valve.models.evidence import Grid
from cxr_valve.models.novelty import NoveltyReading

#: Probabilities and scores are given, and scores compared with thresholds, to this many decimals.
DECIMALS = 6


@dataclass(frozen=True)
class InputFacts:
    """What the radiograph is and how it was decoded; nothing that says whose it is."""

    rows: int
    columns: int
    container: str
    transfer_syntax: str | None
    transfer_syntax_name: str | None
    photometric_interpretation: str
    bits_stored: int
    window: tuple[float, float] | None
    inverted: bool
    spacing_mm: tuple[float, float] | None
    view: str | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class MemberReading:
    """One network: its probability at the training prevalence, its evidence (h, w), where that
    lies on the radiograph, and the share of it that lies on padding."""

    network: str
    probability: float
    evidence: Grid
    geometry: Geometry
    padding_share: float


@dataclass(frozen=True, eq=False)
class FindingReading:
    """One finding. ``prevalence`` is π, at which ``probability`` holds; the operating point lives
    on ``score``; ``weights`` and ``simulated`` say what produced the numbers; ``novelty`` how
    unlike their training cohort this image is (None: the weights do not say)."""

    finding: str
    score: float
    probability: float
    prevalence: float
    likelihood_ratio: float
    threshold: float
    positive: bool
    members: tuple[MemberReading, ...]
    consensus: Grid
    scale: EvidenceScale
    weights: str
    simulated: bool
    novelty: NoveltyReading | None = None


@dataclass(frozen=True, eq=False)
class ValueMember:
    """One network of a value: its own value, and its evidence as in ``MemberReading``."""

    network: str
    value: float
    evidence: Grid
    geometry: Geometry
    padding_share: float


@dataclass(frozen=True, eq=False)
class ValueReading:
    """One finding that is a value, in ``unit``: ``low`` to ``high`` holds ``level`` of measured
    values. Evidence counts in the unit from ``mean``; below each of ``cuts`` it is reduced."""

    finding: str
    value: float
    low: float
    high: float
    level: float
    unit: str
    mean: float
    cuts: tuple[float, ...]
    members: tuple[ValueMember, ...]
    consensus: Grid
    scale: EvidenceScale
    weights: str
    simulated: bool
    novelty: NoveltyReading | None = None


def finest(found: FindingReading | ValueReading) -> MemberReading | ValueMember:
    """The member with the finest map, on whose grid the consensus lies."""
    members: tuple[MemberReading | ValueMember, ...] = found.members
    return max(members, key=lambda member: member.evidence.size)


@dataclass(frozen=True, eq=False)
class Reading:
    """Everything found in one radiograph, with the engine and the seconds it took.

    ``findings`` are there or not, ``values`` are numbers with an interval. ``gate`` says whether
    the image can be read; where it refused, both are empty unless the user had it read all the
    same, which ``read_anyway`` then says. ``heart`` is None where no heart
    between two lungs was found. ``changes``: what was done to the image before it was read, as the
    gate had offered.
    """

    input: InputFacts
    findings: dict[str, FindingReading]
    engine: str
    seconds: float
    gate: GateReading
    read_anyway: bool = False
    heart: HeartReading | None = None
    changes: tuple[Offer, ...] = ()
    values: dict[str, ValueReading] = field(default_factory=dict)

    @property
    def everything(self) -> dict[str, FindingReading | ValueReading]:
        """Findings and values by key, for what they share: evidence, weights, members' names."""
        return {**self.findings, **self.values}

    @property
    def refused(self) -> bool:
        """Whether the gate refused the image and nobody asked to read it all the same."""
        return not (self.gate.accepted or self.read_anyway)
