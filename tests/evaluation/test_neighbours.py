from __future__ import annotations

import math

import numpy as np
import pytest

from cxr_valve.evaluation.neighbours import frequency_within, observed_frequency


def test_neighbours_are_the_nearest_scores() -> None:
    y, s = [0, 0, 1, 1, 0], [0.1, 0.2, 0.3, 0.4, 0.9]
    found = observed_frequency(y, s, 0.3, k=3)
    e = found.frequency
    assert (found.lowest, found.highest) == (0.2, 0.4)
    assert (e.value, e.n, e.method) == (pytest.approx(2 / 3), 3, "Clopper–Pearson")
    everybody = observed_frequency(y, s, 0.3, k=99)
    assert (everybody.frequency.n, everybody.lowest, everybody.highest) == (5, 0.1, 0.9)
    assert not observed_frequency([], [], 0.3).frequency.defined


def test_neighbours_do_not_depend_on_the_order_of_ties() -> None:
    y, s = np.array([1, 0, 0, 1]), np.full(4, 0.5)
    for order in ([0, 1, 2, 3], [3, 2, 1, 0]):
        e = observed_frequency(y[order], s[order], 0.5, k=1).frequency
        assert (e.value, e.n) == (0.5, 4)


def test_a_window_holds_its_ends_and_may_be_empty() -> None:
    y, s = [0, 1, 1], [0.25, 0.5, 0.75]
    assert frequency_within(y, s, 0.5, window=0.25).n == 3
    assert not frequency_within(y, s, 0.0, window=0.1).defined
    with pytest.raises(ValueError, match="window above 0"):
        frequency_within(y, s, 0.5, window=0)
    with pytest.raises(ValueError, match="k ≥ 1"):
        observed_frequency(y, s, 0.5, k=0)
    with pytest.raises(ValueError, match="score, found NaN"):
        observed_frequency(y, s, math.nan)
