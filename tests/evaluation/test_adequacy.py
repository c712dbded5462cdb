from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from cxr_valve.evaluation.adequacy import (
    adequacy,
    auc_cases_needed,
    auc_interval_width,
    cases_needed,
)
from cxr_valve.evaluation.intervals import clopper_pearson_bounds
from cxr_valve.evaluation.metrics import metrics
from cxr_valve.evaluation.operating_point import Counts


@given(st.floats(0, 1), st.sampled_from([0.05, 0.1, 0.2, 0.5]))
def test_the_needed_n_is_enough_and_one_fewer_is_not(p: float, width: float) -> None:
    n = cases_needed(p, width)
    for count, fits in ((n, True), (n - 1, False)):
        if count > 0:
            low, high = clopper_pearson_bounds(p * count, count)
            assert (high - low <= width) == fits


def test_a_wide_interval_is_named_with_the_n_that_would_be_enough() -> None:
    found = {a.metric: a for a in adequacy(metrics(Counts(9, 3, 60, 128)))}
    assert not found["sensitivity"].enough
    needed = found["sensitivity"].needed
    assert needed is not None
    assert needed > 12
    assert f"too wide to act on; n = {needed} would be enough" in found["sensitivity"].sentence()
    assert found["specificity"].enough
    assert "narrow enough" in found["specificity"].sentence()


def test_an_undefined_metric_is_not_enough_and_names_no_n() -> None:
    found = adequacy(metrics(Counts(0, 0, 1, 2)))[0]
    assert not found.enough
    assert found.needed is None
    assert "undefined" in found.sentence()


def test_impossible_questions_are_refused() -> None:
    with pytest.raises(ValueError, match="proportion from 0 to 1"):
        cases_needed(1.2)
    with pytest.raises(ValueError, match="width strictly between"):
        cases_needed(0.5, 0)


def test_a_rarer_finding_needs_more_images_for_the_same_auc_interval() -> None:
    assert auc_cases_needed(0.8, 0.10) > 2 * auc_cases_needed(0.8, 0.44)
    assert auc_cases_needed(0.8, 0.44, width=0.05) > 3 * auc_cases_needed(0.8, 0.44, width=0.10)


def test_the_width_of_an_auc_interval_fits_exponential_scores() -> None:
    # The variance of Hanley and McNeil is exact for scores that fall off exponentially; the mean
    # of positives that gives an AUC of .8 is then 4 times that of negatives.
    rng = np.random.default_rng(3)
    positives, negatives = rng.exponential(4, (4000, 60)), rng.exponential(1, (4000, 40))
    drawn = [(p[:, None] > n).mean() for p, n in zip(positives, negatives, strict=True)]
    assert np.mean(drawn) == pytest.approx(0.8, abs=0.003)
    width = auc_interval_width(0.8, 60, 40)
    assert width == pytest.approx(2 * 1.959964 * np.std(drawn), rel=0.04)
    with pytest.raises(ValueError, match="found 0 positives"):
        auc_interval_width(0.9, 0, 10)
