from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from cxr_valve.evaluation.binormal import SLOPES, binormal_auc, binormal_roots, fit_binormal


def test_mr_has_two_roots_and_takes_the_one_nearest_1() -> None:
    roots = binormal_roots(0.80, 0.71, 0.74)
    np.testing.assert_allclose(roots, [(1.1315, 0.8986), (1.5311, 1.5197)], atol=1e-3)
    found = fit_binormal(0.80, 0.71, 0.74)
    assert (found.a, found.b) == pytest.approx((1.1315, 0.8986), abs=1e-3)
    assert found.exact
    assert found.auc == pytest.approx(0.80, abs=1e-9)


def test_as_on_the_test_set_has_one_root() -> None:
    roots = binormal_roots(0.83, 0.83, 0.69)
    np.testing.assert_allclose(roots, [(1.6602, 1.4239)], atol=1e-3)


def test_as_on_validation_has_none_and_says_so_with_both_aucs() -> None:
    found = fit_binormal(0.83, 0.78, 0.71)
    assert binormal_roots(0.83, 0.78, 0.71) == []
    assert not found.exact
    assert found.b == pytest.approx(0.717, abs=1e-3)
    assert found.auc == pytest.approx(0.829, abs=5e-4)
    assert found.published_auc == 0.83
    assert "model" in found.label


@given(st.floats(0.55, 0.97), st.floats(0.1, 0.95), st.floats(0.1, 0.95))
def test_the_curve_passes_the_point_whether_or_not_its_auc_fits(auc, se, sp) -> None:
    found = fit_binormal(auc, se, sp)
    assert float(found.sensitivity(1 - sp)) == pytest.approx(se, abs=1e-9)
    assert found.at(found.threshold(sp)) == pytest.approx((se, sp), abs=1e-9)
    assert SLOPES[0] - 1e-9 <= found.b <= SLOPES[1] + 1e-9
    assert (abs(found.auc - auc) < 1e-9) == found.exact


@given(st.floats(0.2, 2.5), st.floats(0.4, 2.5), st.floats(0.1, 0.9))
def test_the_slope_of_a_known_curve_is_among_the_roots(a: float, b: float, sp: float) -> None:
    auc = binormal_auc(a, b)
    se = float(norm.cdf(a + b * norm.ppf(1 - sp)))
    assume(0.01 < se < 0.99)
    assert any(found == pytest.approx(b, abs=2e-3) for _, found in binormal_roots(auc, se, sp))


def test_the_area_under_the_drawn_curve_is_the_auc() -> None:
    found = fit_binormal(0.80, 0.71, 0.74)
    area, _ = quad(lambda x: float(found.sensitivity(x)), 0, 1)
    assert area == pytest.approx(found.auc, abs=1e-6)
    assert found.sensitivity([0.0, 1.0]).tolist() == [0.0, 1.0]


def test_figures_outside_0_and_1_are_refused() -> None:
    with pytest.raises(ValueError, match="auc strictly between"):
        fit_binormal(1.0, 0.7, 0.7)
    with pytest.raises(ValueError, match="sensitivity strictly between"):
        fit_binormal(0.8, 1.0, 0.7)
