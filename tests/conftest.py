"""Shared fixtures: where the public radiographs are, and a small real set of weights."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# First, so that no test imports OpenVINO before its reports are switched off.
import cxr_valve.engines  # noqa: F401
from cxr_valve import cards
from cxr_valve.findings import FINDINGS
from cxr_valve.imaging.prepare import PREPROCESSING

ROOT = Path(__file__).resolve().parents[1]

# How long an example takes says something of the machine, nothing of the law that is tested.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


#: Tests of one process: they share servers, two browsers would slow each other, and a run may take
#: another process's Ray for its own.
TOGETHER = ("tests/e2e/", "tests/train/control/", "tests/train/fit/test_workers.py")


class ServersTogether(LoadFileScheduling):
    """Processes that share the tests share them file by file; but one alone drives the browser and
    Ray."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "servers" if file.startswith(TOGETHER) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ServersTogether:
    """What shares the tests between processes, where there are several."""
    return ServersTogether(config, log)


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of public radiographs, or a skip that says why."""
    folder = Path(os.environ.get("CXR_VALVE_REAL", ROOT.parent / "shared" / "real"))
    if not (folder / "manifest.csv").is_file():
        pytest.skip(
            "the public radiographs are not beside this checkout (CXR_VALVE_REAL names them)"
        )
    return folder


@pytest.fixture(scope="session", autouse=True)
def own_roots(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Tests never see or touch the user's promoted weights."""
    root = tmp_path_factory.mktemp("user-weights")
    before = os.environ.get(cards.ROOT_VARIABLE)
    os.environ[cards.ROOT_VARIABLE] = str(root)
    yield root
    if before is None:
        del os.environ[cards.ROOT_VARIABLE]
    else:
        os.environ[cards.ROOT_VARIABLE] = before


ToySet = Callable[..., cards.WeightSet]


@pytest.fixture
def toy_set() -> ToySet:
    """Writes a complete set of weights of small networks with random weights."""

    def write(
        root: Path,
        finding: str = "mr",
        tag: str = "toy",
        networks: tuple[str, ...] = ("resnet18",),
        size: int = 96,
    ) -> cards.WeightSet:
        import torch
        from safetensors.torch import save_file

        from cxr_valve.models.networks import ValveNet

        folder = root / f"{finding}-{tag}"
        folder.mkdir(parents=True)
        members = []
        for number, network in enumerate(networks):
            torch.manual_seed(number)
            model = ValveNet(network).eval()
            tensors = {
                name: value
                for name, value in model.state_dict().items()
                if not name.endswith("num_batches_tracked")
            }
            file = folder / f"{network}.safetensors"
            save_file(tensors, file)
            grid = model(torch.zeros(1, 1, size, size))[1].shape[1:]
            members.append(
                cards.Member(
                    network,
                    file.name,
                    cards.sha256(file),
                    size,
                    (int(grid[0]), int(grid[1])),
                    cards.Calibration(1.2 + number, -0.3),
                )
            )
        (folder / cards.SCORES_FILE).write_text(toy_scores())
        figure = cards.Figure(0.7, 0.6, 0.8, 100, "toy")
        cohort = cards.Cohort(100, 100, 40, {"auc": figure})
        card = cards.Card(
            finding=finding,
            tag=tag,
            kind="binary",
            simulated=True,
            created="2026-01-01",
            summary="Random weights for tests.",
            preprocessing=PREPROCESSING,
            members=tuple(members),
            prevalence=0.4,
            calibration=cards.Calibration(1.4, 0.1),
            operating_point=cards.OperatingPoint(
                0.45, "Youden's index on validation", 28, 12, 16, 44
            ),
            evidence=cards.EvidenceScale(2.0794415416798357, 0.09531),
            training=cards.Training(
                "none", FINDINGS[finding].label_rule, 0, 0, 0, "tests", {"resnet18": "random"}
            ),
            validation=cohort,
            test=cohort,
            data=(cards.Source("none", "Apache-2.0", "none"),),
            engine_error={},
            scores_sha256=cards.sha256(folder / cards.SCORES_FILE),
        )
        cards.write_card(card, folder)
        return cards.read_card(folder)

    return write


@pytest.fixture(scope="session")
def toy_templates() -> dict[str, cards.WeightSet]:
    """The one toy set that ``make_set`` copies, once it was made."""
    return {}


@pytest.fixture
def make_set(
    toy_set: ToySet,
    toy_templates: dict[str, cards.WeightSet],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., cards.WeightSet]:
    """Copies of one toy set under other names: no card looks inside its weights."""
    if not toy_templates:
        root = tmp_path_factory.mktemp("template")
        toy_templates["toy"] = toy_set(root, networks=("test_resnet",))
    template = toy_templates["toy"]

    def make(root: Path, finding: str = "mr", tag: str = "toy") -> cards.WeightSet:
        folder = root / f"{finding}-{tag}"
        shutil.copytree(template.folder, folder)
        cards.write_card(replace(template.card, finding=finding, tag=tag), folder)
        return cards.read_card(folder)

    return make


def toy_scores() -> str:
    """A small scores.csv: 100 cases a split, positives scoring higher on average."""
    rng = np.random.default_rng(3)
    lines = ["split,image,patient,label,grade,sex,age,view,score,resnet18"]
    for split in ("validation", "test"):
        for case in range(100):
            label = int(case < 40)
            score = float(np.clip(rng.normal(0.38 + 0.15 * label, 0.12), 0.01, 0.99))
            grade = "moderate" if label else "none"
            name = f"{split}-{case}"
            lines.append(f"{split},{name},{name},{label},{grade},F,60,PA,{score:.6f},{score:.6f}")
    return "\n".join(lines) + "\n"
