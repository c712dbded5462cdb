"""OpenVINO gives what torch gives, converts once, and may be shared."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest

from cxr_valve.engines.eight_bits import in_eight_bits, measure_ranges
from cxr_valve.engines.engine import CACHE_VARIABLE, many_at_once, open_engine
from tests.engines.processor import HAS_BF16

NETWORKS = {"test_resnet": "1" * 64, "test_efficientnet": "2" * 64}


@pytest.mark.parametrize(("network", "checksum"), NETWORKS.items())
def test_float32_agrees_with_torch(make_source, images, network: str, checksum: str) -> None:
    source = make_source(network, checksum)
    logits, maps = open_engine("openvino").open(source)(images)
    expected_logits, expected_maps = open_engine("torch").open(source)(images)
    assert np.ptp(expected_logits) > 1e-3
    np.testing.assert_allclose(logits, expected_logits, rtol=0, atol=1e-4)
    np.testing.assert_allclose(maps, expected_maps, rtol=0, atol=1e-4)


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_several_images_give_what_each_gives_alone(make_source, images, engine: str) -> None:
    run = open_engine(engine).open(make_source("test_resnet", NETWORKS["test_resnet"]))
    logits, maps = run(images)
    assert (logits.shape, logits.dtype) == ((5,), np.float32)
    assert (maps.shape, maps.dtype) == ((5, 3, 3), np.float32)
    alone = [run(image[None]) for image in images]
    np.testing.assert_allclose(logits, np.concatenate([one[0] for one in alone]), atol=1e-5)
    np.testing.assert_allclose(maps, np.concatenate([one[1] for one in alone]), atol=1e-5)


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_results_stay_what_they_were_when_the_next_image_runs(
    make_source, images, engine: str
) -> None:
    run = open_engine(engine).open(make_source("test_resnet", NETWORKS["test_resnet"]))
    logits, maps = run(images[:1])
    kept = logits.copy(), maps.copy()
    run(images[1:])
    np.testing.assert_array_equal(logits, kept[0])
    np.testing.assert_array_equal(maps, kept[1])


def test_several_at_once_are_truly_run_at_once_and_give_the_same(make_source, images) -> None:
    source = make_source("test_resnet", NETWORKS["test_resnet"])
    engine = open_engine("openvino", at_once=3)
    assert (engine.at_once, open_engine("openvino").at_once) == (3, 1)
    run = engine.open(source)
    assert run._free.qsize() == 3
    expected = open_engine("openvino").open(source)
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda index: run(images[index % 5][None]), range(20)))
    assert run._free.qsize() == 3
    for index, (logits, maps) in enumerate(found):
        alone = expected(images[index % 5][None])
        np.testing.assert_allclose(logits, alone[0], rtol=0, atol=1e-6)
        np.testing.assert_allclose(maps, alone[1], rtol=0, atol=1e-5)


def test_an_image_that_fails_frees_its_place(make_source, images) -> None:
    run = open_engine("openvino").open(make_source("test_resnet", NETWORKS["test_resnet"]))
    with pytest.raises(Exception, match="shape"):
        run(images[:1, :, :32])
    assert run(images[:1])[0].shape == (1,)


@pytest.mark.parametrize("cores", [1, 3, 64])
def test_many_at_once_are_one_a_core_and_not_too_many(
    monkeypatch: pytest.MonkeyPatch, cores: int
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    assert many_at_once() == min(cores, 4)
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert many_at_once() == 1


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_concurrent_calls_give_the_answers_of_calls_in_turn(
    make_source, images, engine: str
) -> None:
    run = open_engine(engine).open(make_source("test_resnet", NETWORKS["test_resnet"]))
    expected = [run(image[None]) for image in images]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda index: run(images[index % 5][None]), range(20)))
    for index, (logits, maps) in enumerate(found):
        np.testing.assert_array_equal(logits, expected[index % 5][0])
        np.testing.assert_array_equal(maps, expected[index % 5][1])


@pytest.mark.parametrize(("network", "checksum"), NETWORKS.items())
def test_the_fast_engine_stays_near_torch(make_source, images, network: str, checksum: str) -> None:
    source = make_source(network, checksum)
    fast = open_engine("openvino-fast")
    assert fast.name == "openvino-fast"
    logits, maps = fast.open(source)(images)
    expected_logits, expected_maps = open_engine("torch").open(source)(images)
    scale = float(np.abs(expected_maps).max())
    np.testing.assert_allclose(logits, expected_logits, atol=0.05 * scale)
    np.testing.assert_allclose(maps, expected_maps, atol=0.1 * scale)
    assert np.abs(logits - expected_logits).max() > 0 or not HAS_BF16


class OldCore(openvino.Core):
    """A processor that lacks bfloat16, whatever this one has."""

    def get_property(self, *asked: str) -> Any:
        found = super().get_property(*asked)
        return [one for one in found if one != "BF16"] if isinstance(found, list) else found


@pytest.fixture(scope="module")
def ranged(make_source, images) -> Any:
    """A source with the ranges of its network, measured on the test's own images."""
    source = make_source("test_resnet", "4" * 64)
    return replace(source, ranges=measure_ranges(source.build(), [images]))


