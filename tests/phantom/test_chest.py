"""Chest wall, lungs, bones and vessels of a simulated person: each where it belongs."""

from dataclasses import replace

import numpy as np
import pytest

from cxr_valve.phantom.build import Build, sample_build, sample_exposure
from cxr_valve.phantom.cage import Cage
from cxr_valve.phantom.heart import HILA
from cxr_valve.phantom.patient import Patient, sample_patient
from cxr_valve.phantom.rays import Rays, View
from cxr_valve.phantom.skeleton import build_skeleton
from cxr_valve.phantom.thorax import Thorax, build_thorax
from cxr_valve.phantom.vessels import build_vessels

SIDE, FIELD_MM = 200, 400.0
RAYS = Rays(SIDE, FIELD_MM, View())


def rng(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def patient() -> Patient:
    drawn = sample_patient(rng(1), mr="none", as_="none")
    return replace(drawn, sex="M", age=50.0, bmi=25.0, lung="clear", effusion=(0.0, 0.0))


@pytest.fixture(scope="module")
def build(patient: Patient) -> Build:
    return sample_build(rng(2), patient)


@pytest.fixture(scope="module")
def thorax(patient: Patient, build: Build) -> Thorax:
    return build_thorax(RAYS, patient, build, 1.0, rng())


def air(thorax: Thorax) -> np.ndarray:
    return thorax.right_lung.thickness(SIDE) + thorax.left_lung.thickness(SIDE)


def test_lungs_lie_within_the_body_and_on_their_own_side(thorax: Thorax) -> None:
    body = thorax.body.thickness(SIDE)
    right, left = thorax.right_lung.thickness(SIDE), thorax.left_lung.thickness(SIDE)
    assert (body[(right + left) > 5] > 40).all()
    # The patient's right is on the left of the image.
    assert right[:, SIDE // 2 + 6 :].max() == 0
    assert left[:, : SIDE // 2 - 6].max() == 0
    assert 0.7 < right.sum() / left.sum() < 1.5


def test_breathing_out_lifts_the_diaphragm(patient: Patient, build: Build) -> None:
    deep, shallow = (
        air(build_thorax(RAYS, patient, build, breath, rng())) for breath in (1.0, 0.5)
    )
    assert shallow.sum() < 0.92 * deep.sum()
    lowest = [np.flatnonzero((found > 5).any(axis=1)).max() for found in (deep, shallow)]
    assert lowest[1] < lowest[0] - 5


def test_fluid_takes_the_place_of_the_lowest_lung(patient: Patient, build: Build) -> None:
    wet = replace(patient, effusion=(0.6, 0.0))
    dry, flooded = (build_thorax(RAYS, who, build, 1.0, rng()) for who in (patient, wet))
    assert len(flooded.mediastinum) == len(dry.mediastinum) + 1
    fluid = flooded.mediastinum[-1].thickness(SIDE)
    rows = np.flatnonzero(fluid.any(axis=1))
    lung = np.flatnonzero(dry.right_lung.thickness(SIDE).any(axis=1))
    assert rows.min() > lung.min() + 0.4 * (lung.max() - lung.min())
    assert fluid[:, SIDE // 2 + 6 :].max() == 0


def test_bone_is_denser_in_denser_people_and_lies_around_the_lungs(build: Build) -> None:
    bone = build_skeleton(RAYS, build, 1.0, rng())
    strong = build_skeleton(RAYS, replace(build, bone=2 * build.bone), 1.0, rng())
    np.testing.assert_allclose(strong, 2 * bone, rtol=1e-5)
    column = bone[:, SIDE // 2 - 4 : SIDE // 2 + 4].mean()
    assert column > 2 * bone[60:150, SIDE // 2 + 25 : SIDE // 2 + 45].mean()
    # Ribs cross the lungs: bright and dark by turns from above to below.
    profile = bone[50:140, SIDE // 2 + 40]
    turns = np.sum(np.diff(np.sign(profile - profile.mean())) != 0)
    assert turns >= 8


def test_both_halves_of_the_skeleton_are_nearly_mirror_images(build: Build) -> None:
    bone = build_skeleton(RAYS, replace(build, spine_curve_mm=0.0), 1.0, rng())
    coarse = bone.reshape(20, 10, 20, 10).mean(axis=(1, 3))
    assert np.corrcoef(coarse.ravel(), coarse[:, ::-1].ravel())[0, 1] > 0.9


def test_vessels_taper_towards_the_chest_wall(patient: Patient, build: Build) -> None:
    blood = build_vessels(RAYS, patient, build, HILA, rng())
    near = blood[60:110, SIDE // 2 + 18 : SIDE // 2 + 32].mean()
    far = blood[60:110, SIDE // 2 + 55 : SIDE // 2 + 65].mean()
    assert near > 3 * max(far, 0.05)


def test_a_large_atrium_sends_blood_to_the_upper_zones(patient: Patient, build: Build) -> None:
    def upper_share(la: float) -> float:
        who = replace(patient, measurements=replace(patient.measurements, la=la))
        blood = build_vessels(RAYS, who, build, HILA, rng())
        upper, lower = blood[25:70].sum(), blood[85:130].sum()
        return float(upper / (upper + lower))

    assert upper_share(52.0) > upper_share(34.0) + 0.02
    assert upper_share(30.0) == pytest.approx(upper_share(34.0), abs=1e-6)


def test_the_cage_widens_downwards_and_its_depth_follows(build: Build) -> None:
    cage = Cage.of(build, 1.0)
    heights = np.linspace(5, 0.95 * build.height, 40)
    assert (np.diff(cage.width(heights)) > -1e-6).all()
    assert cage.width(heights)[-1] == pytest.approx(cage.half_width, rel=0.02)


def test_bedside_exposures_are_taken_from_nearer_from_the_front(patient, build) -> None:
    drawn = [sample_exposure(rng(seed), patient, build) for seed in range(300)]
    bedside = [found for found in drawn if found.view.projection == "AP"]
    assert 0.08 < len(bedside) / len(drawn) < 0.25
    assert max(found.view.tube_mm for found in bedside) < 1400
    assert min(found.view.tube_mm for found in drawn if found not in bedside) > 1700
    heart = (20.0, 160.0, 30.0)
    ap, pa = (
        np.mean(
            [Rays(100, f.field_mm, f.view).place(heart)[3] for f in drawn if f.view.projection == p]
        )
        for p in ("AP", "PA")
    )
    # The heart lies in front, so it is magnified more when the film is behind.
    assert ap > pa + 0.03
