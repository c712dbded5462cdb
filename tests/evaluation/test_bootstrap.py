from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as sk

from cxr_valve.evaluation.bootstrap import bootstrap, bootstrap_at_mix, replicate_counts
from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.intervals import wilson
from cxr_valve.evaluation.metrics import point_metrics
from cxr_valve.evaluation.precision_recall import average_precision
from cxr_valve.evaluation.prevalence import ppv_at
from cxr_valve.evaluation.resamples import Layout, draw_patients
from cxr_valve.evaluation.severity import (
    observed_mix,
    sensitivity_at_mix,
    sensitivity_by_grade,
)


def loop(cohort: Cohort, weights: np.ndarray, threshold: float) -> list[dict[str, float]]:
    """The plain way: repeat each patient's images and ask scikit-learn, replicate by replicate."""
    codes, _ = cohort.clusters()
    found = []
    for row in weights:
        rows = np.repeat(np.arange(len(cohort)), row[codes])
        y, s = cohort.labels[rows], cohort.scores[rows]
        if y.all() or not y.any():
            continue
        p = s >= threshold
        found.append(
            {
                "auc": sk.roc_auc_score(y, s),
                "sensitivity": sk.recall_score(y, p),
                "specificity": sk.recall_score(~y, ~p),
                "ppv": sk.precision_score(y, p, zero_division=np.nan),
                "accuracy": sk.accuracy_score(y, p),
                "balanced_accuracy": sk.balanced_accuracy_score(y, p),
                "f1": sk.f1_score(y, p),
                "mcc": sk.matthews_corrcoef(y, p),
            }
        )
    return found


@pytest.mark.parametrize("threshold", [0.0, 0.37, 0.5])
def test_replicates_equal_a_loop_over_sklearn(cohort: Cohort, threshold: float) -> None:
    weights = draw_patients(150, 60, np.random.default_rng(3))
    auc, *counts = replicate_counts(cohort, weights, threshold)
    ours = {"auc": auc, **point_metrics(*counts)}
    plain = loop(cohort, weights, threshold)
    assert len(plain) == len(auc)
    for name in plain[0]:
        theirs = np.array([row[name] for row in plain])
        # scikit-learn writes an undefined MCC as 0.
        mine = np.nan_to_num(ours[name]) if name == "mcc" else ours[name]
        np.testing.assert_allclose(mine, theirs, atol=1e-12)


def test_each_replicate_draws_as_many_patients_as_there_are() -> None:
    weights = draw_patients(40, 500, np.random.default_rng(0))
    assert weights.shape == (500, 40)
    assert (weights.sum(axis=1) == 40).all()
    assert weights.mean(axis=0) == pytest.approx(np.ones(40), abs=0.2)


def test_replicates_of_one_class_are_dropped_and_counted() -> None:
    cohort = Cohort(np.array([1, 0, 0]), np.array([0.9, 0.1, 0.2]))
    weights = np.array([[0, 2, 1], [3, 0, 0], [1, 1, 1]])
    assert replicate_counts(cohort, weights, 0.5).T.tolist() == [[1.0, 1.0, 0.0, 0.0, 2.0]]
    drawn = bootstrap(cohort, 0.5, replicates=400)
    assert len(drawn.replicates["auc"]) + drawn.dropped == 400
    # A replicate lacks the one positive with probability (2/3)³ and holds nothing else in 1/27.
    assert drawn.dropped / 400 == pytest.approx(9 / 27, abs=0.07)


def test_the_same_seed_gives_the_same_numbers_and_another_does_not(cohort: Cohort) -> None:
    one, two = (bootstrap(cohort, 0.4, replicates=300, seed=7).estimate("auc") for _ in range(2))
    assert one == two
    assert bootstrap(cohort, 0.4, replicates=300, seed=8).estimate("auc") != one


def test_resampling_patients_widens_intervals_of_correlated_images() -> None:
    rng = np.random.default_rng(0)
    y, own = rng.random(200) < 0.4, rng.normal(size=200)
    twice = Cohort(np.repeat(y, 2), np.repeat(own + y, 2), patients=np.repeat(np.arange(200), 2))
    by_patient = bootstrap(twice, 0.5, replicates=1000).estimate("auc")
    by_image = bootstrap(replace(twice, patients=None), 0.5, replicates=1000).estimate("auc")
    assert by_patient.n == 200
    assert by_image.n == 400
    assert by_patient.width / by_image.width == pytest.approx(np.sqrt(2), rel=0.15)


def test_intervals_are_near_wilson_where_images_are_independent(cohort: Cohort) -> None:
    alone = replace(cohort, patients=None)
    e = bootstrap(alone, 0.4, replicates=2000).estimate("accuracy")
    known = wilson(round(e.value * 300), 300)
    assert (e.low, e.high) == pytest.approx((known.low, known.high), abs=0.015)


def test_predictive_values_and_net_benefit_at_a_prevalence_come_from_the_same_replicates(
    cohort: Cohort,
) -> None:
    drawn = bootstrap(cohort, 0.4, prevalence=0.0001, t=0.05, replicates=100)
    np.testing.assert_allclose(
        drawn.replicates["ppv_at_prevalence"],
        ppv_at(drawn.replicates["sensitivity"], drawn.replicates["specificity"], 0.0001),
    )
    assert {"npv_at_prevalence", "net_benefit"} <= set(drawn.estimates())


