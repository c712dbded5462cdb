"""The severity mix the user chose, as the evaluation library takes it."""

from __future__ import annotations

from dataclasses import dataclass

from cxr_valve.evaluation.intervals import Estimate
from cxr_valve.evaluation.severity import (
    effective_positives,
    sensitivity_at_mix,
    sensitivity_by_grade,
)
from cxr_valve.ui.explorer.grade_data import grade_names
from cxr_valve.ui.explorer.source import Source
from cxr_valve.ui.explorer.state import State


@dataclass(frozen=True)
class MixedSensitivity:
    """Sensitivity at a mix of grades, and how many positives it is as certain as."""

    estimate: Estimate
    positives: float


def chosen_mix(source: Source, state: State) -> dict[str, float]:
    """Grade to percent where the state's mix fits the grades of the source; empty otherwise."""
    names = grade_names(source)
    if not names or len(state.mix) != len(names) or not sum(state.mix) > 0:
        return {}
    return dict(zip(names, state.mix, strict=True))


def mixed_sensitivity(source: Source, threshold: float, mix: dict[str, float]) -> MixedSensitivity:
    """What a threshold finds of positives in that mix; the same numbers as in the browser."""
    cohort = source.cohort
    assert cohort is not None, "a mix belongs to scored cases"
    assert cohort.grade is not None, "with known grades"
    found = sensitivity_by_grade(cohort.labels, cohort.scores, cohort.grade, threshold)
    return MixedSensitivity(sensitivity_at_mix(found, mix), effective_positives(found, mix))
