"""One thread: for networks this small a second one mostly waits."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from train.fit.examples import Examples, TrainingData


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data(examples: Examples) -> TrainingData:
    return TrainingData(examples, replace(examples, measures=None, structures=None))
