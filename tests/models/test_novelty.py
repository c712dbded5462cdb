"""How unlike a cohort an image is."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from cxr_valve.models.novelty import (
    MIN_IMAGES,
    Novelty,
    fit_novelty,
    read_novelty,
    read_off,
    write_novelty,
)

SIZE = 40


def cohort(seed: int, count: int) -> np.ndarray:
    """Descriptions that vary along a few directions, and a little along all."""
    axes = np.random.default_rng(0).normal(size=(5, SIZE))
    rng = np.random.default_rng(seed)
    return (7 + rng.normal(size=(count, 5)) @ axes + 0.3 * rng.normal(size=(count, SIZE))).astype(
        np.float32
    )


@pytest.fixture(scope="module")
def fitted() -> Novelty:
    return fit_novelty(cohort(1, 400), cohort(2, 300))


def test_other_images_of_the_cohort_spread_over_all_percentiles(fitted) -> None:
    places = [fitted.percentile(one) for one in cohort(3, 400)]
    assert np.mean(places) == pytest.approx(50, abs=6)
    assert np.quantile(places, 0.9) == pytest.approx(90, abs=6)


def test_a_typical_distance_is_about_one(fitted) -> None:
    assert np.median(fitted.distance(cohort(4, 300))) == pytest.approx(1, abs=0.1)


def test_the_distance_is_that_of_mahalanobis_where_all_directions_are_kept() -> None:
    rng = np.random.default_rng(5)
    mixing = rng.normal(size=(4, 4))
    data = (rng.normal(size=(600, 4)) @ mixing).astype(np.float32)
    found = fit_novelty(data, data[:100])
    covariance = np.cov(data.T)
    scale = data.std(axis=0)
    # Two of four directions are main ones; the others share the mean of their variances.
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    values[:2] = values[:2].mean()
    centred = (data[:20] - data.mean(axis=0)) / scale
    expected = np.sqrt(((centred @ vectors) ** 2 / values).sum(axis=1) / 4)
    np.testing.assert_allclose(found.distance(data[:20]), expected, rtol=0.01)


@given(st.floats(0, 30), st.floats(0, 30), st.integers(0, 50))
def test_further_from_the_cohort_is_never_less_unlike(near: float, far: float, seed: int) -> None:
    fitted = fit_novelty(cohort(1, 80), cohort(2, 60))
    direction = np.random.default_rng(seed).normal(size=SIZE)
    near, far = sorted((near, far))
    places = [
        fitted.percentile((fitted.mean + step * direction).astype(np.float32))
        for step in (near, far)
    ]
    assert 0 <= places[0] <= places[1] <= 100


def test_it_is_read_as_it_was_written(fitted, tmp_path: Path) -> None:
    write_novelty(fitted, tmp_path / "novelty.safetensors")
    again = read_novelty(tmp_path / "novelty.safetensors")
    images = cohort(6, 20)
    np.testing.assert_allclose(again.distance(images), fitted.distance(images), rtol=1e-6)
    np.testing.assert_array_equal(again.distances, fitted.distances)


def test_descriptions_of_another_gate_are_refused(fitted) -> None:
    with pytest.raises(ValueError, match=r"Expected descriptions of 40 measurements, found .*7"):
        fitted.distance(np.zeros((3, 7), np.float32))


def test_a_handful_of_images_is_no_cohort() -> None:
    few, enough = cohort(1, MIN_IMAGES - 1), cohort(2, MIN_IMAGES)
    with pytest.raises(ValueError, match="at least 50 training images, found 49"):
        fit_novelty(few, enough)
    with pytest.raises(ValueError, match="at least 50 held-out images, found 49"):
        fit_novelty(enough, few)


def test_what_is_not_finite_is_refused() -> None:
    broken = cohort(1, 60)
    broken[3, 3] = np.nan
    with pytest.raises(ValueError, match="finite descriptions of the training images"):
        fit_novelty(broken, cohort(2, 60))


def test_the_sentence_says_whose_images_it_was_compared_with(fitted) -> None:
    typical = read_off(fitted, fitted.mean, simulated=False)
    assert typical.percentile < 5
    assert typical.words.startswith(
        "Within the range of the radiographs these weights learnt from: further out than"
    )
    assert "of 300 held out" in typical.words
    far = read_off(fitted, fitted.mean + 50, simulated=True)
    assert far.percentile == 100
    assert far.words.startswith(
        "Unlike the simulated radiographs these weights learnt from: further"
    )
    assert "every one of 300 held out" in far.words
    assert "Every real radiograph is; the numbers say nothing about this patient." in far.words
    # An unusual image among simulated ones is no real one for that.
    steps = (read_off(fitted, fitted.mean + x, simulated=True) for x in np.linspace(0, 5, 400))
    odd = next(one for one in steps if 99 <= one.percentile < 100)
    assert odd.words.endswith("The numbers may not hold for it.")
    real = read_off(fitted, fitted.mean + 50, simulated=False)
    assert real.words.endswith("The numbers may not hold for it.")