@pytest.mark.parametrize("core", [openvino.Core, OldCore])
def test_with_ranges_the_fast_engine_computes_with_8_bits(
    ranged, images, core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino, "Core", core)
    found = open_engine("openvino-fast").open(ranged)(images)
    rounded = replace(ranged, build=lambda: in_eight_bits(ranged.build(), ranged.ranges))
    expected = open_engine("torch").open(rounded)(images)
    plain = open_engine("torch").open(ranged)(images)
    # Nearer to torch rounding the same way than to torch not rounding: it does round.
    assert np.abs(found[1] - expected[1]).mean() < 0.5 * np.abs(plain[1] - expected[1]).mean()
    scale = float(np.abs(plain[1]).max())
    np.testing.assert_allclose(found[0], plain[0], atol=0.05 * scale)
    np.testing.assert_allclose(found[1], plain[1], atol=0.15 * scale)


def test_without_bfloat16_and_ranges_the_fast_engine_computes_in_float32(
    ranged, images, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino, "Core", OldCore)
    fast = open_engine("openvino-fast")
    assert fast.name == "openvino-fast"
    found = fast.open(replace(ranged, ranges=None))(images)
    expected = open_engine("openvino").open(ranged)(images)
    scale = float(np.abs(expected[1]).max())
    np.testing.assert_allclose(found[1], expected[1], atol=1e-5 * scale)


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_ranges_change_nothing_in_other_engines(ranged, images, engine: str) -> None:
    with_ranges = open_engine(engine).open(ranged)(images)
    without = open_engine(engine).open(replace(ranged, ranges=None))(images)
    np.testing.assert_array_equal(with_ranges[0], without[0])
    np.testing.assert_array_equal(with_ranges[1], without[1])


def test_other_ranges_are_converted_anew_and_the_same_are_not(
    ranged, images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    fast = open_engine("openvino-fast")
    first = fast.open(ranged)(images[:1])[0]
    assert fast.open(replace(ranged, ranges=dict(ranged.ranges)))(images[:1])[0] == first
    assert len(list(tmp_path.glob("*-i8-*.xml"))) == 1
    narrow = {name: (0.1 * low, 0.1 * high) for name, (low, high) in ranged.ranges.items()}
    assert abs(fast.open(replace(ranged, ranges=narrow))(images[:1])[0] - first) > 1e-3
    assert len(list(tmp_path.glob("*-i8-*.xml"))) == 2
    fast.open(replace(ranged, ranges={}))
    assert len(list(tmp_path.glob("*.xml"))) == 3


@pytest.mark.parametrize("name", ["tensorrt", "", "OpenVINO"])
def test_an_engine_that_does_not_exist_is_refused_with_those_that_do(name: str) -> None:
    with pytest.raises(ValueError, match=r"out of openvino, openvino-fast, torch; found"):
        open_engine(name)
