"""Realism: figures that tell a radiograph from noise, and a comparison against a range."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.phantom.render import simulate
from train.__main__ import main
from train.simulate.realism import (
    BINS,
    TILE,
    Figures,
    compare,
    dice,
    histogram,
    sheet,
    spectrum_slope,
)


def coloured_noise(slope: float, seed: int = 0) -> np.ndarray:
    """An image whose power falls with frequency by ``slope``."""
    side = 256
    down, across = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :]
    radius = np.maximum(np.hypot(down, across), 1 / side)
    waves = np.fft.rfft2(np.random.default_rng(seed).standard_normal((side, side)))
    return np.fft.irfft2(waves * radius ** (slope / 2)).astype(np.float32)


@pytest.mark.parametrize("slope", [0.0, -2.0, -3.0])
def test_the_slope_of_noise_of_known_colour_is_found(slope: float) -> None:
    found = np.mean([spectrum_slope(coloured_noise(slope, seed)) for seed in range(8)])
    assert found == pytest.approx(slope, abs=0.12)


def test_a_histogram_is_of_shares_and_puts_grey_where_it_belongs() -> None:
    shares = histogram(np.array([[0.0, 0.0], [0.999, 0.5]], np.float32))
    assert shares.shape == (BINS,)
    assert shares.sum() == pytest.approx(1)
    assert (shares[0], shares[BINS // 2], shares[-1]) == (0.5, 0.25, 0.25)


def test_dice_is_one_for_the_same_and_half_for_half_of_as_many() -> None:
    a = np.zeros((4, 4), bool)
    a[:2] = True
    assert dice(a, a) == 1
    assert dice(a, np.roll(a, 1, axis=0)) == pytest.approx(0.5)
    assert dice(a, ~a) == 0


def figures(slope: float, ctr: float, **more: float) -> Figures:
    return Figures(slope, tuple([1 / BINS] * BINS), ctr, **more)


def test_images_within_the_range_of_real_ones_are_counted() -> None:
    real = [figures(-3 + 0.01 * number, 0.5) for number in range(41)]
    inside = [figures(-2.8, 0.5, dice=0.9, true_ctr=0.48)] * 3
    outside = [figures(-1.0, 0.5, dice=0.7, true_ctr=0.5)]
    found = compare(inside + outside, real)
    assert (found.simulated, found.real) == (4, 41)
    assert found.slope_within == 0.75
    assert found.heart_found == 0.75
    assert found.histogram_within == 1
    assert found.ctr_error == pytest.approx(0.015)
    dark = replace(outside[0], histogram=(1.0,) + (0.0,) * (BINS - 1))
    assert compare([*inside, dark], real).histogram_within == 0.75


def radiograph(grey: int) -> Radiograph:
    one = simulate(1, 0, side=80).radiograph
    return replace(one, pixels=np.full_like(one.pixels, grey))


def test_the_sheet_mixes_both_kinds_and_its_key_tells_them() -> None:
    page, key = sheet([radiograph(4095)] * 4, [radiograph(2048)] * 4, seed=1)
    assert page.size == (6 * TILE, 2 * TILE)
    assert sorted(key) == ["real"] * 4 + ["simulated"] * 4
    assert key != sorted(key)
    pixels = np.asarray(page)
    for place, kind in enumerate(key):
        row, column = divmod(place, 6)
        grey = pixels[row * TILE + 40, column * TILE + 40]
        assert grey == (255 if kind == "simulated" else 128)


def test_the_command_asks_for_real_radiographs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["realism", "--real", str(tmp_path), str(tmp_path / "out")]) == 1
    assert "manifest.csv" in capsys.readouterr().err
