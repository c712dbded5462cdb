"""What the product looks for: each finding, its networks, its echo rule and its prevalences."""

import math
from dataclasses import dataclass
from typing import Literal

Kind = Literal["binary", "continuous"]

NKOMO = (
    "Nkomo VT et al. Burden of valvular heart diseases: a population-based study. "
    "Lancet 2006;368:1005-11 (moderate or worse)"
)


@dataclass(frozen=True)
class PrevalencePreset:
    """A prevalence somebody measured. ``value`` is a fraction in (0, 1)."""

    key: str
    name: str
    value: float
    source: str


@dataclass(frozen=True)
class Finding:
    """One thing that is read from a radiograph.

    ``networks`` are the members the study used; ``grades`` are the echo grades from best to
    worst, of which ``positive_from`` and every later one count as positive. A value has a ``unit``,
    ``bounds`` it cannot leave, and ``cuts`` below which it counts as reduced.
    """

    key: str
    name: str
    short: str
    kind: Kind
    networks: tuple[str, ...]
    echo_reference: str
    grades: tuple[str, ...] = ()
    positive_from: str = ""
    presets: tuple[PrevalencePreset, ...] = ()
    unit: str = ""
    bounds: tuple[float, float] = (-math.inf, math.inf)
    cuts: tuple[float, ...] = ()

    @property
    def label_rule(self) -> str:
        """The rule in words, as cards and screens print it."""
        if self.kind == "continuous":
            return f"value of {self.echo_reference}"
        return f"{self.name} {self.positive_from} or worse on {self.echo_reference} is positive"


MR = Finding(
    key="mr",
    name="mitral regurgitation",
    short="MR",
    kind="binary",
    networks=("resnet50",),
    echo_reference="transthoracic echocardiography",
    grades=("none", "trivial", "mild", "moderate", "severe"),
    positive_from="mild",
    presets=(
        PrevalencePreset("adults", "General adult population", 0.017, NKOMO),
        PrevalencePreset("75", "Age 75 and older", 0.093, NKOMO),
    ),
)

AS = Finding(
    key="as",
    name="aortic stenosis",
    short="AS",
    kind="binary",
    networks=("inception_v3", "resnet50", "densenet121"),
    echo_reference="transthoracic echocardiography",
    grades=("none", "mild", "moderate", "severe"),
    positive_from="mild",
    presets=(
        PrevalencePreset("adults", "General adult population", 0.004, NKOMO),
        PrevalencePreset("75", "Age 75 and older", 0.028, NKOMO),
    ),
)

LVEF = Finding(
    key="lvef",
    name="left ventricular ejection fraction",
    short="LVEF",
    kind="continuous",
    networks=("resnet50",),
    echo_reference="transthoracic echocardiography (biplane Simpson)",
    unit="%",
    bounds=(0.0, 100.0),
    cuts=(40.0, 50.0),
)

FINDINGS: dict[str, Finding] = {finding.key: finding for finding in (MR, AS, LVEF)}


def is_positive(finding: Finding, grade: str) -> bool:
    """Whether an echo grade counts as positive.

    Raises:
        ValueError: the finding does not have that grade.
    """
    if grade not in finding.grades:
        raise ValueError(
            f"Expected a grade of {finding.name} out of {', '.join(finding.grades)}; "
            f"found {grade!r}."
        )
    return finding.grades.index(grade) >= finding.grades.index(finding.positive_from)
