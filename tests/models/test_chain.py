"""From logits to probability, held to numbers worked out elsewhere and to the chain's laws."""

import math

import pytest
from hypothesis import given, strategies as st

from cxr_valve.cards import Calibration
from cxr_valve.models.chain import at_prevalence, calibrated, run_chain, soft_vote

LOGITS = st.floats(-12, 12)
INSIDE = st.floats(0.01, 0.99)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def test_a_member_is_calibrated_by_platt() -> None:
    assert calibrated(Calibration(2.0, -1.0), 0.5) == pytest.approx(0.5)
    assert calibrated(Calibration(1.0, 0.0), math.log(3)) == pytest.approx(0.75)


def test_the_score_is_the_mean_of_probabilities_not_of_logits() -> None:
    assert soft_vote((0.9, 0.6, 0.3)) == pytest.approx(0.6)


def test_three_members_by_hand(make_card) -> None:
    card = make_card(
        (Calibration(1.0, 0.0), Calibration(2.0, -0.5), Calibration(0.5, 1.0)),
        Calibration(1.4, 0.2),
        prevalence=0.08,
    )
    chain = run_chain(card, (math.log(4), 0.25, -2.0))
    # σ(ln 4) = 4/5; σ(2·0.25 − 0.5) = 1/2; σ(0.5·−2 + 1) = 1/2.
    assert chain.members == pytest.approx((0.8, 0.5, 0.5))
    assert chain.score == pytest.approx(0.6)
    # logit(0.6) = ln 1.5 = .405465; the odds are e^.2 · 1.5^1.4.
    odds = math.exp(0.2) * 1.5**1.4
    assert chain.probability == pytest.approx(odds / (1 + odds), abs=1e-9)
    # Over the prior odds .08/.92.
    assert chain.likelihood_ratio == pytest.approx(odds * 11.5, rel=1e-6)


def test_a_set_of_one_member_has_that_members_probability_as_score(make_card) -> None:
    chain = run_chain(make_card((Calibration(1.5, 0.3),), prevalence=0.44), (0.4,))
    assert chain.score == pytest.approx(sigmoid(0.9))
    assert chain.probability == pytest.approx(chain.score)


def test_a_logit_too_few_or_too_many_is_refused(make_card) -> None:
    with pytest.raises(ValueError, match="argument 2 is"):
        run_chain(make_card((Calibration(1, 0), Calibration(1, 0))), (0.5,))
    with pytest.raises(ValueError, match="argument 2 is"):
        run_chain(make_card((Calibration(1, 0),)), (0.5, 0.5))


@pytest.mark.parametrize(("probability", "expected"), [(0.5, 0.021537), (0.9, 0.165342)])
def test_the_shift_of_prevalence_of_the_design(probability: float, expected: float) -> None:
    assert at_prevalence(probability, 0.44, 0.017) == pytest.approx(expected, abs=5e-7)


@given(INSIDE, INSIDE, INSIDE)
def test_a_shift_there_and_back_changes_nothing(p: float, first: float, second: float) -> None:
    there = at_prevalence(p, first, second)
    assert at_prevalence(there, second, first) == pytest.approx(p, abs=1e-9)
    assert at_prevalence(p, first, first) == pytest.approx(p, abs=1e-12)


@given(LOGITS, LOGITS, INSIDE)
def test_a_higher_logit_never_lowers_anything(make_card, low: float, high: float, pi) -> None:
    low, high = sorted((low, high))
    card = make_card((Calibration(0.7, 0.2), Calibration(1.3, -1)), Calibration(1.5, 0.1), pi)
    before, after = run_chain(card, (low, 0.3)), run_chain(card, (high, 0.3))
    assert after.members[0] >= before.members[0]
    assert after.score >= before.score
    assert after.probability >= before.probability
    assert after.likelihood_ratio >= before.likelihood_ratio


@given(LOGITS, st.floats(0.05, 0.95), st.floats(0.005, 0.95))
def test_the_likelihood_ratio_gives_the_probability_at_any_prevalence(
    make_card, raw: float, trained: float, target: float
) -> None:
    card = make_card((Calibration(1.0, 0.0),), Calibration(1.2, -0.1), trained)
    chain = run_chain(card, (raw,))
    odds = target / (1 - target) * chain.likelihood_ratio
    moved = at_prevalence(chain.probability, trained, target)
    assert odds / (1 + odds) == pytest.approx(moved, abs=1e-6)


@given(st.floats(-800, 800))
def test_no_logit_breaks_the_numbers(make_card, raw: float) -> None:
    chain = run_chain(make_card((Calibration(3.0, 0.0),)), (raw,))
    assert 0 <= chain.probability <= 1
    assert 0 < chain.likelihood_ratio < math.inf
