"""What a cohort's label can be: the product's findings, and labels of public data sets."""

from dataclasses import dataclass

from cxr_valve.findings import FINDINGS, Kind
from train.cohort.card import CohortError


@dataclass(frozen=True)
class Target:
    """A label and its rule.

    ``grades`` run from best to worst; for a binary target every grade from ``positive_from`` on
    is positive. A continuous one has a value in ``unit``, and ``cuts`` that name its grades.
    """

    key: str
    name: str
    kind: Kind
    grades: tuple[str, ...]
    positive_from: str
    rule: str
    cuts: tuple[float, ...] = ()
    unit: str = ""

    def is_positive(self, grade: str) -> bool:
        """Whether a grade of ``grades`` counts as positive."""
        return self.grades.index(grade) >= self.grades.index(self.positive_from)


#: Reduced (≤ 40%), mildly reduced (41–49%) and preserved ejection fraction (≥ 50%): Bozkurt B et
#: al., Universal Definition and Classification of Heart Failure, Eur J Heart Fail 2021;23:352-380.
LVEF_GRADES, LVEF_CUTS = ("reduced", "mildly reduced", "preserved"), (40.0, 50.0)

#: Elias P, Bhave S. CheXchoNet 1.0.0, PhysioNet 2024; the data set's own labels as they are.
CHEXCHONET = {
    "slvh": "severe left ventricular hypertrophy",
    "dlv": "dilated left ventricle",
    "composite_slvh_dlv": "severe left ventricular hypertrophy or dilated left ventricle",
}
PRESENCE = ("absent", "present")


def target_of(key: str, positive_from: str = "") -> Target:
    """The target of a finding or label; ``positive_from`` replaces its usual grade.

    Raises CohortError for a key or a grade that there is not.
    """
    if key in CHEXCHONET:
        return _presence(key, positive_from)
    finding = FINDINGS.get(key)
    if finding is None:
        known = ", ".join((*FINDINGS, *CHEXCHONET))
        raise CohortError(f"finding: expected one of {known}; found {key!r}.")
    if finding.kind == "continuous":
        if positive_from:
            raise CohortError(
                f"positive_from: expected none, since {finding.short} is a value; found "
                f"{positive_from!r}."
            )
        rule = finding.label_rule
        cuts = (LVEF_GRADES, "", rule, LVEF_CUTS, "%")
        return Target(key, finding.name, finding.kind, *cuts)
    start = positive_from or finding.positive_from
    if start not in finding.grades[1:]:
        raise CohortError(
            f"positive_from: expected one of {', '.join(finding.grades[1:])}; found {start!r}."
        )
    rule = f"{finding.name} {start} or worse on {finding.echo_reference} is positive"
    return Target(key, finding.name, finding.kind, finding.grades, start, rule)


def _presence(key: str, positive_from: str) -> Target:
    if positive_from not in ("", "present"):
        raise CohortError(
            f"positive_from: expected none, since {key} is 0 or 1; found {positive_from!r}."
        )
    rule = f"{CHEXCHONET[key]}, as CheXchoNet labels it"
    return Target(key, CHEXCHONET[key], "binary", PRESENCE, "present", rule)
