"""Disease of the lungs adds tissue or takes it away where the lungs are."""

from dataclasses import replace

import numpy as np
import pytest

from cxr_valve.phantom.build import sample_build
from cxr_valve.phantom.cage import Cage
from cxr_valve.phantom.changes import EMPHYSEMA, effusions, lung_changes
from cxr_valve.phantom.patient import Lung, Patient, sample_patient
from cxr_valve.phantom.rays import Field, Rays, View
from cxr_valve.phantom.solids import Slab
from cxr_valve.phantom.thorax import build_thorax

SIDE = 200
RAYS = Rays(SIDE, 400.0, View())


@pytest.fixture(scope="module")
def patient() -> Patient:
    drawn = sample_patient(np.random.default_rng(1), mr="none", as_="none")
    return replace(drawn, lung="clear", effusion=(0.0, 0.0))


@pytest.fixture(scope="module")
def lungs(patient: Patient) -> tuple[Slab, Slab]:
    build = sample_build(np.random.default_rng(2), patient)
    chest = build_thorax(RAYS, patient, build, 1.0, np.random.default_rng(3))
    return chest.right_lung, chest.left_lung


def changed(patient: Patient, lungs: tuple[Slab, Slab], lung: Lung) -> Field:
    return lung_changes(RAYS, replace(patient, lung=lung), lungs, np.random.default_rng(4))


def test_clear_lungs_gain_and_lose_nothing(patient: Patient, lungs: tuple[Slab, Slab]) -> None:
    assert not changed(patient, lungs, "clear").any()


def test_emphysema_takes_tissue_in_proportion(patient: Patient, lungs: tuple[Slab, Slab]) -> None:
    air = lungs[0].thickness(SIDE) + lungs[1].thickness(SIDE)
    np.testing.assert_allclose(changed(patient, lungs, "emphysema"), -EMPHYSEMA * air, atol=1e-4)


def test_fibrosis_is_densest_at_the_bases(patient: Patient, lungs: tuple[Slab, Slab]) -> None:
    added = changed(patient, lungs, "fibrosis")
    air = lungs[0].thickness(SIDE) + lungs[1].thickness(SIDE)
    assert (added >= 0).all()
    assert added[air == 0].max() == 0
    assert added[110:150].mean() > 2 * added[30:70].mean()


def test_an_opacity_lies_in_one_lung(patient: Patient, lungs: tuple[Slab, Slab]) -> None:
    added = changed(patient, lungs, "opacity")
    found = [float(added[lung.window][lung.front > lung.back].sum()) for lung in lungs]
    assert max(found) > 50 * max(min(found), 1e-3)


def test_more_fluid_stands_higher_and_rises_towards_the_wall(
    patient: Patient, lungs: tuple[Slab, Slab]
) -> None:
    cage = Cage.of(sample_build(np.random.default_rng(2), patient), 1.0)
    little, much = (
        effusions(RAYS, replace(patient, effusion=(share, 0.0)), cage, lungs)[0].thickness(SIDE)
        for share in (0.2, 0.7)
    )
    assert much.sum() > 1.5 * little.sum()
    tops = [int(np.argmax(much[:, column] > 0)) for column in (45, 80)]
    assert tops[0] < tops[1]


def test_a_fibrosis_is_the_same_person_at_every_size_of_picture(patient: Patient) -> None:
    build = sample_build(np.random.default_rng(2), patient)
    sick = replace(patient, lung="fibrosis")
    coarse, fine = (
        build_thorax(Rays(side, 400.0, View()), sick, build, 1.0, np.random.default_rng(3))
        .mediastinum[1]
        .thickness(side)
        .mean()
        for side in (160, 480)
    )
    assert coarse == pytest.approx(fine, rel=0.01)