@pytest.mark.parametrize("threshold", [0.0, 1.0, np.inf])
def test_every_metric_is_an_interval_or_undefined_at_the_ends(threshold, cohort: Cohort) -> None:
    for e in bootstrap(cohort, threshold, replicates=50).estimates().values():
        assert not e.defined or e.low <= e.high or e.method.endswith("all agree")


def test_where_all_replicates_agree_no_certainty_is_claimed() -> None:
    """Ten of ten found: the exact interval reaches down to .69, and resamples know nothing."""
    separated = Cohort(np.repeat([0, 1], 10), np.repeat([0.2, 0.8], 10))
    drawn = bootstrap(separated, 0.5, prevalence=0.02, replicates=200).estimates()
    for name in ("auc", "sensitivity", "ppv", "lr_positive", "ppv_at_prevalence"):
        assert drawn[name].defined, name
        assert np.isnan([drawn[name].low, drawn[name].high]).all(), name
        assert drawn[name].method == "bootstrap, no interval: all agree"
    # How many are flagged still varies.
    assert drawn["alert_rate"].low < 0.5 < drawn["alert_rate"].high


def test_average_precision_at_a_prevalence_equals_a_loop_over_sklearn(cohort: Cohort) -> None:
    weights = draw_patients(150, 40, np.random.default_rng(3))
    ours = Layout.of(cohort, 0.5).average_precision(weights, 0.017)
    codes, _ = cohort.clusters()
    theirs = []
    for row in weights:
        each = row[codes].astype(float)
        for positive, share in ((True, 0.017), (False, 0.983)):
            own = cohort.labels == positive
            each[own] *= share / each[own].sum()
        theirs.append(sk.average_precision_score(cohort.labels, cohort.scores, sample_weight=each))
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_average_precision_at_a_prevalence_has_the_interval_of_its_replicates(
    cohort: Cohort,
) -> None:
    e = bootstrap(cohort, 0.5, prevalence=0.017, replicates=300).estimate(
        "average_precision_at_prevalence"
    )
    assert e.value == average_precision(cohort.labels, cohort.scores, 0.017).value
    assert e.low < e.value < e.high
    assert e.n == 150


@pytest.mark.parametrize("labels", [[0, 0, 0], [1, 1, 1]])
def test_a_cohort_of_one_class_drops_every_replicate(labels: list[int]) -> None:
    drawn = bootstrap(Cohort(np.array(labels), np.array([0.1, 0.2, 0.3])), 0.2, replicates=20)
    assert drawn.dropped == 20
    assert not drawn.estimate("accuracy").defined


def test_nothing_to_resample_is_refused(make_cohort: Callable[..., Cohort]) -> None:
    with pytest.raises(ValueError, match="at least one image and one replicate, found 0"):
        bootstrap(Cohort(np.array([], bool), np.array([])), 0.5)
    with pytest.raises(ValueError, match="found 10 and 0"):
        bootstrap(make_cohort(10), 0.5, replicates=0)


@pytest.fixture
def graded(cohort: Cohort) -> Cohort:
    """Positives are severe where they score high more often than not."""
    rng = np.random.default_rng(4)
    severe = rng.random(len(cohort)) < 0.2 + 0.6 * cohort.scores
    grade = np.where(cohort.labels, np.where(severe, "severe", "mild"), "none")
    return replace(cohort, grade=grade)


def test_the_observed_mix_changes_no_value(graded: Cohort) -> None:
    plain = bootstrap(graded, 0.4, prevalence=0.1, t=0.1, replicates=50)
    by_grade = sensitivity_by_grade(graded.labels, graded.scores, graded.grade, 0.4)
    mixed = bootstrap_at_mix(
        graded, 0.4, observed_mix(by_grade), prevalence=0.1, t=0.1, replicates=50
    )
    assert {"auc", "sensitivity", "lr_positive", "ppv_at_prevalence", "net_benefit"} <= set(
        mixed.values
    )
    assert "accuracy" not in mixed.values
    for name, value in mixed.values.items():
        assert value == pytest.approx(plain.values[name], abs=1e-12), name


def test_each_replicate_at_a_mix_is_that_of_its_grades(graded: Cohort) -> None:
    mix = {"mild": 3.0, "severe": 1.0}
    drawn = bootstrap_at_mix(graded, 0.4, mix, prevalence=0.02, replicates=40, seed=3)
    codes, clusters = graded.clusters()
    expected = []
    for row in draw_patients(clusters, 40, np.random.default_rng(3)):
        rows = np.repeat(np.arange(len(graded)), row[codes])
        found = sensitivity_by_grade(
            graded.labels[rows], graded.scores[rows], graded.grade[rows], 0.4
        )
        expected.append(0.75 * found["mild"].value + 0.25 * found["severe"].value)
    np.testing.assert_allclose(drawn.replicates["sensitivity"], expected)
    e, known = drawn.estimate("sensitivity"), sensitivity_at_mix(found, mix)
    assert e.low < e.value < e.high
    assert e.width == pytest.approx(known.width, rel=0.5)


def test_a_mix_of_grades_that_nobody_has_is_refused(graded: Cohort) -> None:
    with pytest.raises(ValueError, match=r"Expected grades among \['mild', 'severe'\]"):
        bootstrap_at_mix(graded, 0.4, {"moderate": 1})
    with pytest.raises(ValueError, match="do not all vanish"):
        bootstrap_at_mix(graded, 0.4, {"mild": 0})
