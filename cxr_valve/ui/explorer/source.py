"""A source: something with operating points, and how the address of a page names it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from cxr_valve.evaluation.binormal import Binormal
from cxr_valve.evaluation.calibration import Platt
from cxr_valve.evaluation.checks import IntArray
from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.operating_point import Counts


class SourceError(ValueError):
    """A source that cannot be shown; the message says what to do about it."""


@dataclass(frozen=True)
class OwnPoint:
    """The operating point a source brings along: its threshold, and who chose it by which rule."""

    threshold: float
    rule: str


@dataclass(frozen=True)
class Calibrated:
    """How a score becomes a probability, and the prevalence at which that holds."""

    platt: Platt
    prevalence: float


@dataclass(frozen=True, eq=False)
class Source:
    """What the charts are drawn from: scored cases, a binormal model, or a bare 2×2 table.

    ``descriptor`` names it in the address; ``finding`` is a key of ``FINDINGS`` or "". ``cases``
    is equal for two sources that score the same images, which makes a paired test possible;
    ``rows`` are then the numbers of those it has a score for (None: all, in order). ``scale`` names
    a score that is no probability and never was one, like a ratio of widths. For a model ``counts``
    is the published table at ``own.threshold`` and ``prevalence`` that of the study.
    """

    descriptor: str
    title: str
    finding: str
    notes: tuple[str, ...] = ()
    simulated: bool = False
    cohort: Cohort | None = None
    model: Binormal | None = None
    counts: Counts | None = None
    prevalence: float = float("nan")
    own: OwnPoint | None = None
    calibrated: Calibrated | None = None
    cases: str = ""
    rows: IntArray | None = None
    scale: str = ""

    @property
    def kind(self) -> str:
        """``scores``, ``model`` or ``table``."""
        if self.cohort is not None:
            return "scores"
        return "model" if self.model is not None else "table"


def describe(*parts: str) -> str:
    """Parts joined into a descriptor that can stand in an address."""
    return ":".join(quote(part, safe=",") for part in parts)


def parts_of(descriptor: str, length: int = 0) -> list[str]:
    """The parts of a descriptor, padded with empty ones up to ``length``."""
    parts = [unquote(part) for part in descriptor.split(":")]
    return parts + [""] * (length - len(parts))
