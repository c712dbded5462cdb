"""Clouds of bone keep their volume on the detector, and bright edges where beams graze."""

import numpy as np
import pytest

from cxr_valve.phantom.rays import Rays, View
from cxr_valve.phantom.splat import Cloud, along, chords, shaft, splat

#: A tube so far away that everything is drawn at its own size.
FAR = Rays(200, 200.0, View(tube_mm=1e7, shift_mm=(0.0, 0.0)))


def cloud(*points: tuple[float, float, float], volume: float = 1.0) -> Cloud:
    return Cloud(np.array(points, np.float32), np.full(len(points), volume, np.float32))


def test_length_times_area_is_the_volume_that_was_laid_down() -> None:
    found = splat(FAR, [cloud((0, 100, 0), (20.3, 60.7, 10), volume=50.0)])
    assert float(found.sum()) * FAR.pixel_mm**2 == pytest.approx(100.0, rel=1e-3)


def test_a_point_lies_where_the_view_puts_it() -> None:
    view = View(tube_mm=1800.0, turn_deg=12.0, lean_deg=3.0, shift_mm=(5.0, 20.0))
    rays = Rays(400, 400.0, view)
    found = splat(rays, [cloud((40, 120, 50), volume=10.0)])
    u, v, _, _ = rays.place((40, 120, 50))
    rows, columns = np.mgrid[0:400, 0:400] + 0.5
    assert (found * columns).sum() / found.sum() == pytest.approx(u, abs=0.05)
    assert (found * rows).sum() / found.sum() == pytest.approx(v, abs=0.05)


def test_what_falls_beside_the_detector_is_lost_without_a_trace() -> None:
    found = splat(FAR, [cloud((500, 100, 0), (0, -80, 0))])
    assert found.max() == 0


def test_a_hollow_bone_is_brightest_at_its_edges() -> None:
    line = np.array([(0, 20, 0), (0, 180, 0)], np.float32)
    bone = shaft(line, (10.0, 10.0), (1, 0, 0), shell=1.0, marrow=0.0, spacing=0.5)
    profile = splat(FAR, [bone])[100]
    middle, edge = profile[100], profile[108:111].max()
    assert middle == pytest.approx(2.0, rel=0.1)
    assert edge > 1.7 * middle
    assert profile[115:].max() < 1e-3


def test_marrow_fills_a_bone_as_a_chord_does() -> None:
    line = np.array([(0, 20, 0), (0, 180, 0)], np.float32)
    bone = shaft(line, (10.0, 10.0), (1, 0, 0), shell=0.0, marrow=0.5, spacing=0.5)
    profile = splat(FAR, [bone])[100]
    assert profile[100] == pytest.approx(0.5 * 20, rel=0.05)
    assert profile[106] < profile[100]


def test_resampled_points_are_evenly_spaced_and_head_along_the_line() -> None:
    points, way = along(np.array([(0, 0, 0), (3, 0, 0), (3, 4, 0)], np.float32), 0.1)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert steps.max() <= 0.11
    np.testing.assert_allclose(np.linalg.norm(way, axis=1), 1, atol=1e-5)


def test_chords_share_the_whole_section() -> None:
    off, share = chords(9)
    assert float(share.sum()) == pytest.approx(1)
    assert share.argmax() == 4
    assert abs(off).max() < 1
