"""A set of weights, opened and read: what a reading is made of."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cxr_valve.cards import CardError, WeightSet
from cxr_valve.engines.engine import open_engine
from cxr_valve.imaging.prepare import Prepared, frame, prepare
from cxr_valve.models.chain import at_prevalence, run_chain
from cxr_valve.models.ensemble import Ensemble, open_ensemble
from cxr_valve.phantom.render import simulate

NETWORKS = ("test_resnet", "test_efficientnet")


@pytest.fixture
def weights(toy_set, tmp_path: Path) -> WeightSet:
    return toy_set(tmp_path, "as", networks=NETWORKS)


@pytest.fixture
def ensemble(weights: WeightSet) -> Ensemble:
    return open_ensemble(weights, open_engine("torch"))


@pytest.fixture(scope="module")
def inputs() -> dict[int, Prepared]:
    radiograph = simulate(1, 3, side=128).radiograph
    return {96: prepare(radiograph, 96, frame(radiograph))}


def test_an_ensemble_reads_what_its_members_and_the_chain_give(ensemble, inputs) -> None:
    found = ensemble.read(inputs)
    assert ensemble.sizes() == {96}
    assert len(found.logits) == len(found.evidence) == 2
    assert found.chain == run_chain(ensemble.card, found.logits)
    assert found.chain.score == pytest.approx(np.mean(found.chain.members))
    np.testing.assert_allclose(found.consensus, np.mean(found.evidence, axis=0), rtol=1e-5)


@pytest.mark.parametrize("prevalence", [0.4, 0.017, 0.9])
def test_each_members_evidence_carries_any_prevalence_to_its_probability(
    ensemble, inputs, prevalence: float
) -> None:
    found = ensemble.read(inputs)
    for evidence, probability in zip(found.evidence, found.chain.members, strict=True):
        post = math.log(prevalence / (1 - prevalence)) + float(evidence.mean(dtype=np.float64))
        expected = at_prevalence(probability, ensemble.card.prevalence, prevalence)
        assert 1 / (1 + math.exp(-post)) == pytest.approx(expected, abs=1e-6)


def test_progress_names_each_network_as_it_opens(weights: WeightSet) -> None:
    told: list[str] = []
    open_ensemble(weights, open_engine("torch"), told.append)
    assert told == ["Opening test_resnet for AS", "Opening test_efficientnet for AS"]


def test_weights_made_for_another_preparation_are_refused(weights: WeightSet) -> None:
    other = replace(weights, card=replace(weights.card, preprocessing="another/9"))
    with pytest.raises(CardError, match=r"^as-toy/card\.json: preprocessing: .*found another/9"):
        open_ensemble(other, open_engine("torch"))


def test_damaged_weights_are_refused_before_anything_runs(weights: WeightSet) -> None:
    file = weights.folder / "test_efficientnet.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(CardError, match=r"test_efficientnet\.safetensors: Expected checksum"):
        open_ensemble(weights, open_engine("torch"))
