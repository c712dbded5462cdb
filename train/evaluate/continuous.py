"""A finding that is a value: fit its line and interval on validation, measure both splits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxr_valve import cards
from cxr_valve.evaluation.agreement import agreement, auc_below, conformal_interval
from cxr_valve.evaluation.intervals import Estimate, clopper_pearson
from cxr_valve.findings import Finding
from cxr_valve.models.evidence import consensus, value_evidence
from train.evaluate.binary import figure
from train.evaluate.outputs import MemberOutputs, check_outputs

#: Colour limits in the unit of the value are such multiples of a power of ten.
NICE_STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
#: A cell that moves the value by less than this share of the colour limit is no evidence.
EPSILON_SHARE = 0.05
LEVEL = 0.95
COLUMNS = ("split", "image", "patient", "label", "grade", "sex", "age", "view", "score")


@dataclass(frozen=True, eq=False)
class CalibratedValue:
    """A set of members of a value: everything its card needs that was measured.

    In ``scores`` the column ``label`` is the measured value, ``score`` the predicted one.
    """

    members: tuple[cards.Calibration, ...]
    unit: str
    mean: float
    calibration: cards.Calibration
    interval: cards.ValueInterval
    cuts: tuple[float, ...]
    evidence: cards.EvidenceScale
    scores: pd.DataFrame
    cohorts: dict[str, cards.Cohort]


def calibrate_value(
    finding: Finding,
    names: Sequence[str],
    tables: Mapping[str, pd.DataFrame],
    outputs: Mapping[str, Sequence[MemberOutputs]],
) -> CalibratedValue:
    """Fit the lines and the interval on validation; measure both splits.

    ``tables`` have the columns of a cohort, ``target`` in the unit of the finding; ``outputs``
    hold the members in the order of ``names``. Nothing is fitted on test.

    Raises:
        ValueError: a member's outputs are not numbers, do not vary, or fall as the value rises.
    """
    check_outputs(names, outputs)
    measured = tables["validation"]["target"].to_numpy(float)
    fitting = zip(names, outputs["validation"], strict=True)
    lines = [_line(name, member.logits, measured) for name, member in fitting]
    votes = {split: _vote(lines, outputs[split]) for split in ("validation", "test")}
    whole = _line("the mean of the members", votes["validation"].mean(axis=0), measured)
    scored = {
        split: _scores(finding, names, tables[split], votes[split], whole).assign(split=split)
        for split in ("validation", "test")
    }
    residuals = conformal_interval(measured, scored["validation"]["score"].to_numpy(float), LEVEL)
    interval = cards.ValueInterval(residuals.low, residuals.high, residuals.level, residuals.n)
    mean = float(measured.mean())
    return CalibratedValue(
        members=tuple(lines),
        unit=finding.unit,
        mean=mean,
        calibration=whole,
        interval=interval,
        cuts=finding.cuts,
        evidence=_scale(value_maps(outputs["validation"], lines, mean)),
        scores=pd.concat(scored.values(), ignore_index=True)[[*COLUMNS, *names]],
        cohorts={
            split: describe_value(table, finding.cuts, interval) for split, table in scored.items()
        },
    )


def value_figures(
    measured: NDArray[np.float64],
    predicted: NDArray[np.float64],
    cuts: Sequence[float],
    interval: cards.ValueInterval,
) -> dict[str, Estimate]:
    """Agreement, the AUC of each cut ("auc_below_40") and the coverage of the interval."""
    inside = (measured >= predicted + interval.low) & (measured <= predicted + interval.high)
    return {
        **agreement(measured, predicted).as_dict(),
        **{f"auc_below_{cut:g}": auc_below(measured, predicted, cut) for cut in cuts},
        "coverage": clopper_pearson(int(inside.sum()), len(inside)),
    }


def describe_value(
    scores: pd.DataFrame, cuts: Sequence[float], interval: cards.ValueInterval
) -> cards.Cohort:
    """Figures of one split as a card keeps them; what is undefined is left out."""
    found = value_figures(
        scores["label"].to_numpy(float), scores["score"].to_numpy(float), cuts, interval
    )
    figures = {
        name: figure(estimate)
        for name, estimate in found.items()
        if np.isfinite([estimate.value, estimate.low, estimate.high]).all()
    }
    return cards.Cohort(len(scores), int(scores["patient"].nunique()), 0, figures)


def value_maps(
    outputs: Sequence[MemberOutputs], lines: Sequence[cards.Calibration], mean: float
) -> NDArray[np.float32]:
    """Consensus evidence of every image of a split in the unit of the value, (N, h, w)."""
    return np.stack(
        [
            consensus(
                [
                    value_evidence(output.maps[index], output.logits[index], line, mean)
                    for output, line in zip(outputs, lines, strict=True)
                ]
            )
            for index in range(len(outputs[0].logits))
        ]
    )


def _line(
    name: str, outputs: NDArray[np.float64], measured: NDArray[np.float64]
) -> cards.Calibration:
    """Least squares of measured on predicted values: the best guess of a new one."""
    spread = float(np.ptp(outputs)) if len(outputs) else 0.0
    if len(outputs) < 3 or spread == 0:
        raise ValueError(
            f"Expected {name} to tell three or more validation radiographs apart, found "
            f"{len(outputs)} of which the outputs spread over {spread:g}. Train it longer, or "
            "enlarge the cohort."
        )
    centred = outputs - outputs.mean()
    slope = float(centred @ measured) / float(centred @ centred)
    if slope <= 0:
        raise ValueError(
            f"Expected {name} to rise with the measured value; found a slope of {slope:.3f} on "
            f"{len(outputs)} validation radiographs. Leave it out of the set, train it longer, or "
            "enlarge the cohort."
        )
    return cards.Calibration(slope, float(measured.mean()) - slope * float(outputs.mean()))


def _vote(
    lines: Sequence[cards.Calibration], outputs: Sequence[MemberOutputs]
) -> NDArray[np.float64]:
    """The members' values, (members, N)."""
    return np.stack(
        [line.a * output.logits + line.b for line, output in zip(lines, outputs, strict=True)]
    )


def _scores(
    finding: Finding,
    names: Sequence[str],
    table: pd.DataFrame,
    votes: NDArray[np.float64],
    whole: cards.Calibration,
) -> pd.DataFrame:
    """The rows of scores.csv for one split; values rounded to 3 places, as they are kept."""
    described = table[["image", "patient", "grade", "sex", "age", "view"]].copy()
    described["label"] = table["target"].astype(float)
    described["score"] = np.round(
        np.clip(whole.a * votes.mean(axis=0) + whole.b, *finding.bounds), 3
    )
    members = {
        name: np.round(np.clip(vote, *finding.bounds), 3)
        for name, vote in zip(names, votes, strict=True)
    }
    return described.assign(**members)


def _scale(maps: NDArray[np.float32]) -> cards.EvidenceScale:
    """A limit that 99% of validation cells stay within, as a number people can name."""
    reach = max(float(np.percentile(np.abs(maps), 99)), 1e-6)
    power = 10.0 ** np.floor(np.log10(reach))
    limit = next(float(step * power) for step in NICE_STEPS if step * power >= reach * (1 - 1e-9))
    return cards.EvidenceScale(limit=limit, epsilon=EPSILON_SHARE * limit)
