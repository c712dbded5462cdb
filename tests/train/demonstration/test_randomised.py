"""Maps against those of random weights: what resembles them is found out."""

from pathlib import Path

import numpy as np
import pytest

from cxr_valve.engines.torch_engine import TorchEngine
from cxr_valve.models.ensemble import Ensemble, open_ensemble
from tests.conftest import ToySet
from train.demonstration.further import Case, make_case
from train.demonstration.randomised import correlation, randomised, resemblance


def test_correlation_is_pearsons_and_0_for_a_flat_map() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 5, 5)).astype(np.float32)
    expected = np.corrcoef(one.ravel(), other.ravel())[0, 1]
    assert correlation(one, other) == pytest.approx(expected, abs=1e-6)
    assert correlation(one, -3 * one + 1) == pytest.approx(-1)
    assert correlation(one, np.ones((5, 5), np.float32)) == 0


@pytest.fixture
def ensemble(toy_set: ToySet, tmp_path: Path) -> Ensemble:
    return open_ensemble(toy_set(tmp_path, networks=("test_resnet",)), TorchEngine())


@pytest.fixture
def case(ensemble: Ensemble) -> Case:
    return make_case((0, tuple(ensemble.sizes())))


def test_weights_are_drawn_anew_by_seed(ensemble: Ensemble, case: Case) -> None:
    first, again, other = (
        randomised(ensemble, seed).read(case.inputs).logits for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
    assert first != ensemble.read(case.inputs).logits


def test_a_network_that_was_never_trained_resembles_random_ones_as_they_do_each_other(
    ensemble: Ensemble, case: Case
) -> None:
    never_trained = randomised(ensemble, 77)
    found = resemblance(never_trained, [case], draws=8)
    assert found.signed.n == 8
    assert found.absolute.low <= found.chance.high
    assert abs(found.signed.value) <= found.absolute.value


def test_nothing_to_compare_is_refused(ensemble: Ensemble) -> None:
    with pytest.raises(ValueError, match="at least one case and two draws"):
        resemblance(ensemble, [])
