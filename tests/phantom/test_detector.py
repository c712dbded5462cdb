"""The detector: attenuation grows with tissue, scatter flattens it, noise falls with dose."""

from dataclasses import replace

import numpy as np
import pytest

from cxr_valve.phantom.detector import MOST, Detector, expose, resized, sample_detector

QUIET = Detector(mu=0.02, scatter=0.0, quanta=1e12, electronic=0.0, blur_mm=0.3)
SIDE, PIXEL_MM = 96, 2.0


def seen(path: np.ndarray, detector: Detector = QUIET, seed: int = 0) -> np.ndarray:
    return expose(path.astype(np.float32), PIXEL_MM, detector, np.random.default_rng(seed))


def steps() -> np.ndarray:
    """A stair of tissue from 0 to 200 mm, in six bands."""
    return np.repeat(np.linspace(0, 200, 6), SIDE // 6)[None, :].repeat(SIDE, axis=0)


def test_without_scatter_and_noise_attenuation_is_that_of_beer_and_lambert() -> None:
    attenuation = seen(steps())
    middles = np.arange(6) * (SIDE // 6) + SIDE // 12
    assert attenuation[SIDE // 2, middles] == pytest.approx(0.02 * np.linspace(0, 200, 6), abs=1e-3)
    assert attenuation.dtype == np.float32


def test_attenuation_ends_where_nothing_more_is_measured() -> None:
    assert seen(np.full((SIDE, SIDE), 2000.0)) == pytest.approx(MOST)


def test_scatter_flattens_contrast_and_more_of_it_flattens_more() -> None:
    def contrast(share: float) -> float:
        attenuation = seen(steps(), replace(QUIET, scatter=share))
        return float(attenuation[SIDE // 2, 88] - attenuation[SIDE // 2, 40])

    assert contrast(0.0) > contrast(0.3) > contrast(1.0) > 0


def test_a_block_gets_scatter_from_the_thinner_tissue_around_it() -> None:
    path = np.full((SIDE, SIDE), 100.0)
    path[40:56, 40:56] = 300.0
    block = seen(path, replace(QUIET, scatter=0.5))[48, 48]
    assert block < seen(path)[48, 48] - 0.5


def test_noise_falls_with_the_root_of_the_dose() -> None:
    flat = np.full((SIDE, SIDE), 150.0)
    noise = [seen(flat, replace(QUIET, quanta=dose)).std() for dose in (1e4, 1e6)]
    assert noise[0] / noise[1] == pytest.approx(10, rel=0.05)
    expected = np.sqrt(np.exp(0.02 * 150) / (1e6 * PIXEL_MM**2))
    assert noise[1] == pytest.approx(expected, rel=0.05)


def test_the_same_stream_gives_the_same_noise() -> None:
    detector = replace(QUIET, quanta=1e4)
    assert seen(steps(), detector, 1).tobytes() == seen(steps(), detector, 1).tobytes()
    assert seen(steps(), detector, 1).tobytes() != seen(steps(), detector, 2).tobytes()


def test_bedside_exposures_have_more_scatter_and_fewer_quanta() -> None:
    drawn = {
        portable: [
            sample_detector(np.random.default_rng(seed), portable=portable) for seed in range(40)
        ]
        for portable in (False, True)
    }
    assert min(x.scatter for x in drawn[True]) > max(x.scatter for x in drawn[False])
    doses = [np.median([x.quanta for x in drawn[portable]]) for portable in (True, False)]
    assert doses[0] < doses[1]


def test_resizing_keeps_the_mean() -> None:
    field = np.random.default_rng(3).random((96, 96), np.float32)
    assert resized(field, 24).mean() == pytest.approx(field.mean(), abs=1e-5)
    assert resized(resized(field, 24), 96).mean() == pytest.approx(field.mean(), abs=2e-3)
