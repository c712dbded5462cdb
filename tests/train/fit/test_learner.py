"""What a network is taught: nothing by what nobody measured, and only what is not frozen."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cxr_valve.models.networks import ValveNet
from train.fit.examples import Examples, TrainingData
from train.fit.learner import Learner
from train.recipe import Recipe

SIDE = 64
TINY = Recipe(networks=("test_resnet",), input_size=SIDE, batch=4, measure_weight=1.0)


def examples(measures: np.ndarray | None) -> Examples:
    rng = np.random.default_rng(0)
    return Examples(
        images=rng.integers(0, 256, (4, SIDE, SIDE), np.uint8),
        rows=np.arange(4),
        targets=np.array([0, 1, 0, 1], np.float32),
        measures=measures,
    )


def learner(recipe: Recipe, measures: np.ndarray | None) -> Learner:
    torch.manual_seed(0)
    data = examples(measures)
    return Learner(ValveNet("test_resnet"), recipe, TrainingData(data, data)).eval()


def losses(taught: Learner, measures: np.ndarray | None) -> tuple[float, float]:
    images = torch.rand(4, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    given = None if measures is None else torch.from_numpy(measures)
    total, own = taught(images, torch.tensor([0.0, 1, 0, 1]), given, None)
    return float(total.detach()), float(own.detach())


def test_measurements_that_nobody_made_teach_nothing() -> None:
    known = np.array([[1.0, 2], [0, 1], [3, 0], [1, 1]], np.float32)
    taught = learner(TINY, known)
    nothing = np.full_like(known, np.nan)
    total, own = losses(taught, nothing)
    assert total == pytest.approx(own)
    # With one column known, the loss is that column's mean.
    half = known.copy()
    half[:, 1] = np.nan
    alone = losses(taught, half)[0] - own
    both = losses(taught, known)[0] - own
    other = known.copy()
    other[:, 0] = np.nan
    assert both == pytest.approx((alone + losses(taught, other)[0] - own) / 2, rel=1e-5)


def test_frozen_features_leave_the_classifier_alone_to_be_trained() -> None:
    recipe = replace(TINY, measure_weight=0.0, freeze_features=True)
    taught = learner(recipe, None).train()
    trained = [name for name, value in taught.network.named_parameters() if value.requires_grad]
    assert trained == ["backbone.fc.weight", "backbone.fc.bias"]
    before = {name: value.clone() for name, value in taught.network.state_dict().items()}
    optimiser = torch.optim.SGD([v for v in taught.parameters() if v.requires_grad], lr=1.0)
    taught(torch.rand(4, 1, SIDE, SIDE), torch.tensor([0.0, 1, 0, 1]), None, None)[0].backward()
    optimiser.step()
    moved = {
        name
        for name, value in taught.network.state_dict().items()
        if not torch.equal(value, before[name])
    }
    # Statistics of batch normalisation included: the features are another's, bit by bit.
    assert moved == {"backbone.fc.weight", "backbone.fc.bias"}


@pytest.fixture
def contained() -> Learner:
    """One that is taught to keep its evidence to structure 1 of two; one of four is positive."""
    torch.manual_seed(0)
    data = replace(
        examples(None),
        targets=np.array([0, 0, 0, 1], np.float32),
        structures=np.zeros((4, 2, 8, 8), np.float16),
    )
    recipe = replace(TINY, measure_weight=0.0, contain_weight=3.0)
    return Learner(ValveNet("test_resnet"), recipe, TrainingData(data, data, region=(1,))).eval()


def penalty(taught: Learner, structures: torch.Tensor) -> float:
    images = torch.rand(4, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    total, own = taught(images, torch.tensor([0.0, 0, 0, 1]), None, structures)
    return float(total.detach()) - float(own.detach())


def test_evidence_outside_a_findings_structures_costs_its_size(contained: Learner) -> None:
    images = torch.rand(4, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        evidence = contained.network(images)[1] + contained.network.classifier.bias
    # Log odds of one positive to three negatives are where a map says nothing.
    said = evidence + np.log(3)
    cost = torch.nn.functional.huber_loss(said, torch.zeros_like(said), reduction="none")
    nowhere = torch.zeros(4, 2, 8, 8)
    assert penalty(contained, nowhere) == pytest.approx(3 * float(cost.mean()), rel=1e-4)
    # Structures of other findings change nothing.
    other = nowhere.clone()
    other[:, 0] = 1.0
    assert penalty(contained, other) == pytest.approx(penalty(contained, nowhere))
    left = nowhere.clone()
    left[:, 1, :, :4] = 1.0
    assert cost.shape[-1] == 2
    assert penalty(contained, left) == pytest.approx(3 * float(cost[..., 1].mean()), rel=1e-4)


def test_inside_them_and_where_nobody_knows_them_it_costs_nothing(contained: Learner) -> None:
    assert penalty(contained, torch.ones(4, 2, 8, 8)) == pytest.approx(0, abs=1e-6)
    assert penalty(contained, torch.full((4, 2, 8, 8), torch.nan)) == pytest.approx(0, abs=1e-6)
