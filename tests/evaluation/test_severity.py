from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from cxr_valve.evaluation.intervals import Estimate
from cxr_valve.evaluation.severity import (
    effective_positives,
    observed_mix,
    sensitivity_at_mix,
    sensitivity_by_grade,
)

LABELS = [1, 1, 1, 1, 1, 1, 0, 0]
SCORES = [0.2, 0.6, 0.3, 0.7, 0.8, 0.9, 0.9, 0.1]
GRADES = ["mild", "mild", "mild", "severe", "severe", "severe", "none", "none"]


def test_sensitivity_by_grade_counts_positives_only() -> None:
    found = sensitivity_by_grade(LABELS, SCORES, GRADES, 0.5)
    assert {name: (e.value, e.n) for name, e in found.items()} == {
        "mild": (pytest.approx(1 / 3), 3),
        "severe": (1.0, 3),
    }


def test_the_observed_mix_gives_back_the_observed_sensitivity() -> None:
    found = sensitivity_by_grade(LABELS, SCORES, GRADES, 0.5)
    assert sensitivity_at_mix(found, observed_mix(found)).value == pytest.approx(4 / 6)


@given(st.floats(0, 1))
def test_more_severe_disease_is_found_more_often(share: float) -> None:
    found = sensitivity_by_grade(LABELS, SCORES, GRADES, 0.5)
    e = sensitivity_at_mix(found, {"mild": 10 * (1 - share), "severe": 10 * share})
    assert e.value == pytest.approx((1 - share) / 3 + share)
    assert e.low <= e.value <= e.high + 1e-12


def test_a_mix_that_cannot_be_is_refused() -> None:
    found = sensitivity_by_grade(LABELS, SCORES, GRADES, 0.5)
    with pytest.raises(ValueError, match="found 'moderate': no positive of that grade"):
        sensitivity_at_mix(found, {"moderate": 1})
    with pytest.raises(ValueError, match="do not all vanish"):
        sensitivity_at_mix(found, {"mild": 0})
    with pytest.raises(ValueError, match="Expected 2 grades"):
        sensitivity_by_grade([0, 1], [0.1, 0.2], ["mild"], 0.5)
    assert observed_mix({}) == {}


def test_certainty_at_the_observed_mix_is_that_of_all_positives_or_more() -> None:
    found = sensitivity_by_grade(LABELS, SCORES, GRADES, 0.5)
    # Drawing each grade in fixed numbers varies less than drawing positives at large.
    assert effective_positives(found, observed_mix(found)) > 6
    alike = {name: Estimate(0.5, 0.1, 0.9, 4, "") for name in ("mild", "severe")}
    assert effective_positives(alike, {"mild": 1, "severe": 1}) == pytest.approx(8)
    # Four of one grade alone are four.
    assert effective_positives(alike, {"mild": 2, "severe": 0}) == pytest.approx(4)
    certain = {"severe": Estimate(1.0, 0.4, 1.0, 4, "")}
    assert effective_positives(certain, {"severe": 1}) == 4
