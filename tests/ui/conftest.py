"""The reading page over small networks, behind a gate and a heart size made by hand."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cxr_valve import cards
from tests.ui.hand_reader import open_by_hand
from tests.ui.steps import PAGE


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


@pytest.fixture
def weights(shared: Path, toy_set, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small networks for both findings, AS by two members; made once."""
    if not any(shared.iterdir()):
        toy_set(shared, "mr")
        toy_set(shared, "as", networks=("resnet18", "resnet34"))
    monkeypatch.setenv(cards.ROOT_VARIABLE, str(shared))
    monkeypatch.setattr(cards, "shipped_root", lambda: shared)
    monkeypatch.setattr("cxr_valve.ui.resources.open_reader", open_by_hand)
    return shared


@pytest.fixture
def page(weights: Path) -> AppTest:
    return AppTest.from_file(str(PAGE), default_timeout=60).run()
