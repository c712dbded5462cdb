"""Chests follow the person; radiographs of them follow how they were taken."""

from dataclasses import replace

import numpy as np
import pytest

from cxr_valve.phantom.build import Build, sample_build, sample_exposure
from cxr_valve.phantom.patient import Patient, sample_patient


@pytest.fixture(scope="module")
def man() -> Patient:
    drawn = sample_patient(np.random.default_rng(1), mr="none", as_="none")
    return replace(drawn, sex="M", age=50.0, bmi=26.0, height_cm=174.0, lung="clear", line=False)


def average(patient: Patient, name: str) -> float:
    drawn = [sample_build(np.random.default_rng(seed), patient) for seed in range(200)]
    return float(np.mean([getattr(build, name) for build in drawn]))


def test_men_have_wider_and_longer_chests_and_women_have_breasts(man: Patient) -> None:
    woman = replace(man, sex="F", height_cm=161.0)
    assert average(man, "half_width") == pytest.approx(141, abs=1.5)
    assert average(woman, "half_width") == pytest.approx(127, abs=1.5)
    assert average(man, "height") > average(woman, "height") + 10
    assert average(man, "breast_mm") == 0
    assert average(woman, "breast_mm") > 20


def test_weight_adds_fat_and_lays_the_heart_flatter(man: Patient) -> None:
    heavy = replace(man, bmi=38.0)
    assert average(heavy, "fat_mm") > average(man, "fat_mm") + 10
    assert average(heavy, "heart_axis") < average(man, "heart_axis") - 5


def test_emphysema_lengthens_and_deepens_the_chest_and_fibrosis_shrinks_it(man: Patient) -> None:
    barrel, shrunk = replace(man, lung="emphysema"), replace(man, lung="fibrosis")
    assert average(barrel, "height") > average(man, "height") + 10
    assert average(barrel, "inner_depth") > average(man, "inner_depth") + 10
    assert average(shrunk, "height") < average(man, "height") - 15


def test_depth_is_skin_to_skin(man: Patient) -> None:
    build: Build = sample_build(np.random.default_rng(0), man)
    fatter = replace(build, fat_mm=build.fat_mm + 10)
    assert fatter.depth == pytest.approx(build.depth + 20)


def test_the_same_stream_gives_the_same_chest_and_exposure(man: Patient) -> None:
    first, second = (sample_build(np.random.default_rng(4), man) for _ in range(2))
    assert first == second
    exposures = [sample_exposure(np.random.default_rng(5), man, first) for _ in range(2)]
    assert exposures[0] == exposures[1]


def test_patients_at_the_bedside_breathe_less_and_lie_less_straight(man: Patient) -> None:
    build = sample_build(np.random.default_rng(0), man)
    drawn = [sample_exposure(np.random.default_rng(seed), man, build) for seed in range(400)]
    bedside = [found for found in drawn if found.view.projection == "AP"]
    standing = [found for found in drawn if found.view.projection == "PA"]

    def mean_of(values: list[float]) -> float:
        return float(np.mean(values))

    breaths = [mean_of([found.breath for found in group]) for group in (bedside, standing)]
    turns = [mean_of([abs(f.view.turn_deg) for f in group]) for group in (bedside, standing)]
    assert breaths[0] < breaths[1] - 0.15
    assert turns[0] > 1.5 * turns[1]
