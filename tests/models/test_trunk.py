"""Members that share their features give the same as each alone, and compute them once."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from cxr_valve.engines.eight_bits import measure_ranges
from cxr_valve.engines.engine import Images, NetworkSource, Outputs, open_engine
from cxr_valve.models.networks import ValveNet, classifier_name
from cxr_valve.models.trunk import KEPT, open_shared, trunk_checksum
from train.fit.weights import save_network

SIDE = 64


@pytest.fixture(scope="module")
def pair() -> tuple[ValveNet, ValveNet]:
    torch.manual_seed(3)
    first = ValveNet("test_resnet").eval()
    second = copy.deepcopy(first)
    second.classifier.reset_parameters()
    return first, second


def source(network: ValveNet, checksum: str) -> NetworkSource:
    return NetworkSource("test_resnet", checksum * 32, SIDE, lambda: network)


def image(seed: int) -> Images:
    return np.random.default_rng(seed).random((1, 1, SIDE, SIDE), np.float32)


@pytest.mark.parametrize("engine", ["torch", "openvino"])
def test_each_head_gives_its_own_logit_and_map(
    pair, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXR_VALVE_CACHE", str(tmp_path))
    opened = open_engine(engine)
    heads = open_shared(opened, [source(pair[0], "ab"), source(pair[1], "cd")])
    for head, network in zip(heads, pair, strict=True):
        with torch.inference_mode():
            logit, activation = network(torch.from_numpy(image(0)))
        found = head(image(0))
        assert len(found) == 2
        np.testing.assert_allclose(found[0], logit.numpy(), atol=1e-5)
        np.testing.assert_allclose(found[1], activation.numpy(), atol=1e-5)


def test_a_shared_trunk_can_be_rounded_to_8_bits(
    pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXR_VALVE_CACHE", str(tmp_path))
    ranges = measure_ranges(copy.deepcopy(pair[0]), [image(0)])
    sources = [
        replace(source(copy.deepcopy(network), checksum), ranges=ranges)
        for network, checksum in zip(pair, ("12", "34"), strict=True)
    ]
    heads = open_shared(open_engine("openvino-fast"), sources)
    assert len(list(tmp_path.glob("*-i8-*.xml"))) == 1
    for head, network in zip(heads, pair, strict=True):
        with torch.inference_mode():
            _, activation = network(torch.from_numpy(image(0)))
        found = head(image(0))[1]
        assert np.abs(found - activation.numpy()).max() <= 0.15 * float(activation.abs().max())


def test_a_shared_trunk_works_in_ranges_that_hold_for_every_member(pair) -> None:
    engine = Counting()
    first = replace(source(pair[0], "ab"), ranges={"one": (-1.0, 2.0), "two": (0.0, 3.0)})
    second = replace(source(pair[1], "cd"), ranges={"one": (0.0, 5.0), "two": (-2.0, 1.0)})
    open_shared(engine, [first, second])
    assert engine.opened.ranges == {"trunk.one": (-1.0, 5.0), "trunk.two": (-2.0, 3.0)}
    open_shared(engine, [first, replace(second, ranges=None)])
    assert engine.opened.ranges is None


class Counting:
    """An engine whose network only counts how often it runs; it keeps what it opened last."""

    name = "counting"
    opened: NetworkSource

    def __init__(self) -> None:
        self.runs = 0

    def open(self, source: NetworkSource) -> "Counting":
        self.opened = source
        return self

    def __call__(self, images: Images) -> Outputs:
        self.runs += 1
        value = images.mean().reshape(1)
        return (value, value, value + 1, value + 1)


def test_an_image_is_run_once_for_all_heads_and_another_anew(pair) -> None:
    engine = Counting()
    heads = open_shared(engine, [source(pair[0], "ab"), source(pair[1], "cd")])
    first, second = (head(image(1))[0] for head in heads)
    assert engine.runs == 1
    assert second == pytest.approx(first + 1)
    # Equal pixels, not the same array, are what counts.
    heads[0](image(1).copy())
    assert engine.runs == 1
    for seed in range(2, 2 + KEPT):
        heads[0](image(seed))
    heads[1](image(1))
    assert engine.runs == 2 + KEPT


def test_a_member_alone_is_opened_as_it_is(pair) -> None:
    engine = Counting()
    assert open_shared(engine, [source(pair[0], "ab")]) == (engine,)


def test_the_checksum_is_that_of_everything_but_the_classifier(pair, tmp_path: Path) -> None:
    found = []
    for number, network in enumerate(pair):
        save_network(network, tmp_path / f"{number}.safetensors")
        found.append(load_file(tmp_path / f"{number}.safetensors"))
    name = classifier_name("test_resnet")
    assert not torch.equal(found[0][f"backbone.{name}.weight"], found[1][f"backbone.{name}.weight"])
    assert trunk_checksum(found[0], name) == trunk_checksum(found[1], name)
    changed = next(key for key in found[1] if f".{name}." not in key)
    found[1][changed] += 1
    assert trunk_checksum(found[0], name) != trunk_checksum(found[1], name)
