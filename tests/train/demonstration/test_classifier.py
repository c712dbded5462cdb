"""The classifier on features that stay: the optimum that another implementation finds."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from cxr_valve.models.networks import ValveNet
from train.demonstration.classifier import DECAY, fit_classifier
from train.fit.examples import Examples, TrainingData
from train.fit.team import single
from train.recipe import Recipe

SIDE, COUNT = 64, 48
PLAIN = Recipe(
    networks=("test_resnet",), input_size=SIDE, batch=8, augmentation="none", precision="32"
)


@pytest.fixture(scope="module")
def network() -> ValveNet:
    torch.manual_seed(3)
    return ValveNet("test_resnet").eval()


@pytest.fixture(scope="module")
def data() -> TrainingData:
    """Bright on the left in positives; the structure of the finding is the left half."""
    rng = np.random.default_rng(0)
    targets = (np.arange(COUNT) % 3 == 0).astype(np.float32)
    images = rng.integers(0, 120, (COUNT, SIDE, SIDE)).astype(np.uint8)
    images[targets == 1, :, : SIDE // 2] += rng.integers(0, 90, (16, SIDE, SIDE // 2), np.uint8)
    structures = np.zeros((COUNT, 1, 8, 8), np.float16)
    structures[:, :, :, :4] = 1
    examples = Examples(images, np.arange(COUNT), targets, structures=structures)
    return TrainingData(examples, examples, region=(0,))


def features(network: ValveNet, data: TrainingData) -> np.ndarray:
    images = torch.from_numpy(data.train.images[:, None] / np.float32(255))
    with torch.inference_mode():
        return network.features(images).mean(dim=(2, 3)).numpy()


def test_without_containment_it_is_ridge_logistic_regression(network, data) -> None:
    fitted = fit_classifier(network, PLAIN, data, single("32"))
    # scikit-learn sums the loss, and halves the squared norm.
    peer = LogisticRegression(C=1 / (2 * DECAY * COUNT), tol=1e-8, max_iter=5000)
    peer.fit(features(network, data), data.train.targets)
    expected = peer.decision_function(features(network, data))
    with torch.inference_mode():
        images = torch.from_numpy(data.train.images[:, None] / np.float32(255))
        found = fitted(images)[0].numpy()
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_containment_moves_evidence_into_the_structure(network, data) -> None:
    images = torch.from_numpy(data.train.images[:, None] / np.float32(255))
    outside = []
    for weight in (0.0, 5.0):
        recipe = replace(PLAIN, contain_weight=weight)
        fitted = fit_classifier(network, recipe, data, single("32"))
        with torch.inference_mode():
            evidence = fitted(images)[1] + fitted.classifier.bias - data.prior
        outside.append(float(evidence[:, :, 1].abs().mean() / evidence.abs().mean()))
    assert outside[1] < 0.6 * outside[0]


def test_the_features_stay_as_they_are(network, data) -> None:
    fitted = fit_classifier(network, PLAIN, data, single("32"))
    changed = {
        name
        for name, value in fitted.state_dict().items()
        if not torch.equal(value, network.state_dict()[name])
    }
    assert changed == {"backbone.fc.weight", "backbone.fc.bias"}
