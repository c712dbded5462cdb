"""Runs to train in tests: a small cohort, a small recipe, and the process that trains it."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from train.cohort.store import StoredCohort
from train.recipe import Recipe
from train.runs.folder import RunFolder, RunRequest
from train.runs.root import create, utc_now

ROOT = Path(__file__).resolve().parents[3]
TINY: dict[str, Any] = {
    "networks": ("test_resnet",),
    "input_size": 64,
    "epochs": 3,
    "batch": 4,
    "precision": "32",
}


def new_run(root: Path, cohort: StoredCohort | Path, id: str = "run", **recipe: Any) -> RunFolder:
    """A queued run of the small recipe, with what differs in it."""
    folder = cohort if isinstance(cohort, Path) else cohort.folder
    request = RunRequest(
        id=id,
        title="test",
        finding="mr",
        cohort=str(folder),
        recipe=Recipe(**(TINY | recipe)).to_json(),
        created=utc_now(),
        command="",
    )
    return create(request, root)


def start(folder: RunFolder, **environment: str) -> subprocess.Popen[str]:
    """``python -m train fit --run`` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "train", "fit", "--run", str(folder.path)],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for_step(folder: RunFolder, process: subprocess.Popen[str], step: int) -> None:
    """Wait until that many steps of a member are reported."""
    until = time.monotonic() + 200
    while folder.status().step < step or folder.status().stage != "training":
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < until, folder.status()
        time.sleep(0.02)


def weights(folder: RunFolder, network: str = "test_resnet") -> dict[str, torch.Tensor]:
    """The finished weights of a member."""
    return load_file(folder.network_file(network))


def last_state(folder: RunFolder, network: str = "test_resnet") -> dict[str, torch.Tensor]:
    """The weights in a member's last checkpoint, in full precision."""
    file = folder.checkpoints(network) / "last.ckpt"
    found: dict[str, torch.Tensor] = torch.load(file, weights_only=True)["state"]["learner"]
    return found


def assert_same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> None:
    """To 1e-6, tensor by tensor."""
    assert first.keys() == second.keys()
    for name, value in first.items():
        torch.testing.assert_close(value, second[name], atol=1e-6, rtol=0, msg=name)
