"""The anatomy network looks at an image at several sizes."""

import numpy as np
import pytest
import torch
from torch import nn

from cxr_valve.engines.engine import NetworkSource, open_engine
from cxr_valve.models.anatomy_network import AnatomyLooks, AnatomyNet


@pytest.fixture(scope="module")
def network() -> AnatomyNet:
    torch.manual_seed(0)
    return AnatomyNet().eval()


class Side(nn.Module):
    """Answers with the side of what it is shown, a hundredth a pixel."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image.new_full((len(image), 3, *image.shape[2:]), image.shape[-1] / 100)


def test_one_look_at_the_size_given_is_the_network_itself(network) -> None:
    image = torch.rand(1, 1, 64, 64)
    with torch.inference_mode():
        assert torch.equal(AnatomyLooks(network, (64,))(image), network(image))


def test_several_looks_are_their_mean_at_the_size_given() -> None:
    found = AnatomyLooks(Side(), (64, 96, 128))(torch.rand(2, 1, 128, 128))
    assert found.shape == (2, 3, 128, 128)
    assert found.numpy() == pytest.approx(0.96, abs=1e-5)


def test_a_smaller_look_keeps_everything_in_its_place() -> None:
    class Sees(nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return image.repeat(1, 3, 1, 1)

    image = torch.zeros(1, 1, 128, 128)
    image[..., 40:80, 20:100] = 1
    found = AnatomyLooks(Sees(), (64,))(image)[0, 0] > 0.5
    assert found.nonzero().min(dim=0).values.tolist() == [40, 20]
    assert found.nonzero().max(dim=0).values.tolist() == [79, 99]


def test_openvino_looks_as_torch_does(network) -> None:
    looks = AnatomyLooks(network, (64, 96)).eval()
    image = np.random.default_rng(1).random((1, 1, 96, 96), np.float32)
    source = NetworkSource("heart", "5" * 64, 96, lambda: looks)
    opened = open_engine("openvino").open(source)
    with torch.inference_mode():
        expected = looks(torch.from_numpy(image)).numpy()
    assert opened(image)[0] == pytest.approx(expected, abs=1e-3)
