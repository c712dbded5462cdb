"""A finding that is there or not: calibrate its members on validation, measure both splits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxr_valve import cards
from cxr_valve.evaluation.calibration import Platt, fit_platt, safe_logit
from cxr_valve.evaluation.checks import need_both_classes
from cxr_valve.evaluation.intervals import Estimate, clopper_pearson
from cxr_valve.evaluation.operating_point import Counts, counts_at
from cxr_valve.evaluation.roc import auc_delong
from cxr_valve.evaluation.rules import Rule, choose_threshold
from cxr_valve.models.evidence import consensus, member_evidence
from train.evaluate.outputs import MemberOutputs, check_outputs

#: Colour limits are likelihood ratios that people can name.
NICE_RATIOS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
#: A cell that multiplies the odds by less than 1.1 is no evidence.
EPSILON = float(np.log(1.1))
YOUDEN = Rule("youden")


@dataclass(frozen=True, eq=False)
class Calibrated:
    """A set of members after calibration: everything a card needs that was measured."""

    members: tuple[cards.Calibration, ...]
    prevalence: float
    calibration: cards.Calibration
    operating_point: cards.OperatingPoint
    evidence: cards.EvidenceScale
    scores: pd.DataFrame
    cohorts: dict[str, cards.Cohort]


def calibrate(
    finding: str,
    networks: Sequence[str],
    tables: Mapping[str, pd.DataFrame],
    outputs: Mapping[str, Sequence[MemberOutputs]],
    rule: Rule = YOUDEN,
) -> Calibrated:
    """Fit the chain and the operating point on validation; measure both splits.

    ``tables`` and ``outputs`` have the keys "validation" and "test"; ``outputs`` holds the members
    in the order of ``networks``, which are their names. Nothing is fitted on test.

    Raises:
        ValueError: validation has one class only, a member ranks the wrong way round, or its
            outputs are not numbers.
    """
    labels = tables["validation"][finding].to_numpy(int)
    need_both_classes(labels == 1, "the validation split")
    prevalence = float(labels.mean())
    check_outputs(networks, outputs)
    fitting = zip(networks, outputs["validation"], strict=True)
    platts = [_platt(network, member.logits, labels) for network, member in fitting]
    scored = {
        split: _scores(finding, networks, tables[split], platts, outputs[split]).assign(split=split)
        for split in ("validation", "test")
    }
    score = scored["validation"]["score"].to_numpy()
    threshold = choose_threshold(labels, score, rule)
    ensemble = _platt("the mean of the members", safe_logit(score), labels)
    calibrations = tuple(cards.Calibration(platt.a, platt.b) for platt in platts)
    return Calibrated(
        members=calibrations,
        prevalence=prevalence,
        calibration=cards.Calibration(ensemble.a, ensemble.b),
        operating_point=_operating_point(scored["test"], threshold, rule),
        evidence=_evidence_scale(outputs["validation"], calibrations, prevalence),
        scores=pd.concat(scored.values(), ignore_index=True),
        cohorts={split: describe(table, threshold) for split, table in scored.items()},
    )


def _operating_point(test: pd.DataFrame, threshold: float, rule: Rule) -> cards.OperatingPoint:
    """The threshold with its 2×2 table on the test split."""
    c = counts_at(test["label"], test["score"], threshold)
    return cards.OperatingPoint(threshold, rule_in_words(rule), c.tp, c.fn, c.fp, c.tn)


def rule_in_words(rule: Rule) -> str:
    """How the threshold was chosen, as cards and screens print it."""
    return "Youden's index on validation" if rule.kind == "youden" else f"{rule} on validation"


def _platt(name: str, logits: NDArray[np.float64], labels: NDArray[np.int_]) -> Platt:
    """Platt scaling; of a few cases separated without error the smoothed one, which is finite."""
    if np.ptp(logits) == 0:
        raise ValueError(
            f"Expected {name} to tell validation radiographs apart, found the same output for all "
            f"{len(logits)}. Train it longer, or at a lower rate."
        )
    try:
        platt = fit_platt(logits, labels)
    except ValueError:
        platt = fit_platt(logits, labels, smoothed=True)
    if platt.a <= 0:
        raise ValueError(
            f"Expected {name} to rank positives higher; found A = {platt.a:.3f} on {len(logits)} "
            "validation radiographs. Leave it out of the set, train it longer, or enlarge the "
            "cohort."
        )
    return platt


def _scores(
    finding: str,
    networks: Sequence[str],
    table: pd.DataFrame,
    platts: Sequence[Platt],
    outputs: Sequence[MemberOutputs],
) -> pd.DataFrame:
    """The rows of scores.csv for one split; probabilities rounded to 6 places, as they are kept."""
    members = {
        network: np.round(platt.apply(output.logits), 6)
        for network, platt, output in zip(networks, platts, outputs, strict=True)
    }
    described = table[["image", "patient", "sex", "age", "view"]].copy()
    described["split"] = ""
    described["label"] = table[finding].astype(int)
    described["grade"] = table[f"{finding}_grade"]
    described["score"] = np.round(np.mean(list(members.values()), axis=0), 6)
    columns = ["split", "image", "patient", "label", "grade", "sex", "age", "view", "score"]
    return described[columns].assign(**members)


def describe(scores: pd.DataFrame, threshold: float) -> cards.Cohort:
    """Figures of one split at the threshold, each with interval, n and method."""
    labels, score = scores["label"].to_numpy(int), scores["score"].to_numpy(float)
    counts = counts_at(labels, score, threshold)
    estimates = {"auc": auc_delong(labels, score)} | proportions(counts)
    return cards.Cohort(
        images=len(scores),
        patients=int(scores["patient"].nunique()),
        positives=int(labels.sum()),
        # A ratio over nobody has no value, and a card holds numbers only.
        figures={
            name: figure(estimate) for name, estimate in estimates.items() if estimate.defined
        },
    )


def proportions(counts: Counts) -> dict[str, Estimate]:
    """The five proportions of a 2×2 table with exact binomial intervals, as the study gave them."""
    return {
        "sensitivity": clopper_pearson(counts.tp, counts.positives),
        "specificity": clopper_pearson(counts.tn, counts.negatives),
        "accuracy": clopper_pearson(counts.tp + counts.tn, counts.n),
        "ppv": clopper_pearson(counts.tp, counts.tp + counts.fp),
        "npv": clopper_pearson(counts.tn, counts.tn + counts.fn),
    }


def figure(estimate: Estimate) -> cards.Figure:
    """The estimate as a card keeps it."""
    return cards.Figure(estimate.value, estimate.low, estimate.high, estimate.n, estimate.method)


def evidence_maps(
    outputs: Sequence[MemberOutputs], calibrations: Sequence[cards.Calibration], prevalence: float
) -> NDArray[np.float32]:
    """Consensus evidence of every image of a split, (N, h, w) on the finest grid of the members."""
    grids = []
    for index in range(len(outputs[0].logits)):
        members = [
            member_evidence(output.maps[index], output.logits[index], calibration, prevalence)
            for output, calibration in zip(outputs, calibrations, strict=True)
        ]
        grids.append(consensus(members))
    return np.stack(grids)


def _evidence_scale(
    outputs: Sequence[MemberOutputs], calibrations: Sequence[cards.Calibration], prevalence: float
) -> cards.EvidenceScale:
    """A limit that 99% of validation cells of the consensus stay within, as a nice ratio."""
    grids = evidence_maps(outputs, calibrations, prevalence)
    reach = float(np.exp(np.percentile(np.abs(grids), 99)))
    ratio = next((nice for nice in NICE_RATIOS if nice >= reach), NICE_RATIOS[-1])
    return cards.EvidenceScale(limit=float(np.log(ratio)), epsilon=EPSILON)
