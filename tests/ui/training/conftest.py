"""Runs on disk in every state, and the page over them."""

from pathlib import Path
from typing import Any

import pytest

from tests.ui.training.steps import MakeRun
from train.presets import PRESETS
from train.runs import RunFolder, RunRequest, create


@pytest.fixture
def runs_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of runs, and of data beside it."""
    root, data = tmp_path / "runs", tmp_path / "data"
    root.mkdir()
    data.mkdir()
    monkeypatch.setenv("CXR_VALVE_RUNS", str(root))
    monkeypatch.setenv("CXR_VALVE_DATA", str(data))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    return root


@pytest.fixture
def make_run(runs_root: Path) -> MakeRun:
    """``make_run(id, state, preset="demo", epochs_done=0, **status)`` writes a run's folder."""

    def make(
        id: str,
        state: str,
        preset: str = "demo",
        finding: str = "mr",
        epochs_done: int = 0,
        **status: Any,
    ) -> RunFolder:
        recipe = PRESETS[preset]
        request = RunRequest(
            id=id,
            title=f"Run {id}",
            finding=finding,
            cohort=str(runs_root / id / "cohort"),
            recipe=recipe.to_json(),
            created="2026-01-31T14:25:01+00:00",
            command=f"python -m train work --run {id}",
            simulate=600 if preset == "demo" else 0,
        )
        folder = create(request, runs_root)
        for member in recipe.networks:
            for epoch in range(1, epochs_done + 1):
                folder.append_metrics(
                    member=member,
                    epoch=epoch,
                    step=epoch * 10,
                    train_loss=0.7 - 0.02 * epoch,
                    validation_loss=0.7 - 0.01 * epoch,
                    validation_auc=0.5 + 0.03 * epoch,
                )
        folder.write_status(
            state=state,
            members=recipe.networks,
            member=recipe.networks[0],
            epochs=recipe.epochs,
            epoch=epochs_done,
            step=10 * epochs_done,
            steps=10 * recipe.epochs,
            **status,
        )
        return folder

    return make
