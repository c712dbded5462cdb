"""Evidence adds up to the log likelihood ratio, whatever its grid and prevalence."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as npst

from cxr_valve.cards import Calibration
from cxr_valve.imaging.geometry import Box, Geometry
from cxr_valve.models.chain import at_prevalence, calibrated
from cxr_valve.models.evidence import (
    consensus,
    has_positive_evidence,
    member_evidence,
    padding_share,
    resample,
)

GRIDS = npst.arrays(
    np.float32,
    st.tuples(st.integers(1, 8), st.integers(1, 8)),
    elements=st.floats(-8, 8, width=32),
)
SLOPES, SHIFTS, SHARES = st.floats(0.1, 3), st.floats(-2, 2), st.floats(0.01, 0.99)


def test_evidence_cell_by_cell_by_hand() -> None:
    activation = np.array([[1.0, 2.0], [3.0, 6.0]], np.float32)
    # The mean is 3 and the logit 2.5: bias −0.5. At π = 1/2 the prior's logit is 0.
    found = member_evidence(activation, 2.5, Calibration(2.0, 0.25), 0.5)
    np.testing.assert_allclose(found, [[1.25, 3.25], [5.25, 11.25]])
    assert found.dtype == np.float32


def test_evidence_is_measured_against_the_prevalence() -> None:
    activation = np.zeros((2, 2), np.float32)
    found = member_evidence(activation, 0.0, Calibration(1.0, 0.0), 0.2)
    np.testing.assert_allclose(found, math.log(4), rtol=1e-6)


@given(GRIDS, st.floats(-3, 3), SLOPES, SHIFTS, SHARES, SHARES)
def test_mean_evidence_and_a_prior_give_the_members_probability(
    activation, bias: float, a: float, b: float, trained: float, target: float
) -> None:
    logit = float(activation.mean(dtype=np.float64)) + bias
    calibration = Calibration(a, b)
    evidence = member_evidence(activation, logit, calibration, trained)
    post = math.log(target / (1 - target)) + float(evidence.mean(dtype=np.float64))
    expected = at_prevalence(calibrated(calibration, logit), trained, target)
    assert 1 / (1 + math.exp(-post)) == pytest.approx(expected, abs=1e-5)


@given(GRIDS, st.floats(-50, 50))
def test_a_constant_moved_between_map_and_bias_changes_no_evidence(activation, moved) -> None:
    logit = float(activation.mean(dtype=np.float64)) + 0.3
    calibration = Calibration(1.3, 0.2)
    shifted = (activation.astype(np.float64) + moved).astype(np.float32)
    np.testing.assert_allclose(
        member_evidence(shifted, logit, calibration, 0.3),
        member_evidence(activation, logit, calibration, 0.3),
        atol=1e-4,
    )


def test_consensus_of_equal_grids_is_their_mean() -> None:
    first, second = np.array([[1, -1], [0, 2]], np.float32), np.array([[3, 1], [0, -4]], np.float32)
    np.testing.assert_array_equal(consensus([first, second]), [[2, 0], [0, -1]])


def test_consensus_of_one_member_is_that_member() -> None:
    grid = np.array([[1, 2, 3]], np.float32)
    np.testing.assert_array_equal(consensus([grid]), grid)


def test_consensus_lies_on_the_finest_grid() -> None:
    coarse, fine = np.full((5, 5), 2.0, np.float32), np.zeros((7, 7), np.float32)
    found = consensus([coarse, fine])
    assert found.shape == (7, 7)
    np.testing.assert_allclose(found, 1.0)


def test_resampling_is_bilinear_between_cell_centres_and_flat_beyond_them() -> None:
    found = resample(np.array([[0.0, 4.0]], np.float32), 1, 4)
    np.testing.assert_allclose(found, [[0.0, 1.0, 3.0, 4.0]])


@given(GRIDS, st.integers(1, 12), st.integers(1, 12))
def test_resampling_stays_within_what_it_was(grid, rows: int, columns: int) -> None:
    found = resample(grid, rows, columns)
    assert found.shape == (rows, columns)
    assert found.min() >= grid.min() - 1e-5
    assert found.max() <= grid.max() + 1e-5


def test_positive_evidence_is_a_cell_above_epsilon() -> None:
    grid = np.array([[-3.0, 0.1]], np.float32)
    assert has_positive_evidence(grid, 0.09)
    assert not has_positive_evidence(grid, 0.11)
    assert not has_positive_evidence(np.full((2, 2), -1, np.float32), 0.0)


def placed(top: float, left: float, bottom: float, right: float, size: int = 100) -> Geometry:
    return Geometry(10, 10, size, Box(0, 0, 10, 10), Box(top, left, bottom, right))


def test_padding_share_by_hand() -> None:
    # Four cells of 50 px; the image fills columns 25 to 100: half of the left cells is padding.
    grid = np.array([[1.0, -2.0], [3.0, 2.0]], np.float32)
    assert padding_share(grid, placed(0, 25, 100, 100)) == pytest.approx((0.5 + 1.5) / 8)
    # Rows 0 to 40 as well: the upper left keeps .8 × .5 of its cell, the upper right .8.
    expected = (1 * 0.6 + 2 * 0.2 + 3 + 2) / 8
    assert padding_share(grid, placed(0, 25, 40, 100)) == pytest.approx(expected)


def test_without_padding_or_without_evidence_the_share_is_zero() -> None:
    whole = padding_share(np.ones((3, 3), np.float32), placed(0, 0, 100, 100))
    assert whole == pytest.approx(0, abs=1e-12)
    assert padding_share(np.zeros((3, 3), np.float32), placed(0, 25, 100, 75)) == 0


@given(GRIDS, st.floats(0, 40), st.floats(60, 100))
def test_the_share_lies_between_0_and_1(grid, start: float, stop: float) -> None:
    assert 0 <= padding_share(grid, placed(start, 0, stop, 100)) <= 1


@given(st.integers(1, 9), st.floats(0, 45), st.floats(55, 100))
def test_even_evidence_has_the_padding_of_the_area(cells: int, start: float, stop: float) -> None:
    share = padding_share(np.ones((cells, cells), np.float32), placed(start, 0, stop, 100))
    assert share == pytest.approx(1 - (stop - start) / 100, abs=1e-9)
