"""Looks: every one keeps dense bright and uses the range; archives of bytes have 256 greys."""

from dataclasses import replace

import numpy as np
import pytest

from cxr_valve.phantom.looks import LOOKS, SCALES_MM, WHITE, _bands, process, sample_look, stored

SIDE, PIXEL_MM = 128, 2.5


@pytest.fixture(scope="module")
def attenuation() -> np.ndarray:
    """A body with two dark fields and a bright middle, between open beams."""
    v, u = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    body = 4.0 * np.sqrt(np.clip(1 - (u / 0.42) ** 2, 0, 1))
    lungs = np.clip(1 - ((np.abs(u) - 0.2) / 0.12) ** 2 - (v / 0.35) ** 2, 0, 1)
    return (body - 2.0 * np.sqrt(lungs)).astype(np.float32)


def grey(attenuation: np.ndarray, name: str, seed: int = 0) -> np.ndarray:
    rng, noise = np.random.default_rng(seed).spawn(2)
    return process(attenuation, attenuation > 0.5, PIXEL_MM, LOOKS[name], rng, noise)


@pytest.mark.parametrize("name", LOOKS)
def test_every_look_keeps_dense_bright_and_uses_the_range(attenuation, name: str) -> None:
    image = grey(attenuation, name)
    assert (image.dtype, image.shape) == (np.float32, (SIDE, SIDE))
    assert 0 <= image.min() < 0.05
    assert 0.95 < image.max() <= 1
    middle, lung = image[64, 60:68].mean(), image[64, 36:42].mean()
    assert middle > lung + 0.25
    assert image[:, :4].mean() < 0.1


@pytest.mark.parametrize("name", LOOKS)
def test_the_same_streams_give_the_same_picture(attenuation, name: str) -> None:
    assert grey(attenuation, name, 5).tobytes() == grey(attenuation, name, 5).tobytes()
    assert grey(attenuation, name, 5).tobytes() != grey(attenuation, name, 6).tobytes()


def test_there_are_at_least_six_looks_and_each_is_drawn_by_its_share() -> None:
    rng = np.random.default_rng(1)
    drawn = [sample_look(rng) for _ in range(4000)]
    total = sum(look.share for look in LOOKS.values())
    assert len(LOOKS) >= 6
    for name, look in LOOKS.items():
        assert drawn.count(name) / 4000 == pytest.approx(look.share / total, abs=0.025)


def test_detail_at_all_scales_and_the_rest_add_up_to_the_image(attenuation) -> None:
    bands, base = _bands(attenuation, PIXEL_MM)
    assert len(bands) == len(SCALES_MM)
    assert np.add.reduce([*bands, base]) == pytest.approx(attenuation, abs=1e-4)
    assert base.std() < attenuation.std()


def test_evening_out_leaves_more_of_the_range_to_detail(attenuation) -> None:
    ripple = np.where(np.arange(SIDE) % 4 < 2, 0.05, -0.05).astype(np.float32)
    rippled = attenuation + ripple[:, None] * (attenuation > 0.5)

    def seen(share: float) -> float:
        look = replace(LOOKS["plain"], even=(share, share), steep=(0, 0), bend=(1, 1))
        rng, noise = np.random.default_rng(2).spawn(2)
        image = process(rippled, attenuation > 0.5, 6.0, look, rng, noise)
        return float(np.abs(np.diff(image[56:72, 36:42], axis=0)).mean())

    assert seen(0.8) > 1.2 * seen(0.4) > 1.2 * 1.1 * seen(0.0)


def test_archives_of_bytes_hold_256_greys_in_12_bits(attenuation) -> None:
    image = grey(attenuation, "archive")
    levels = np.unique(stored(image, LOOKS["archive"]))
    assert levels.size <= 256
    assert levels.max() == WHITE
    assert np.unique(stored(image, LOOKS["plain"])).size > 256
