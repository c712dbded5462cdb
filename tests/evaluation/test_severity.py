from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from cxr_valve.evaluation.intervals import Estimate, clopper_pearson
from cxr_valve.evaluation.prevalence import npv_at, predictive_at_rates
from cxr_valve.evaluation.roc import auc_delong, newcombe
from cxr_valve.evaluation.severity import (
    auc_at_mix,
    auc_by_grade,
    effective_positives,
    mix_in_words,
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


def test_all_positives_count_at_the_observed_mix_and_fewer_at_any_other() -> None:
    found = sensitivity_by_grade(LABELS, SCORES, GRADES, 0.5)
    total = sum(e.n for e in found.values())
    assert effective_positives(found, observed_mix(found)) == pytest.approx(total)
    assert effective_positives(found, {"mild": 1, "severe": 9}) < total
    alike = {name: Estimate(0.5, 0.1, 0.9, 4, "") for name in ("mild", "severe")}
    assert effective_positives(alike, {"mild": 1, "severe": 1}) == pytest.approx(8)
    # Four of one grade alone are four.
    assert effective_positives(alike, {"mild": 2, "severe": 0}) == pytest.approx(4)


@pytest.mark.parametrize("n", [(60, 25, 8), (200, 60, 10)])
def test_limits_of_npv_at_a_mix_cover_the_truth_though_a_grade_was_always_found(n) -> None:
    """A grade with 8 of 8 found would otherwise vanish from the variance of the NPV."""
    rng = np.random.default_rng(5)
    true, mix, prevalence = np.array([0.5, 0.75, 0.93]), np.array([0.1, 0.2, 0.7]), 0.02
    truth = npv_at(float(mix @ true), 0.85, prevalence)
    covered = 0
    for _ in range(400):
        hits = rng.binomial(n, true)
        grades = {g: clopper_pearson(int(k), m) for g, k, m in zip("abc", hits, n, strict=True)}
        shares = dict(zip("abc", mix, strict=True))
        sensitivity = sensitivity_at_mix(grades, shares).value
        specificity = float(rng.binomial(400, 0.85) / 400)
        size = effective_positives(grades, shares)
        npv = predictive_at_rates(sensitivity, specificity, size, 400, prevalence)[1]
        covered += npv.low <= truth <= npv.high
    assert covered >= 0.94 * 400


def drawn(rng: np.random.Generator, n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, tied scores and grades; the severe score higher."""
    labels = rng.random(n) < 0.4
    severe = rng.random(n) < 0.3
    scores = np.round(rng.normal(size=n) + labels * (0.6 + 1.2 * severe), 1)
    return labels, scores, np.where(labels, np.where(severe, "severe", "mild"), "none")


def test_the_auc_of_one_grade_is_delongs_on_its_cases() -> None:
    labels, scores, grades = drawn(np.random.default_rng(1))
    found = auc_by_grade(labels, scores, grades)
    for name in ("mild", "severe"):
        own = (grades == name) | ~labels
        alone, mixed = auc_delong(labels[own], scores[own]), auc_at_mix(found, {name: 7})
        assert (mixed.value, mixed.low, mixed.high) == pytest.approx(
            (alone.value, alone.low, alone.high)
        )
        assert (mixed.n, mixed.method) == (alone.n, "DeLong")


def test_the_observed_mix_gives_back_the_auc_and_is_a_little_more_certain() -> None:
    labels, scores, grades = drawn(np.random.default_rng(2))
    observed = {name: float((grades == name).sum()) for name in ("mild", "severe")}
    mixed = auc_at_mix(auc_by_grade(labels, scores, grades), observed)
    plain = auc_delong(labels, scores)
    assert mixed.value == pytest.approx(plain.value)
    # Shares that are known vary less than shares that are drawn.
    assert 0.9 * plain.width < mixed.width < plain.width


def test_the_variance_at_a_mix_is_that_of_repeated_samples() -> None:
    """Grades of fixed size drawn anew, as the formula assumes: the spread of the AUC itself."""
    rng, mix = np.random.default_rng(3), {"mild": 20.0, "severe": 80.0}
    labels = np.repeat([True, True, False], [60, 15, 80])
    grades = np.repeat(["mild", "severe", "none"], [60, 15, 80])
    values, widths = [], []
    for _ in range(600):
        scores = rng.normal(np.repeat([0.6, 1.8, 0.0], [60, 15, 80]))
        e = auc_at_mix(auc_by_grade(labels, scores, grades), mix)
        values.append(e.value)
        widths.append(e.width)
    assert np.mean(widths) / (2 * 1.96) == pytest.approx(np.std(values), rel=0.08)


def test_without_a_variance_the_auc_at_a_mix_still_has_an_interval() -> None:
    labels = [1, 1, 1, 0, 0, 0]
    apart = auc_at_mix(
        auc_by_grade(labels, [0.7, 0.8, 0.9, 0.1, 0.2, 0.3], ["a", "a", "b", "", "", ""]),
        {"a": 1, "b": 1},
    )
    # Shares of a half on 2 and 1 positives vary like 1/(¼/2 + ¼/1) alike ones.
    expected = newcombe(1.0, 1 / (0.25 / 2 + 0.25), 3)
    assert (apart.value, apart.low, apart.high) == (1.0, expected.low, 1.0)
    assert (apart.n, apart.method) == (6, "Newcombe")
    one = auc_by_grade([1, 0], [0.5, 0.5], ["a", ""])
    assert auc_at_mix(one, {"a": 1}).value == 0.5
    assert auc_at_mix(one, {"a": 1}).width > 0.8


def test_the_auc_of_a_mix_needs_its_grades_and_negatives() -> None:
    labels, scores, grades = drawn(np.random.default_rng(4))
    with pytest.raises(ValueError, match="found 'moderate': no positive of that grade"):
        auc_at_mix(auc_by_grade(labels, scores, grades), {"moderate": 1})
    with pytest.raises(ValueError, match="Expected positives with a grade, found none among 2"):
        auc_by_grade([0, 0], [0.1, 0.2], ["none", "none"])
    only = auc_by_grade([1, 1], [0.1, 0.2], ["mild", "mild"])
    assert not auc_at_mix(only, {"mild": 1}).defined


def test_a_mix_is_said_in_whole_shares() -> None:
    assert mix_in_words({"mild": 3, "severe": 1}) == "mild 75%, severe 25%"
