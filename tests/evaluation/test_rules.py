from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, strategies as st

from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.operating_point import counts_at, youden
from cxr_valve.evaluation.resamples import draw_patients
from cxr_valve.evaluation.rules import Rule, choose_threshold, threshold_spread

ROWS = st.lists(st.tuples(st.booleans(), st.sampled_from(np.linspace(0, 1, 9))), min_size=3).filter(
    lambda rows: 0 < sum(y for y, _ in rows) < len(rows)
)


def split(rows) -> tuple[np.ndarray, np.ndarray]:
    return np.array([r[0] for r in rows]), np.array([r[1] for r in rows])


@pytest.mark.parametrize("text", ["youden", "sensitivity=0.9", "specificity=1", "cost=20"])
def test_a_rule_is_read_as_it_is_written(text: str) -> None:
    assert str(Rule.parse(text)) == text


NONE = "|foo|youden=1|sensitivity|sensitivity=0|sensitivity=90|cost=-1|cost=nan|cost=inf|cost=x"


@pytest.mark.parametrize("text", NONE.split("|"))
def test_a_rule_that_is_none_is_refused_with_the_list(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expected a rule youden, sensitivity=X or specificity=X"):
        Rule.parse(text)


@given(ROWS)
def test_youdens_rule_is_the_youden_threshold(rows) -> None:
    y, s = split(rows)
    assert choose_threshold(y, s, Rule("youden")) == youden(y, s)


@given(ROWS, st.sampled_from([0.5, 0.8, 0.9, 1.0]))
def test_fixed_sensitivity_is_reached_by_the_highest_threshold_that_can(rows, value) -> None:
    y, s = split(rows)
    chosen = choose_threshold(y, s, Rule("sensitivity", value))
    reach = [t for t in s if (s[y] >= t).mean() >= value - 1e-12]
    assert chosen == max(reach)


@given(ROWS, st.sampled_from([0.5, 0.8, 0.9, 1.0]))
def test_fixed_specificity_is_kept_with_the_best_sensitivity(rows, value: float) -> None:
    y, s = split(rows)
    chosen = choose_threshold(y, s, Rule("specificity", value))
    allowed = [t for t in [*s, 2.0] if (s[~y] < t).mean() >= value - 1e-12]
    assert (s[~y] < chosen).mean() >= value - 1e-12
    assert (s[y] >= chosen).sum() == max((s[y] >= t).sum() for t in allowed)


@given(ROWS, st.sampled_from([0.2, 1.0, 5.0, 50.0]), st.sampled_from([0.0001, 0.1, 0.5]))
def test_the_cost_rule_is_cheaper_than_every_other_threshold(rows, ratio, prevalence) -> None:
    y, s = split(rows)

    def cost(t: float) -> float:
        miss, alarm = (s[y] < t).mean(), (s[~y] >= t).mean()
        return ratio * prevalence * miss + (1 - prevalence) * alarm

    chosen = choose_threshold(y, s, Rule("cost", ratio), prevalence)
    assert cost(chosen) <= min(cost(t) for t in [*s, 2.0]) + 1e-9


def test_where_the_finding_is_rare_the_cost_rule_flags_nobody() -> None:
    y, s = [0, 1, 0, 1], [0.2, 0.4, 0.6, 1.0]
    chosen = choose_threshold(y, np.array(s) * 0.9, Rule("cost", 1.0), 0.0001)
    # 0.9 has no false alarm here, so it costs nothing more than flagging nobody.
    assert chosen == pytest.approx(0.9)
    inverted = choose_threshold([1, 0], [0.2, 0.4], Rule("cost", 1.0), 0.0001)
    assert counts_at([1, 0], [0.2, 0.4], inverted).fp == 0
    assert inverted > 0.4


def test_all_scores_tied_leave_one_threshold() -> None:
    y, s = [0, 1, 1], [0.5, 0.5, 0.5]
    assert choose_threshold(y, s, Rule("youden")) == 0.5
    assert choose_threshold(y, s, Rule("sensitivity", 0.9)) == 0.5
    assert choose_threshold(y, s, Rule("specificity", 0.9)) > 0.5


def test_a_rule_needs_both_classes() -> None:
    with pytest.raises(ValueError, match="negatives for rule youden, found 0 positives"):
        choose_threshold([0, 0], [0.1, 0.2], Rule("youden"))
    with pytest.raises(ValueError, match="found 0 positives and 0 negatives"):
        choose_threshold([], [], Rule("youden"))


@pytest.mark.parametrize("text", ["youden", "sensitivity=.8", "specificity=.8", "cost=3"])
def test_the_spread_chooses_as_a_loop_over_resamples_would(
    text: str, make_cohort: Callable[..., Cohort]
) -> None:
    cohort, rule = make_cohort(80, 0.4), Rule.parse(text)
    codes, patients = cohort.clusters()
    spread = threshold_spread(cohort, rule, replicates=40, seed=5)
    plain = []
    for row in draw_patients(patients, 40, np.random.default_rng(5)):
        rows = np.repeat(np.arange(len(cohort)), row[codes])
        plain.append(choose_threshold(cohort.labels[rows], cohort.scores[rows], rule))
    np.testing.assert_allclose(spread.replicates, plain)


def test_the_spread_holds_the_choice_and_counts_dropped_replicates() -> None:
    small = Cohort(np.array([1, 0, 0, 0]), np.array([0.9, 0.1, 0.2, 0.3]))
    spread = threshold_spread(small, Rule("youden"), replicates=200)
    assert spread.threshold.low <= spread.threshold.value <= spread.threshold.high
    assert spread.dropped + len(spread.replicates) == 200
    assert spread.dropped > 0
