"""Devices: in mm of tissue where the patient has them, implants alike in every radiograph."""

from dataclasses import replace

import numpy as np
import pytest

from cxr_valve.phantom.devices import Landmarks, build_devices
from cxr_valve.phantom.patient import Patient, sample_patient
from cxr_valve.phantom.rays import Rays, View
from cxr_valve.phantom.solids import ellipsoid, tube

RAYS = Rays(200, 400.0, View())


@pytest.fixture(scope="module")
def marks() -> Landmarks:
    slabs = {
        "svc": tube(RAYS, [(-22, 50, 0), (-22, 125, 0)], [9, 9]),
        "ra": ellipsoid(RAYS, (-18, 160, 10), (28, 38, 30)),
        "rv": ellipsoid(RAYS, (20, 180, 40), (55, 35, 30)),
        "trachea": tube(RAYS, [(0, -30, -15), (0, 90, -25)], [9, 9]),
    }
    lungs = [ellipsoid(RAYS, (x, 130, 0), (65, 130, 70)) for x in (-75, 75)]
    return Landmarks.of(RAYS, slabs, lungs)


def patient(**with_: bool) -> Patient:
    plain = sample_patient(np.random.default_rng(0))
    return replace(plain, **({"pacemaker": False, "sternotomy": False, "line": False} | with_))


def drawn(marks: Landmarks, who: Patient, *, body: int = 1, look: int = 2, rays: Rays = RAYS):
    streams = np.random.default_rng(body), np.random.default_rng(look)
    return build_devices(rays, who, marks, *streams, portable=False)


def test_landmarks_lie_where_the_slabs_are(marks: Landmarks) -> None:
    u, v = marks.svc_top
    assert (u, v) == pytest.approx((RAYS.place((-22, 45, 0))[0], RAYS.place((0, 41, 0))[1]), abs=4)
    assert marks.svc_end[1] > v + 50
    assert marks.ventricle[0] > marks.atrium[0]
    assert marks.lungs[0] < 100 < 300 < marks.lungs[2]


def test_a_patient_without_devices_carries_nothing(marks: Landmarks) -> None:
    assert not drawn(marks, patient()).any()


def test_a_pacemaker_is_a_dense_can_and_leads_to_the_ventricle(marks: Landmarks) -> None:
    field = drawn(marks, patient(pacemaker=True))
    can = field > 50
    assert 1200 < can.sum() * RAYS.pixel_mm**2 < 2600
    assert np.argwhere(can)[:, 0].mean() * RAYS.pixel_mm < 200
    u, v = (round(x / RAYS.pixel_mm) for x in marks.ventricle)
    assert field[v - 4 : v + 5, u - 4 : u + 5].max() > 10


def test_sternal_wires_lie_in_the_midline(marks: Landmarks) -> None:
    places = np.argwhere(drawn(marks, patient(sternotomy=True)) > 5) * RAYS.pixel_mm
    assert len(places) > 100
    assert np.abs(places[:, 1] - marks.carina[0]).max() < 25
    assert np.ptp(places[:, 0]) > 90


def test_a_line_ends_in_the_great_vein_or_the_atrium(marks: Landmarks) -> None:
    field = drawn(marks, patient(line=True))
    places = np.argwhere(field > 2) * RAYS.pixel_mm
    assert places[:, 0].max() == pytest.approx(marks.svc_end[1], abs=45)


def test_implants_stay_and_lines_move_between_radiographs_of_one_person(marks: Landmarks) -> None:
    implanted = patient(pacemaker=True, sternotomy=True)
    assert (drawn(marks, implanted, look=2) == drawn(marks, implanted, look=3)).all()
    assert (drawn(marks, implanted, body=1) != drawn(marks, implanted, body=4)).any()
    lined = patient(line=True)
    assert (drawn(marks, lined, look=2) != drawn(marks, lined, look=3)).any()


def test_a_wire_holds_as_much_metal_in_every_size_of_picture(marks: Landmarks) -> None:
    who = patient(sternotomy=True)
    small, large = (
        float(drawn(marks, who, rays=Rays(side, 400.0, View())).sum() * (400 / side) ** 2)
        for side in (320, 960)
    )
    assert small == pytest.approx(large, rel=0.2)
