"""The body within the skin, with breasts on it and gas in it."""

from dataclasses import replace

import numpy as np
import pytest

from cxr_valve.phantom.build import Build, sample_build
from cxr_valve.phantom.patient import sample_patient
from cxr_valve.phantom.rays import Field, Rays, View
from cxr_valve.phantom.trunk import build_body, build_soft

SIDE = 200
RAYS = Rays(SIDE, 400.0, View())


@pytest.fixture(scope="module")
def build() -> Build:
    drawn = sample_patient(np.random.default_rng(1), mr="none", as_="none")
    man = replace(drawn, sex="M", age=50.0, bmi=26.0, height_cm=174.0, lung="clear")
    return sample_build(np.random.default_rng(2), man)


def soft(build: Build) -> Field:
    return build_soft(RAYS, build, (215.0, 223.0), np.random.default_rng(3))


def test_the_trunk_is_as_deep_as_the_chest_and_as_thick_as_a_neck_above(build: Build) -> None:
    body = build_body(RAYS, build).thickness(SIDE)
    assert body[110, SIDE // 2] == pytest.approx(build.depth, rel=0.08)
    assert 70 < body[5, SIDE // 2] < 150
    # Neck and shoulders meet without a step.
    column = body[:60, SIDE // 2]
    assert np.abs(np.diff(column)).max() < 25


def test_fat_makes_the_body_wider(build: Build) -> None:
    lean, fat = (
        build_body(RAYS, replace(build, fat_mm=mm)).thickness(SIDE)[170] for mm in (5.0, 25.0)
    )
    assert (fat > 1).sum() >= (lean > 1).sum()
    assert fat.sum() > 1.1 * lean.sum()


def test_breasts_add_tissue_over_the_lower_lungs_and_larger_ones_hang_lower(build: Build) -> None:
    flat, small, large = (soft(replace(build, breast_mm=mm)) for mm in (0.0, 25.0, 60.0))
    rows = np.arange(SIDE)[:, None]

    def middle(added: Field) -> float:
        kept = np.clip(added, 0, None) * (rows > 60) * (rows < 185)
        return float((kept * rows).sum() / kept.sum())

    assert (small - flat).max() > 5
    assert middle(large - flat) > middle(small - flat) + 3


def test_gas_only_takes_tissue_away_and_lies_below_the_diaphragm(build: Build) -> None:
    found = soft(replace(build, breast_mm=0.0))
    top = RAYS.place((0.0, 215.0, 0.0))[1] / RAYS.pixel_mm
    gas = np.flatnonzero((found < -1).any(axis=1))
    assert gas.size == 0 or gas.min() >= top - 2
