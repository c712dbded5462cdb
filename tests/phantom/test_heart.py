"""The simulated heart: it lies where hearts lie, and each measurement moves what it should."""

from dataclasses import replace

import numpy as np
import pytest

from cxr_valve.phantom.build import Build, sample_build
from cxr_valve.phantom.heart import SILHOUETTE, Heart, build_heart
from cxr_valve.phantom.patient import Measurements, Patient, sample_patient
from cxr_valve.phantom.rays import Rays, View
from cxr_valve.phantom.solids import union_length

SIDE, FIELD_MM = 200, 400.0
RAYS = Rays(SIDE, FIELD_MM, View())
PIXEL_MM = FIELD_MM / SIDE
NAMES = {
    "lv", "rv", "ra", "la", "appendage", "ascending_aorta", "aortic_arch", "descending_aorta",
    "pulmonary_trunk", "svc", "aortic_valve", "pericardium_fat", "trachea",
}  # fmt: skip
USUAL = {"la": 36.0, "lvedd": 48.0, "wall": 9.0, "aorta": 33.0, "carina": 60.0, "lvef": 62.0}


def patient(**changes: float) -> Patient:
    """A man of 55 without other disease, with the usual measurements but for ``changes``."""
    drawn = sample_patient(np.random.default_rng(1), mr="none", as_="none")
    plain = {"hypertension": False, "cardiomyopathy": False, "atrial_fibrillation": False}
    size = Measurements(**(USUAL | changes))
    return replace(
        drawn, age=55.0, sex="M", bmi=26.0, calcification=0.0, measurements=size, **plain
    )


def body() -> Build:
    """A chest of the reference's size."""
    drawn = sample_build(np.random.default_rng(1), patient())
    return replace(drawn, half_width=142.0, height=262.0, heart_axis=0.0)


def heart(breath: float = 1.0, rays: Rays = RAYS, seed: int = 3, **changes: float) -> Heart:
    return build_heart(rays, patient(**changes), body(), breath, np.random.default_rng(seed))


def shadow(found: Heart, *names: str) -> np.ndarray:
    return union_length([found.slabs[name] for name in names], SIDE) > 2


def borders(mask: np.ndarray) -> tuple[float, float, float, float]:
    """Left, right, top and bottom of a shadow, mm from the image's middle and top."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    middle = FIELD_MM / 2
    return (
        columns[0] * PIXEL_MM - middle,
        (columns[-1] + 1) * PIXEL_MM - middle,
        rows[0] * PIXEL_MM,
        (rows[-1] + 1) * PIXEL_MM,
    )


def outline(**changes: float) -> tuple[float, float, float, float]:
    return borders(shadow(heart(**changes), *SILHOUETTE))


def test_the_same_draws_give_the_same_heart() -> None:
    first, second = heart(), heart()
    assert set(first.slabs) == NAMES
    assert first.calcium.tobytes() == second.calcium.tobytes()
    for name in NAMES:
        assert first.slabs[name].front.tobytes() == second.slabs[name].front.tobytes(), name


def test_two_thirds_of_the_heart_lie_left_of_the_midline() -> None:
    right, left, *_ = outline()
    assert -58 < right < -35
    assert 75 < left < 105
    assert 1.4 < left / -right < 2.6


def test_vessels_and_windpipe_lie_in_their_order() -> None:
    found = heart()
    knuckle = borders(shadow(found, "aortic_arch"))
    trunk = borders(shadow(found, "pulmonary_trunk"))
    assert knuckle[2] < trunk[2]
    assert borders(shadow(found, "svc"))[1] < knuckle[1]
    assert borders(shadow(found, "ascending_aorta"))[0] < -20
    right, left = found.hila
    assert right[0] < -30 < 30 < left[0]
    assert left[1] < right[1]


@pytest.mark.parametrize("name", ["la", "appendage"])
def test_a_larger_atrium_grows_with_its_appendage(name: str) -> None:
    areas = [shadow(heart(la=la), name).sum() for la in (30, 36, 44, 52, 60)]
    assert areas == sorted(set(areas))
    assert areas[-1] > 1.5 * areas[0]


def test_a_wide_ventricle_reaches_left_and_down() -> None:
    small, wide = outline(lvedd=44), outline(lvedd=64)
    assert wide[1] > small[1] + 8
    assert wide[3] > small[3] + 5
    assert wide[0] == pytest.approx(small[0], abs=3)


def test_a_thick_wall_lifts_and_blunts_the_apex() -> None:
    thin, thick = (shadow(heart(wall=wall), "lv") for wall in (8.0, 14.0))
    assert apex_height(thick) < apex_height(thin) - 5
    assert tip_area(thick) > 1.02 * tip_area(thin)


def apex_height(mask: np.ndarray) -> float:
    """Where the ventricle reaches furthest left, mm from the top."""
    column = np.flatnonzero(mask.any(axis=0))[-1]
    return float(np.flatnonzero(mask[:, column]).mean() * PIXEL_MM)


def tip_area(mask: np.ndarray) -> float:
    """Area of the outermost 15 mm of a shadow on the left, mm²: more where it is blunt."""
    last = np.flatnonzero(mask.any(axis=0))[-1]
    return float(mask[:, last - round(15 / PIXEL_MM) : last + 1].sum() * PIXEL_MM**2)


def test_a_wide_aorta_bulges_to_the_right() -> None:
    edges = [borders(shadow(heart(aorta=mm), "ascending_aorta"))[0] for mm in (28, 33, 38, 43)]
    assert edges == sorted(edges, reverse=True)
    assert edges[0] - edges[-1] > 12


def test_a_splayed_carina_lifts_both_bronchi() -> None:
    narrow, splayed = (borders(shadow(heart(carina=deg), "trachea")) for deg in (55, 95))
    assert splayed[0] < narrow[0] - 5
    assert splayed[1] > narrow[1] + 5
    assert splayed[3] < narrow[3] - 3


def test_letting_breath_out_lifts_and_widens_the_heart() -> None:
    full = borders(shadow(heart(), *SILHOUETTE))
    out = borders(shadow(heart(breath=0.6), *SILHOUETTE))
    assert out[3] < full[3] - 8
    assert out[1] - out[0] > full[1] - full[0]


def test_calcium_of_a_valve_is_faint_and_lies_on_it() -> None:
    drawn = replace(patient(), calcification=1.0)
    found = build_heart(RAYS, drawn, body(), 1.0, np.random.default_rng(3))
    extra = found.calcium - heart().calcium
    valve = shadow(found, "aortic_valve")
    assert 2 < extra.max() < 20
    assert extra[valve].sum() > 0.8 * extra.sum()


@pytest.mark.parametrize("side", [160, 512])
def test_the_heart_has_the_same_size_at_every_resolution(side: int) -> None:
    rays = Rays(side, FIELD_MM, View())
    length = union_length(list(heart(rays=rays).silhouette), side)
    usual = union_length(list(heart().silhouette), SIDE)
    per_pixel = (FIELD_MM / side) ** 2 / PIXEL_MM**2
    assert length.sum() * per_pixel == pytest.approx(usual.sum(), rel=0.015)
