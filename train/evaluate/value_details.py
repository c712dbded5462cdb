"""A split of a value in full, as plain data."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from cxr_valve.evaluation.agreement import resampled_agreement
from cxr_valve.evaluation.cohort import ScoreTable
from cxr_valve.evaluation.intervals import Estimate
from train.evaluate.continuous import CalibratedValue, value_figures
from train.evaluate.details import CURVE_POINTS, FEW_VALUES, as_json, subgroups


def value_detail(scores: pd.DataFrame, fitted: CalibratedValue) -> dict[str, Any]:
    """One split of a value; ``scores`` are its rows of scores.csv."""
    measured, predicted = scores["label"].to_numpy(float), scores["score"].to_numpy(float)

    def figures(rows: pd.DataFrame) -> dict[str, Estimate]:
        return value_figures(
            rows["label"].to_numpy(float),
            rows["score"].to_numpy(float),
            fitted.cuts,
            fitted.interval,
        )

    patients = scores["patient"].astype(str).to_numpy(object)
    repeated = len(np.unique(patients.astype(str))) < len(scores)
    groups = subgroups(scores, figures, lambda rows: len(rows) < FEW_VALUES, positives=False)
    return {
        "images": len(scores),
        "patients": int(scores["patient"].nunique()),
        "figures": as_json(figures(scores)),
        "by_patient": as_json(
            resampled_agreement(measured, predicted, patients) if repeated else {}
        ),
        "pairs": {"measured": measured.tolist(), "predicted": predicted.tolist()},
        "reduced": {f"{cut:g}": _curve(scores, cut) for cut in fitted.cuts},
        "subgroups": [asdict(group) for group in groups],
    }


def _curve(scores: pd.DataFrame, cut: float) -> dict[str, Any]:
    """The ROC curve with which a low prediction finds values below ``cut``."""
    reduced = scores["label"].to_numpy(float) < cut
    points = ScoreTable(reduced, -scores["score"].to_numpy(float)).operating_points(CURVE_POINTS)
    rates = points.metrics()
    return {
        "reduced": int(reduced.sum()),
        "thresholds": (-points.thresholds).tolist(),
        "sensitivity": rates["sensitivity"].tolist(),
        "false_positive_rate": (1 - rates["specificity"]).tolist(),
    }
