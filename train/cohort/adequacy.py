"""Are these numbers enough: what the test split will be able to tell, before anything is trained.

Expected intervals, at the performance the study reports, of AUC (Hanley JA, McNeil BJ, Radiology
1982;143:29-36) and of sensitivity and specificity (exact binomial); at least 100 positives and 100
negatives for an evaluation (Vergouwe Y et al., J Clin Epidemiol 2005;58:475-483; Collins GS et al.,
Stat Med 2016;35:214-226); for training, enough to know the prevalence within ±5 points (criterion 1
of Riley RD et al., BMJ 2020;368:m441), or for a value its spread within 10% (Riley RD et al., Stat
Med 2019;38:1262-1275). Criteria that count parameters say nothing of networks: these are floors.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

from cxr_valve.evaluation.adequacy import (
    WIDEST_USEFUL,
    auc_cases_needed,
    auc_interval_width,
    cases_needed,
)
from cxr_valve.evaluation.intervals import clopper_pearson_bounds, critical_value
from train.cohort.card import SplitSummary
from train.cohort.targets import Target

#: What an evaluation should be planned for: the study's test figures (AUC, sensitivity,
#: specificity), or for other labels what this field usually reaches.
EXPECTED = {"mr": (0.80, 0.71, 0.74), "as": (0.83, 0.83, 0.69)}
USUAL = (0.80, 0.72, 0.72)
WIDEST_AUC = 0.10
#: Vergouwe 2005, Collins 2016.
EACH_CLASS = 100
#: Riley 2020, criterion 1: half width of the interval of the prevalence.
PREVALENCE_MARGIN = 0.05
#: Riley 2019, criterion 4: observations that give a residual spread within 10%.
SPREAD_NEEDED = 234


@dataclass(frozen=True)
class Check:
    """One floor: ``found`` (None: cannot be had) against ``needed`` of what is counted, and the
    sentence that says it."""

    name: str
    found: float | None
    needed: float
    enough: bool
    sentence: str


def judge(splits: dict[str, SplitSummary], target: Target) -> dict[str, Any]:
    """Every floor for this cohort as plain data: ``checks`` and ``enough``."""
    checks = _binary(splits, target) if target.kind == "binary" else _continuous(splits, target)
    return {
        "enough": all(check.enough for check in checks),
        "checks": [asdict(check) for check in checks],
    }


def _binary(splits: dict[str, SplitSummary], target: Target) -> list[Check]:
    checks: list[Check] = []
    test, train = splits["test"], splits["train"]
    auc, sensitivity, specificity = EXPECTED.get(target.key, USUAL)
    positives = test.positives or 0
    negatives = test.images - positives
    for name, count in (("positives", positives), ("negatives", negatives)):
        enough = count >= EACH_CLASS
        verdict = "enough" if enough else f"fewer than the {EACH_CLASS} an evaluation needs"
        sentence = f"Test split: {count:,} {name}, {verdict}."
        checks.append(Check(f"test {name}", count, EACH_CLASS, enough, sentence))
    checks.append(_auc(auc, positives, negatives))
    checks.append(_proportion("sensitivity", sensitivity, positives, "positives"))
    checks.append(_proportion("specificity", specificity, negatives, "negatives"))
    share = train.prevalence or 0.0
    needed = math.ceil((critical_value(0.95) / PREVALENCE_MARGIN) ** 2 * share * (1 - share))
    enough = train.images >= needed > 0
    sentence = (
        f"Training split: {train.images:,} radiographs; {needed:,} give the prevalence within "
        "±5 points, the least of what training needs."
        if needed
        else "Training split: one class only; nothing can be learnt."
    )
    return [*checks, Check("training", train.images, needed, enough, sentence)]


def _auc(auc: float, positives: int, negatives: int) -> Check:
    if min(positives, negatives) < 2:
        return Check("auc", None, WIDEST_AUC, False, "Test split: too few of a class for AUC.")
    width = auc_interval_width(auc, positives, negatives)
    needed = auc_cases_needed(auc, positives / (positives + negatives), WIDEST_AUC)
    enough = width <= WIDEST_AUC
    more = "" if enough else f"; {needed:,} such radiographs would make it {WIDEST_AUC:.2f}"
    sentence = f"An AUC of {auc:.2f} would have a 95% interval {width:.2f} wide{more}."
    return Check("auc", width, WIDEST_AUC, enough, sentence)


def _proportion(name: str, value: float, count: int, counted: str) -> Check:
    if count == 0:
        return Check(name, None, WIDEST_USEFUL, False, f"Test split: no {counted} for {name}.")
    low, high = clopper_pearson_bounds(value * count, count)
    width = float(high - low)
    enough = width <= WIDEST_USEFUL
    needed = cases_needed(value, WIDEST_USEFUL)
    more = "" if enough else f"; {needed:,} {counted} would make it {WIDEST_USEFUL:.2f}"
    sentence = f"A {name} of {value:.0%} would have a 95% interval {width:.2f} wide{more}."
    return Check(name, width, WIDEST_USEFUL, enough, sentence)


def _continuous(splits: dict[str, SplitSummary], target: Target) -> list[Check]:
    test, train = splits["test"], splits["train"]
    checks = []
    for name, images in (("test", test.images), ("training", train.images)):
        enough = images >= SPREAD_NEEDED
        verdict = "enough" if enough else "too few"
        sentence = (
            f"{name.capitalize()} split: {images:,} radiographs, {verdict} to know the spread of "
            f"errors within 10% ({SPREAD_NEEDED})."
        )
        checks.append(Check(name, images, SPREAD_NEEDED, enough, sentence))
    if test.target_sd and test.images > 1:
        half = critical_value(0.95) * test.target_sd / math.sqrt(test.images)
        sentence = (
            f"A mean error would be known within ±{half:.1f} {target.unit} even if the networks "
            "told nothing."
        )
        checks.append(Check("mean error", half, 2.0, half <= 2.0, sentence))
    return checks
