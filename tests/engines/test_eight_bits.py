"""Rounded to 8 bits as written: even steps, zero kept, ranges as they were seen."""

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st
from torch import nn

from cxr_valve.engines.eight_bits import EightBits, in_eight_bits, measure_ranges

END = st.floats(-50, 50, allow_nan=False)


def convolution(filters: list[list[float]]) -> nn.Conv2d:
    """1×1, a row for each output channel."""
    made = nn.Conv2d(len(filters[0]), len(filters), 1, bias=False)
    made.weight.data = torch.tensor(filters)[:, :, None, None]
    return made.requires_grad_(False)


class Chain(nn.Module):
    """Two convolutions of several channels around one that has no more than one at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.first = convolution([[2.0], [-1.0]])
        self.inner = nn.ModuleList([convolution([[1.0, 0.0], [0.5, -4.0]])])
        self.each = nn.Conv2d(2, 2, 1, groups=2)
        self.last = convolution([[1.0, 1.0]])

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.last(self.each(self.inner[0](self.first(image))))


def test_values_on_the_steps_pass_unchanged_and_others_go_to_the_nearest() -> None:
    # 255 steps of one from -5 to 250; filters of ±127 steps of .01.
    layer = EightBits(convolution([[1.27, 0.5]]), -5.0, 250.0)
    image = torch.tensor([[[[3.0]], [[-5.0]]]])
    assert float(layer(image)) == pytest.approx(3 * 1.27 - 5 * 0.5, rel=1e-5)
    image = torch.tensor([[[[3.4]], [[99.6]]]])
    assert float(layer(image)) == pytest.approx(3 * 1.27 + 100 * 0.5, rel=1e-5)


def test_values_beyond_the_range_are_taken_as_its_end() -> None:
    layer = EightBits(convolution([[1.0]]), 0.0, 2.0)
    found = layer(torch.tensor([[[[7.0, -3.0]]]]))
    np.testing.assert_allclose(found.numpy().ravel(), [2.0, 0.0], rtol=1e-5)


@given(END, END)
def test_zero_stays_exactly_zero_whatever_the_range(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    if max(high, 0) - min(low, 0) < 1e-3:
        return
    layer = EightBits(convolution([[1.0]]), low, high)
    assert float(layer(torch.zeros(1, 1, 1, 1))) == 0.0


@given(st.floats(0.1, 50), st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_no_value_inside_the_range_moves_by_more_than_half_a_step(
    high: float, shares: list[float]
) -> None:
    values = torch.tensor(shares)[None, None, None] * high
    found = EightBits(convolution([[1.0]]), 0.0, high)(values)
    assert float((found - values).abs().max()) <= 0.5 * high / 255 * 1.001


def test_filters_as_kept_on_disk_lose_nothing() -> None:
    steps = np.random.default_rng(4).integers(-127, 128, (3, 4))
    steps[:, 0] = 127
    layer = EightBits(convolution((steps * 0.013).tolist()), 0.0, 255.0)
    image = torch.tensor([3.0, 17.0, 90.0, 254.0])[None, :, None, None]
    expected = steps @ [3.0, 17.0, 90.0, 254.0] * 0.013
    np.testing.assert_allclose(layer(image).numpy().ravel(), expected, rtol=1e-5)


def test_a_filter_of_zeros_stays_zero() -> None:
    layer = EightBits(convolution([[0.0], [1.0]]), 0.0, 255.0)
    found = layer(torch.full((1, 1, 1, 1), 9.0)).numpy().ravel()
    np.testing.assert_allclose(found, [0.0, 9.0], rtol=1e-5)


def test_ranges_are_the_least_and_greatest_over_all_images() -> None:
    images = [np.full((2, 1, 1, 1), 1.0, np.float32), np.array([[[[3.0]]], [[[0.5]]]], np.float32)]
    found = measure_ranges(Chain(), images)
    assert found["inner.0"] == (-3.0, 6.0)
    assert set(found) == {"inner.0", "last"}


def test_measuring_leaves_the_network_as_it_was() -> None:
    network = Chain()
    measure_ranges(network, [np.ones((1, 1, 1, 1), np.float32)])
    assert not any(module._forward_pre_hooks for module in network.modules())


def test_what_never_changes_has_no_range() -> None:
    assert measure_ranges(convolution([[1.0, 2.0]]), [np.zeros((1, 2, 1, 1), np.float32)]) == {}


def test_only_the_convolutions_with_ranges_are_rounded() -> None:
    network = in_eight_bits(Chain(), {"inner.0": (-3.0, 6.0)})
    rounded = [name for name, part in network.named_modules() if isinstance(part, EightBits)]
    assert rounded == ["inner.0"]


def test_ranges_of_another_network_are_refused_by_the_name_that_is_missing() -> None:
    with pytest.raises(ValueError, match=r"a convolution called inner\.7, found none\. .* anew\.$"):
        in_eight_bits(Chain(), {"inner.7": (0.0, 1.0)})
    with pytest.raises(ValueError, match="a convolution called inner, found none"):
        in_eight_bits(Chain(), {"inner": (0.0, 1.0)})
