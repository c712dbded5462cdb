from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxr_valve.evaluation.metrics import metrics
from cxr_valve.evaluation.net_benefit import (
    harm_ratio_probability,
    interventions_avoided,
    net_benefit,
    net_benefit_estimate,
    standardised,
    threshold_probability,
    treat_all,
)
from cxr_valve.evaluation.operating_point import Counts, counts_at

TEST = Counts(88, 18, 294, 665)


@pytest.fixture(scope="module")
def famhistory(tables: Path) -> Counts:
    frame = pd.read_csv(tables / "df_binary.csv")
    return counts_at(frame.cancer, frame.famhistory, 0.5)


@pytest.mark.parametrize("table", ["r_case1_results.csv", "r_dca_famhistory.csv"])
def test_net_benefit_reproduces_r(tables: Path, famhistory: Counts, table: str) -> None:
    rows = pd.read_csv(tables / table)
    c = famhistory
    for variable, se, sp in (
        ("famhistory", c.tp / c.positives, c.tn / c.negatives),
        ("all", 1.0, 0.0),
        ("none", 0.0, 1.0),
    ):
        theirs = rows[rows.variable == variable]
        ours = net_benefit(se, sp, c.prevalence, theirs.threshold)
        np.testing.assert_allclose(ours, theirs.net_benefit, atol=1e-12, rtol=1e-12)


def test_interventions_avoided_reproduce_r(tables: Path, famhistory: Counts) -> None:
    rows = pd.read_csv(tables / "r_case1_results.csv")
    rows = rows[(rows.variable == "famhistory") & rows.net_intervention_avoided.notna()]
    ours = interventions_avoided(rows.net_benefit, famhistory.prevalence, rows.threshold)
    np.testing.assert_allclose(ours, rows.net_intervention_avoided, atol=1e-9, rtol=1e-9)


def test_net_benefit_of_the_study_at_one_in_ten() -> None:
    found = net_benefit_estimate(metrics(TEST), TEST.prevalence, 0.10)
    assert found.net_benefit.value == pytest.approx(0.05196, abs=5e-6)
    assert found.treat_all == pytest.approx(-0.00052, abs=5e-6)
    assert found.treat_none == 0
    assert found.net_benefit.value == pytest.approx(88 / 1065 - 294 / 1065 * 0.1 / 0.9)


def test_standardised_net_benefit_of_a_perfect_test_is_1() -> None:
    assert standardised(net_benefit(1, 1, 0.017, 0.3), 0.017) == pytest.approx(1)


def test_interval_agrees_with_simulation() -> None:
    rng = np.random.default_rng(0)
    se, sp = rng.binomial(106, 88 / 106, 40_000) / 106, rng.binomial(959, 665 / 959, 40_000) / 959
    low, high = np.quantile(net_benefit(se, sp, 0.05, 0.1), [0.025, 0.975])
    e = net_benefit_estimate(metrics(TEST, "wilson"), 0.05, 0.1).net_benefit
    assert (e.low, e.high) == pytest.approx((low, high), abs=0.001)


def test_at_t_0_no_intervention_avoided_is_worth_a_missed_case() -> None:
    found = net_benefit_estimate(metrics(TEST), 0.1, 0.0)
    assert found.treat_all == pytest.approx(0.1)
    assert found.interventions_avoided.value == -math.inf


def test_at_t_1_only_a_test_without_false_alarms_survives() -> None:
    assert net_benefit(0.8, 1.0, 0.1, 1.0) == pytest.approx(0.08)
    assert net_benefit(0.8, 0.9, 0.1, 1.0) == -math.inf
    assert treat_all(0.1, 1.0) == -math.inf
    with pytest.raises(ValueError, match="0 ≤ t < 1, found 1"):
        net_benefit_estimate(metrics(TEST), 0.1, 1.0)


def test_a_missing_class_leaves_net_benefit_undefined() -> None:
    found = net_benefit_estimate(metrics(Counts(2, 1, 0, 0)), 0.0001, 0.1)
    assert not found.net_benefit.defined
    assert math.isnan(found.standardised.value)


def test_a_threshold_on_a_probability_moves_with_the_prevalence() -> None:
    assert threshold_probability(0.5, 0.44, 0.017) == pytest.approx(0.021537, abs=1e-6)


def test_a_cost_ratio_is_a_threshold_probability() -> None:
    assert harm_ratio_probability(9) == pytest.approx(0.1)
    with pytest.raises(ValueError, match="cost ratio above 0"):
        harm_ratio_probability(0)


def test_at_t_equal_to_the_prevalence_standardised_net_benefit_is_youdens_index() -> None:
    found = net_benefit_estimate(metrics(TEST), 0.2, 0.2)
    assert found.standardised.value == pytest.approx(88 / 106 + 665 / 959 - 1)
