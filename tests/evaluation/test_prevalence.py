from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from cxr_valve.evaluation.intervals import Estimate
from cxr_valve.evaluation.operating_point import Counts
from cxr_valve.evaluation.prevalence import (
    fagan,
    natural_frequencies,
    npv_at,
    ppv_at,
    predictive_at_rates,
)

RATE = st.floats(0.01, 0.99)
COUNTS = st.builds(Counts, *[st.integers(0, 80)] * 4)


def predictive(c: Counts, pi: float) -> tuple[Estimate, Estimate]:
    """PPV and NPV of a table at a prevalence."""
    se = c.tp / c.positives if c.positives else math.nan
    sp = c.tn / c.negatives if c.negatives else math.nan
    return predictive_at_rates(se, sp, c.positives, c.negatives, pi)


# Prevalence, PPV and NPV of the study's models.
MR = [
    (0.017, 0.0451, 0.9933),
    (0.093, 0.2188, 0.9614),
    (0.2, 0.4057, 0.9108),
    (0.44, 0.6821, 0.7646),
]
AS = [
    (0.004, 0.0106, 0.9990),
    (0.028, 0.0716, 0.9930),
    (0.05, 0.1235, 0.9872),
    (0.1, 0.2293, 0.9734),
]


@pytest.mark.parametrize(("se", "sp", "rows"), [(0.71, 0.74, MR), (0.83, 0.69, AS)])
def test_predictive_values_follow_bayes_at_each_prevalence(se, sp, rows) -> None:
    pi, ppv, npv = np.array(rows).T
    np.testing.assert_allclose(ppv_at(se, sp, pi), ppv, atol=1e-4)
    np.testing.assert_allclose(npv_at(se, sp, pi), npv, atol=1e-4)


def test_the_study_prevalence_recomputes_its_npv_and_accuracy() -> None:
    assert npv_at(0.71, 0.74, 0.438) == pytest.approx(0.766, abs=1e-3)
    people = natural_frequencies(0.71, 0.74, 0.438, 1)
    assert people.tp + people.tn == pytest.approx(0.727, abs=1e-3)


@given(RATE, RATE, st.floats(1e-6, 0.98))
def test_ppv_rises_and_npv_falls_with_prevalence(se: float, sp: float, pi: float) -> None:
    higher = pi + (1 - pi) / 10
    assert ppv_at(se, sp, higher) > ppv_at(se, sp, pi)
    assert npv_at(se, sp, higher) < npv_at(se, sp, pi)


def test_at_the_samples_own_prevalence_the_logit_interval_equals_the_delta_method() -> None:
    c, pi, step = Counts(88, 18, 294, 665), 0.05, 1e-6
    se, sp = 88 / 106, 665 / 959

    def log_odds(a: float, b: float) -> float:
        p = float(ppv_at(a, b, pi))
        return math.log(p / (1 - p))

    by_se = (log_odds(se + step, sp) - log_odds(se - step, sp)) / (2 * step)
    by_sp = (log_odds(se, sp + step) - log_odds(se, sp - step)) / (2 * step)
    variance = by_se**2 * se * (1 - se) / 106 + by_sp**2 * sp * (1 - sp) / 959
    half = 1.959963985 * math.sqrt(variance)
    e, _ = predictive(c, pi)
    assert math.log(e.high / (1 - e.high)) == pytest.approx(log_odds(se, sp) + half, abs=1e-6)
    assert math.log(e.low / (1 - e.low)) == pytest.approx(log_odds(se, sp) - half, abs=1e-6)
    assert e.method == "Mercaldo logit"


def test_npv_is_the_ppv_of_the_test_turned_over() -> None:
    c = Counts(88, 18, 294, 665)
    [_, npv], [ppv, _] = predictive(c, 0.05), predictive(Counts(c.tn, c.fp, c.fn, c.tp), 0.95)
    assert (npv.value, npv.low, npv.high) == pytest.approx((ppv.value, ppv.low, ppv.high))


@given(COUNTS, st.floats(1e-4, 0.9999))
def test_predictive_intervals_hold_their_value_even_with_empty_cells(c: Counts, pi) -> None:
    for e in predictive(c, pi):
        if e.defined:
            assert 0 <= e.low <= e.value <= e.high <= 1


def test_a_perfect_table_still_has_an_interval() -> None:
    e, _ = predictive(Counts(5, 0, 0, 5), 0.0001)
    assert e.value == 1
    assert e.low < 0.5
    assert e.method == "Mercaldo logit, adjusted"


def test_ppv_is_undefined_where_nobody_is_flagged_or_a_class_is_missing() -> None:
    ppv, npv = predictive(Counts(0, 5, 0, 5), 0.1)
    assert not ppv.defined
    assert npv.value == pytest.approx(0.9)
    assert not any(e.defined for e in predictive(Counts(5, 5, 0, 0), 0.1))
    assert not any(e.defined for e in predictive(Counts(0, 0, 5, 5), 0.1))


@pytest.mark.parametrize("bad", [0.0, 1.0, -0.1, math.nan])
def test_a_prevalence_outside_0_and_1_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="prevalence strictly between 0 and 1"):
        predictive(Counts(1, 1, 1, 1), bad)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.sampled_from([100, 1000, 10_000]))
def test_whole_people_add_up_and_lie_within_one_of_the_exact(se, sp, pi, population) -> None:
    people = natural_frequencies(se, sp, pi, population)
    whole = people.whole()
    assert whole.n == population
    for name in ("tp", "fn", "fp", "tn"):
        assert abs(getattr(whole, name) - getattr(people, name)) < 1 + 1e-6


def test_of_1000_people_at_17_per_1000() -> None:
    people = natural_frequencies(0.71, 0.74, 0.017)
    assert (people.tp, people.fn) == pytest.approx((12.07, 4.93))
    assert people.whole() == Counts(12, 5, 256, 727)


@given(st.floats(0.001, 0.999), RATE, RATE)
def test_fagan_agrees_with_bayes(pi: float, se: float, sp: float) -> None:
    line = fagan(pi, se / (1 - sp))
    assert line.post_test == pytest.approx(float(ppv_at(se, sp, pi)), abs=1e-9)
    assert line.log_odds_after == pytest.approx(line.log_odds_before + line.log_likelihood_ratio)


def test_fagan_rules_out_at_0_and_in_at_infinity() -> None:
    assert fagan(0.3, 0).post_test == 0
    assert fagan(0.3, math.inf).post_test == 1
    with pytest.raises(ValueError, match="likelihood ratio ≥ 0"):
        fagan(0.3, -1)
