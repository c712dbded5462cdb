"""The demonstration weights against the simulator's truth: ranking, grades, calibration, evidence.

What is measured here is how much of the simulator the networks have learnt. It is evidence about
nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap, spearmanr

from cxr_valve.evaluation.calibration import safe_logit
from cxr_valve.evaluation.intervals import Estimate, clopper_pearson
from cxr_valve.evaluation.reliability import calibration
from cxr_valve.evaluation.roc import AucTest, delong_test
from cxr_valve.findings import FINDINGS, is_positive
from train.demonstration.further import Answer

REPLICATES = 2000


@dataclass(frozen=True)
class Truth:
    """How one finding's networks do on ``n`` further simulated patients.

    Attributes:
        against: their AUC, the ideal observer's, and the paired difference.
        sensitivity: share called positive at each grade, worst last; negatives' grades too.
        slope: of calibration; 1 is perfect.
        concentration: positive evidence inside the region over what its area alone predicts.
        growth: rank correlation of grade and area of positive evidence.
    """

    finding: str
    n: int
    against: AucTest
    sensitivity: dict[str, Estimate]
    slope: Estimate
    concentration: Estimate
    growth: Estimate


def compare(finding: str, answers: Sequence[Answer], threshold: float, epsilon: float) -> Truth:
    """Compare answers with the truth; ``threshold`` on the score, ``epsilon`` of evidence.

    Raises:
        ValueError: no answers.
    """
    if not answers:
        raise ValueError("Expected at least one further patient; found none.")
    known = FINDINGS[finding]
    labels = np.array([is_positive(known, found.grade) for found in answers])
    scores = np.array([found.score for found in answers])
    probabilities = [found.probability for found in answers]
    return Truth(
        finding=finding,
        n=len(answers),
        against=delong_test(labels, safe_logit(scores), [found.ideal for found in answers]),
        sensitivity=_by_grade(finding, answers, scores >= threshold),
        slope=calibration(labels, probabilities).slope,
        concentration=concentration(answers, epsilon),
        growth=growth(finding, answers, epsilon),
    )


def _by_grade(
    finding: str, answers: Sequence[Answer], called: NDArray[np.bool_]
) -> dict[str, Estimate]:
    grades = np.array([found.grade for found in answers])
    return {
        grade: clopper_pearson(int(called[grades == grade].sum()), int((grades == grade).sum()))
        for grade in FINDINGS[finding].grades
        if (grades == grade).any()
    }


def concentration(answers: Sequence[Answer], epsilon: float) -> Estimate:
    """Mean over images with positive evidence of: its share inside the region, over the region's
    share of the map. Cells count by the part of them that the region covers."""
    ratios = []
    for found in answers:
        positive = np.where(found.evidence > epsilon, found.evidence, 0.0)
        area = float(found.covered.mean())
        if positive.sum() > 0 and area > 0:
            inside = float((positive * found.covered).sum() / positive.sum())
            ratios.append(inside / area)
    return _bootstrapped(np.array(ratios))


def growth(finding: str, answers: Sequence[Answer], epsilon: float) -> Estimate:
    """Spearman's ρ of the grade and the number of cells with positive evidence."""
    order = FINDINGS[finding].grades
    ranks = np.array([order.index(found.grade) for found in answers], float)
    areas = np.array([(found.evidence > epsilon).mean() for found in answers])
    value = float(spearmanr(ranks, areas).statistic)
    # Bonett and Wright, Psychometrika 2000;65:23.
    # A correlation of 1 has no transform of its own; the next smaller number stands for it.
    inner = float(np.clip(value, -1 + 1e-12, 1 - 1e-12))
    spread = float(np.sqrt((1 + value**2 / 2) / max(1, len(answers) - 3)))
    low, high = np.tanh(np.arctanh(inner) + 1.96 * spread * np.array((-1, 1)))
    return Estimate(value, float(low), float(high), len(answers), "Bonett–Wright")


def _bootstrapped(values: NDArray[np.float64]) -> Estimate:
    if len(values) < 2:
        nothing = float("nan")
        return Estimate(float(np.mean(values)), nothing, nothing, len(values), "bootstrap")
    found = bootstrap(
        (values,),
        np.mean,
        n_resamples=REPLICATES,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    mean = float(values.mean())
    return Estimate(mean, float(found.low), float(found.high), len(values), "bootstrap")
