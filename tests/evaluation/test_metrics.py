from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn import metrics as sk
from statsmodels.stats.contingency_tables import Table2x2

from cxr_valve.evaluation.intervals import Estimate
from cxr_valve.evaluation.metrics import inverse, metrics, point_metrics, weighted_sum
from cxr_valve.evaluation.operating_point import Counts

TEST = Counts(88, 18, 294, 665)
VALIDATION = Counts(63, 18, 282, 678)
COUNTS = st.builds(Counts, *[st.integers(0, 60)] * 4)


@pytest.mark.parametrize(
    ("metric", "value", "low", "high"),
    [
        ("sensitivity", 0.83, 0.74, 0.90),
        ("specificity", 0.69, 0.66, 0.72),
        ("accuracy", 0.71, 0.68, 0.73),
        ("ppv", 0.23, 0.19, 0.28),
        ("npv", 0.97, 0.96, 0.98),
    ],
)
def test_published_test_intervals_are_clopper_pearson(metric, value, low, high) -> None:
    e = metrics(TEST).as_dict()[metric]
    assert (round(e.value, 2), round(e.low, 2), round(e.high, 2)) == (value, low, high)


def test_wilson_does_not_reproduce_the_published_intervals() -> None:
    found = metrics(TEST, "wilson")
    limits = [(e.low, e.high) for e in (found.sensitivity, found.specificity, found.ppv)]
    assert [tuple(round(x, 2) for x in pair) for pair in limits] != [
        (0.74, 0.90),
        (0.66, 0.72),
        (0.19, 0.28),
    ]


def test_validation_table_gives_the_published_values() -> None:
    found = metrics(VALIDATION)
    values = [found.sensitivity, found.specificity, found.accuracy, found.ppv, found.npv]
    assert [round(e.value, 2) for e in values] == [0.78, 0.71, 0.71, 0.18, 0.97]


def test_values_equal_sklearn() -> None:
    y = np.repeat([1, 1, 0, 0], [88, 18, 294, 665])
    p = np.repeat([1, 0, 1, 0], [88, 18, 294, 665])
    found = metrics(TEST)
    positive, negative = sk.class_likelihood_ratios(y, p)
    assert found.f1.value == pytest.approx(sk.f1_score(y, p))
    assert found.mcc.value == pytest.approx(sk.matthews_corrcoef(y, p))
    assert found.balanced_accuracy.value == pytest.approx(sk.balanced_accuracy_score(y, p))
    assert found.lr_positive.value == pytest.approx(positive)
    assert found.lr_negative.value == pytest.approx(negative)
    assert found.alert_rate.value == pytest.approx(382 / 1065)
    assert found.number_needed_to_evaluate.value == pytest.approx(382 / 88)


def test_log_intervals_equal_statsmodels() -> None:
    # Rows: with and without the finding; columns: flagged and not.
    table = Table2x2(np.array([[88, 18], [294, 665]]))
    found = metrics(TEST)
    assert (found.lr_positive.low, found.lr_positive.high) == pytest.approx(
        table.riskratio_confint()
    )
    assert (found.dor.low, found.dor.high) == pytest.approx(table.oddsratio_confint())
    turned = Table2x2(np.array([[18, 88], [665, 294]]))
    assert (found.lr_negative.low, found.lr_negative.high) == pytest.approx(
        turned.riskratio_confint()
    )


def test_mcc_interval_agrees_with_a_multinomial_bootstrap() -> None:
    rng = np.random.default_rng(0)
    cells = np.array([88, 18, 294, 665])
    drawn = rng.multinomial(1065, cells / 1065, size=20_000).T
    low, high = np.quantile(point_metrics(*drawn)["mcc"], [0.025, 0.975])
    e = metrics(TEST).mcc
    assert (e.low, e.high) == pytest.approx((low, high), abs=0.004)


@given(COUNTS)
def test_every_interval_holds_its_value_and_points_agree(counts: Counts) -> None:
    points = point_metrics(counts.tp, counts.fn, counts.fp, counts.tn)
    for name, e in metrics(counts).as_dict().items():
        assert np.isclose(e.value, points[name], equal_nan=True, rtol=1e-12)
        assert not e.low > e.value + 1e-12
        assert not e.high < e.value - 1e-12


def test_a_missing_class_leaves_its_metrics_undefined_and_the_rest_defined() -> None:
    found = metrics(Counts(0, 0, 1, 2))
    assert not found.sensitivity.defined
    assert not found.lr_positive.defined
    assert not found.mcc.defined
    assert found.specificity.value == pytest.approx(2 / 3)
    assert found.accuracy.defined


def test_ratios_over_zero_are_infinite_with_a_finite_lower_limit() -> None:
    found = metrics(Counts(5, 5, 0, 10))
    for e in (found.lr_positive, found.dor):
        assert math.isinf(e.value)
        assert math.isinf(e.high)
        assert 0 < e.low < math.inf
        assert e.method == "log, ½ added"


def test_a_proportion_of_one_is_not_known_for_certain_in_a_ratio() -> None:
    """Three of three found, 50 of 100 flagged: the sensitivity's own interval begins at .29."""
    ratio = metrics(Counts(3, 0, 50, 50)).lr_positive
    p, q = 3.5 / 4, 50.5 / 101
    half = 1.959964 * math.sqrt((1 - p) / 3.5 + (1 - q) / 50.5)
    assert ratio.value == 2.0
    assert ratio.low == pytest.approx(p / q * math.exp(-half), rel=1e-6)
    assert ratio.high == pytest.approx(p / q * math.exp(half), rel=1e-6)
    everybody = metrics(Counts(5, 0, 400, 0)).lr_positive
    assert everybody.low < 1.0 < everybody.high


def test_a_ratio_covers_its_truth_where_few_positives_are_mostly_found() -> None:
    rng = np.random.default_rng(0)
    drawn = zip(rng.binomial(10, 0.9, 1000), rng.binomial(900, 0.3, 1000), strict=True)
    found = [metrics(Counts(k, 10 - k, m, 900 - m)).lr_positive for k, m in drawn]
    assert sum(e.low <= 3.0 <= e.high for e in found) >= 940


def test_a_perfect_mcc_has_no_interval() -> None:
    e = metrics(Counts(3, 0, 0, 3)).mcc
    assert e.value == 1
    assert math.isnan(e.low)


def test_weighted_sum_of_undefined_parts_is_undefined_unless_they_weigh_nothing() -> None:
    known = Estimate(0.5, 0.4, 0.7, 10, "Wilson")
    unknown = Estimate(math.nan, math.nan, math.nan, 0, "Wilson")
    assert not weighted_sum([(0.5, known), (0.5, unknown)]).defined
    one = weighted_sum([(1.0, known), (0.0, unknown)])
    assert (one.value, one.low, one.high) == pytest.approx((0.5, 0.4, 0.7))


def test_a_negative_weight_turns_the_limits_over() -> None:
    found = weighted_sum([(-1.0, Estimate(0.5, 0.4, 0.7, 10, "Wilson"))], 1.0)
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.3, 0.6))


def test_the_inverse_turns_limits_over_and_is_infinite_over_zero() -> None:
    e = inverse(Estimate(0.0, 0.0, 0.5, 4, "Wilson"))
    assert (e.value, e.low, e.high) == (math.inf, 2.0, math.inf)
