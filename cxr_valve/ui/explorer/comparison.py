"""Two operating points against each other: paired on the same cases, unpaired on others."""

from __future__ import annotations

import numpy as np

from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.comparison import compare_operating_points, resampled_difference
from cxr_valve.evaluation.intervals import Estimate, clopper_pearson
from cxr_valve.evaluation.metrics import weighted_sum
from cxr_valve.evaluation.roc import delong_test, delong_unpaired
from cxr_valve.ui.explorer.operating import counts_of
from cxr_valve.ui.explorer.source import Source

NAMES = {"sensitivity": "Sensitivity", "specificity": "Specificity", "auc": "AUC"}
REPLICATES = 1000
#: Replicates times images: about a second.
MOST_DRAWN = 10_000_000


def common_cases(first: Source, second: Source) -> tuple[Cohort, Cohort] | None:
    """The radiographs that both score, in one order, so that a paired test applies; else None."""
    a, b = first.cohort, second.cohort
    if a is None or b is None or first.cases != second.cases:
        return None
    ours, others = (
        np.arange(len(cohort)) if source.rows is None else source.rows
        for source, cohort in ((first, a), (second, b))
    )
    _, mine, theirs = np.intersect1d(ours, others, assume_unique=True, return_indices=True)
    a, b = a.subset(mine), b.subset(theirs)
    same = len(a) > 0 and bool(np.array_equal(a.labels, b.labels))
    return (a, b) if same else None


def comparison_rows(first: Source, threshold: float, second: Source, other: float) -> list[str]:
    """Lines of Markdown: differences A − B with intervals, p values and the name of each test."""
    common = common_cases(first, second)
    if common is not None:
        left_out = max(len(s.cohort or ()) for s in (first, second)) - len(common[0])
        return _paired(*common, threshold, other, left_out)
    rows = ["Different cases: unpaired tests."]
    rows += _independent(first, threshold, second, other)
    a, b = first.cohort, second.cohort
    if a is not None and b is not None and _both(a) and _both(b):
        test = delong_unpaired((a.labels, a.scores), (b.labels, b.scores))
        rows.append(_row("AUC", test.difference, test.p, "DeLong, unpaired"))
    else:
        rows.append("AUC: no test, since one of the two is a model, a table, or has one class.")
    return rows


def _paired(a: Cohort, b: Cohort, threshold: float, other: float, left_out: int) -> list[str]:
    missing = f", {left_out:,} that only one of them scores left out" if left_out else ""
    rows = [f"The same {len(a):,} cases{missing}: paired tests; images count as independent."]
    found = compare_operating_points(a.labels, (a.scores, threshold), (b.scores, other))
    for name, compared in found.items():
        only = f"only A right in {compared.first_only}, only B in {compared.second_only}"
        rows.append(_row(name.capitalize(), compared.difference, compared.p, f"McNemar; {only}"))
    if not np.array_equal(a.scores, b.scores) and _both(a):
        test = delong_test(a.labels, a.scores, b.scores)
        rows.append(_row("AUC", test.difference, test.p, "DeLong, paired"))
    _, patients = a.clusters()
    if patients < len(a) and len(a) * REPLICATES <= MOST_DRAWN:
        rows.append(f"{patients:,} patients gave these images. With patients resampled instead:")
        drawn = resampled_difference((a, threshold), (b, other), replicates=REPLICATES)
        rows += [
            _row(NAMES[name], difference, None, f"bootstrap of {patients:,} patients")
            for name, difference in drawn.items()
            if name != "auc" or not np.array_equal(a.scores, b.scores)
        ]
    return rows


def _independent(first: Source, threshold: float, second: Source, other: float) -> list[str]:
    one, two = counts_of(first, threshold), counts_of(second, other)
    if one is None or two is None:
        return ["Sensitivity and specificity: no test at a point that only a model gives."]
    rows = []
    for name, (k1, n1), (k2, n2) in (
        ("Sensitivity", (one.tp, one.positives), (two.tp, two.positives)),
        ("Specificity", (one.tn, one.negatives), (two.tn, two.negatives)),
    ):
        if not n1 or not n2:
            rows.append(f"{name}: undefined, a class is missing.")
            continue
        parts = [(1.0, clopper_pearson(k1, n1)), (-1.0, clopper_pearson(k2, n2))]
        rows.append(_row(name, weighted_sum(parts), None, f"MOVER, n = {n1:,} and {n2:,}"))
    return rows


def _row(name: str, difference: Estimate, p: float | None, test: str) -> str:
    if not difference.defined:
        return f"{name}: undefined."
    limits = "no interval"
    if difference.low == difference.low:
        limits = f"{_signed(difference.low)} to {_signed(difference.high)}"
    said = "" if p is None else (", p undefined" if p != p else f", p {_p(p)}")
    return f"{name}: A − B = **{_signed(difference.value)}** ({limits}){said} ({test})"


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def _signed(x: float) -> str:
    return f"{x:+.3f}".replace("-", "−")


def _both(cohort: Cohort) -> bool:
    return 0 < cohort.positives < len(cohort)
