"""Calibrate a set of members on validation and describe it on validation and test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxr_valve import cards
from cxr_valve.engines.engine import Runnable
from cxr_valve.evaluation.calibration import Platt, fit_platt, safe_logit
from cxr_valve.evaluation.intervals import Estimate, clopper_pearson
from cxr_valve.evaluation.operating_point import Counts, counts_at, youden
from cxr_valve.evaluation.roc import auc_delong
from cxr_valve.models.evidence import consensus, member_evidence

#: Colour limits are likelihood ratios that people can name.
NICE_RATIOS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
#: A cell that multiplies the odds by less than 1.1 is no evidence.
EPSILON = float(np.log(1.1))


@dataclass(frozen=True, eq=False)
class MemberOutputs:
    """Logits (N,) and maps (N, h, w) of one member over one split."""

    logits: NDArray[np.float64]
    maps: NDArray[np.float32]


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


def run_member(run: Runnable, images: NDArray[np.uint8]) -> MemberOutputs:
    """Run one opened network over prepared images stored as bytes (N, S, S)."""
    logits, maps = [], []
    for image in images:
        logit, activation = run((image.astype(np.float32) / 255.0)[None, None])
        logits.append(float(logit[0]))
        maps.append(activation[0])
    return MemberOutputs(np.array(logits), np.stack(maps))


def calibrate(
    finding: str,
    networks: Sequence[str],
    tables: Mapping[str, pd.DataFrame],
    outputs: Mapping[str, Sequence[MemberOutputs]],
) -> Calibrated:
    """Fit the chain and the operating point on validation; measure both splits.

    ``tables`` and ``outputs`` have the keys "validation" and "test"; ``outputs`` holds the members
    in the order of ``networks``. Nothing is fitted on test.

    Raises:
        ValueError: a split has one class only, or a member ranks the wrong way round.
    """
    labels = tables["validation"][finding].to_numpy(int)
    prevalence = float(labels.mean())
    platts = [fit_platt(member.logits, labels) for member in outputs["validation"]]
    for network, platt in zip(networks, platts, strict=True):
        if platt.a <= 0:
            raise ValueError(
                f"Expected {network} to rank positives higher; found A = {platt.a:.3f}."
            )
    scored = {
        split: _scores(finding, networks, tables[split], platts, outputs[split]).assign(split=split)
        for split in ("validation", "test")
    }
    score = scored["validation"]["score"].to_numpy()
    threshold = youden(labels, score)
    ensemble = fit_platt(safe_logit(score), labels)
    test = scored["test"]
    counts = counts_at(test["label"], test["score"], threshold)
    calibrations = tuple(cards.Calibration(platt.a, platt.b) for platt in platts)
    return Calibrated(
        members=calibrations,
        prevalence=prevalence,
        calibration=cards.Calibration(ensemble.a, ensemble.b),
        operating_point=cards.OperatingPoint(
            threshold, "Youden's index on validation", counts.tp, counts.fn, counts.fp, counts.tn
        ),
        evidence=_evidence_scale(outputs["validation"], calibrations, prevalence),
        scores=pd.concat(scored.values(), ignore_index=True),
        cohorts={split: describe(table, threshold) for split, table in scored.items()},
    )


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
            name: _figure(estimate) for name, estimate in estimates.items() if estimate.defined
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


def _figure(estimate: Estimate) -> cards.Figure:
    return cards.Figure(estimate.value, estimate.low, estimate.high, estimate.n, estimate.method)


def _evidence_scale(
    outputs: Sequence[MemberOutputs], calibrations: Sequence[cards.Calibration], prevalence: float
) -> cards.EvidenceScale:
    """A limit that 99% of validation cells of the consensus stay within, as a nice ratio."""
    grids = []
    for index in range(len(outputs[0].logits)):
        members = [
            member_evidence(output.maps[index], output.logits[index], calibration, prevalence)
            for output, calibration in zip(outputs, calibrations, strict=True)
        ]
        grids.append(consensus(members))
    reach = float(np.exp(np.percentile(np.abs(np.stack(grids)), 99)))
    ratio = next((nice for nice in NICE_RATIOS if nice >= reach), NICE_RATIOS[-1])
    return cards.EvidenceScale(limit=float(np.log(ratio)), epsilon=EPSILON)
