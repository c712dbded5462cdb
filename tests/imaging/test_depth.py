"""Stored values of any depth come back from 16 bits, exactly where they fit."""

import warnings

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp

from cxr_valve.imaging.depth import to_uint16

INTEGERS = ("u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8")


@pytest.mark.parametrize("kind", INTEGERS)
@given(data=st.data())
def test_integers_whose_spread_fits_come_back_exactly(kind: str, data: st.DataObject) -> None:
    ends = np.iinfo(kind)
    low = data.draw(st.integers(int(ends.min), int(ends.max)))
    high = min(int(ends.max), low + 65535)
    stored = data.draw(hnp.arrays(kind, (3, 4), elements=st.integers(low, high)))
    pixels, scale, offset = to_uint16(stored, stored.dtype.itemsize * 8)
    assert pixels.dtype == np.uint16
    assert scale == 1.0
    # The offset is a float, exact up to 2**53.
    if max(abs(low), abs(high)) < 2**53:
        assert (pixels.astype(object) + int(offset)).tolist() == stored.astype(object).tolist()
    else:
        order = np.argsort(stored, axis=None, kind="stable")
        assert (np.diff(pixels.ravel()[order].astype(int)) >= 0).all()


@given(hnp.arrays(np.float32, (3, 4), elements=st.floats(-(2.0**99), 2.0**99, width=32)))
def test_floats_come_back_within_half_a_level(stored: np.ndarray) -> None:
    pixels, scale, offset = to_uint16(stored, 32)
    back = pixels * scale + offset
    spread = max(abs(float(stored.min())), abs(float(stored.max())))
    assert np.abs(back - stored.astype(float)).max() <= scale / 2 + 1e-9 * spread


def test_what_is_no_number_becomes_the_lowest_and_infinity_the_ends() -> None:
    stored = np.array([[np.nan, 2.0, 4.0, np.inf, -np.inf]], np.float32)
    pixels, scale, offset = to_uint16(stored, 32)
    assert (pixels * scale + offset).tolist() == [[2.0, 2.0, 4.0, 4.0, 2.0]]
    assert to_uint16(np.full((2, 2), np.nan), 64)[0].tolist() == [[0, 0], [0, 0]]


def test_a_signalling_nan_is_no_warning() -> None:
    stored = np.array([[0x7F800001, 0x3F800000]], np.uint32).view(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pixels, _, offset = to_uint16(stored, 32)
    assert (pixels.tolist(), offset) == ([[0, 0]], 1.0)


def test_the_extremes_of_floats_do_not_overflow() -> None:
    pixels, scale, _ = to_uint16(np.array([[-1.7e308, 1.7e308]]), 64)
    assert pixels.tolist() == [[0, 65535]]
    assert np.isfinite(scale)
