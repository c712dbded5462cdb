"""A root for weights of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cxr_valve import cards


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose weights no test of another module sees: what is promoted lies there."""
    place = tmp_path_factory.mktemp("place")
    before = os.environ[cards.ROOT_VARIABLE]
    os.environ[cards.ROOT_VARIABLE] = str(place / "weights")
    yield place
    os.environ[cards.ROOT_VARIABLE] = before
