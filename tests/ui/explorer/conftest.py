"""A small root of weights with synthetic held-out scores, and apps to drive."""

import csv
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from cxr_valve import cards
from cxr_valve.cards import Calibration, Card, Cohort, EvidenceScale, Member, OperatingPoint
from cxr_valve.findings import FINDINGS

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "pages" / "explore" / "thresholds.py"


def make_scores(finding: str, images: int, seed: int) -> list[dict[str, object]]:
    """Rows of scores.csv: scores rise with the grade and overlap as patients do."""
    rng = np.random.default_rng(seed)
    grades = FINDINGS[finding].grades
    first = grades.index(FINDINGS[finding].positive_from)
    chance = {"mr": [0.3, 0.26, 0.2, 0.16, 0.08], "as": [0.85, 0.06, 0.05, 0.04]}[finding]
    rows: list[dict[str, object]] = []
    for split in ("validation", "test"):
        for number in range(images):
            rank = int(rng.choice(len(grades), p=chance))
            members = {
                name: round(float(expit(rng.normal(rank * 0.75 - 1.4, 1.1))), 6)
                for name in FINDINGS[finding].networks
            }
            rows.append(
                {
                    "split": split,
                    "image": f"{split}-{number}",
                    "patient": f"{split}-{number // 2}",
                    "label": int(rank >= first),
                    "grade": grades[rank],
                    "sex": "F" if number % 2 else "M",
                    "age": int(rng.integers(40, 90)),
                    "view": "PA",
                    "score": round(float(np.mean(list(members.values()))), 6),
                    **members,
                }
            )
    return rows


def make_set(root: Path, finding: str, tag: str = "fake", images: int = 400, seed: int = 1) -> Path:
    """Write ``<root>/<finding>-<tag>`` with a valid card, scores and stand-in weights."""
    folder = root / f"{finding}-{tag}"
    folder.mkdir(parents=True)
    rows = make_scores(finding, images, seed)
    with (folder / "scores.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    members = []
    for name in FINDINGS[finding].networks:
        (folder / f"{name}.safetensors").write_bytes(f"weights of {name}".encode())
        digest = hashlib.sha256((folder / f"{name}.safetensors").read_bytes()).hexdigest()
        file = f"{name}.safetensors"
        members.append(Member(name, file, digest, 224, (7, 7), Calibration(1.0, 0.0)))
    cards.write_card(_card(folder, finding, tag, tuple(members), rows), folder)
    return folder


def _card(folder: Path, finding: str, tag: str, members: tuple[Member, ...], rows: list) -> Card:
    test = [row for row in rows if row["split"] == "test"]
    positives = sum(int(row["label"]) for row in test)
    cohort = Cohort(len(test), len(test) // 2, positives, {})
    hit = [(row["label"], row["score"] >= 0.4) for row in test]
    table = [sum(pair == wanted for pair in hit) for wanted in ((1, 1), (1, 0), (0, 1), (0, 0))]
    training = cards.Training("simulated", "rule", len(test), 1, positives, "python -m train", {})
    return Card(
        finding=finding,
        tag=tag,
        kind="binary",
        simulated=True,
        created="2026-11-23",
        summary="Synthetic scores for tests.",
        preprocessing="none",
        members=members,
        prevalence=positives / len(test),
        calibration=Calibration(1.2, 0.1),
        operating_point=OperatingPoint(0.4, "youden", *table),
        evidence=EvidenceScale(3.0, 0.05),
        training=training,
        validation=cohort,
        test=cohort,
        data=(),
        engine_error={},
        scores_sha256=cards.sha256(folder / "scores.csv"),
    )


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root of weights with MR and AS; the shipped root is empty."""
    root = tmp_path / "weights"
    make_set(root, "mr")
    make_set(root, "as", seed=2)
    monkeypatch.setenv(cards.ROOT_VARIABLE, str(root))
    monkeypatch.setattr(cards, "shipped_root", lambda: tmp_path / "none" / "weights")
    return root


@pytest.fixture
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is installed."""
    monkeypatch.setenv(cards.ROOT_VARIABLE, str(tmp_path / "nothing"))
    monkeypatch.setattr(cards, "shipped_root", lambda: tmp_path / "none" / "weights")


@pytest.fixture
def new_set() -> Callable[..., Path]:
    """The maker of sets, for tests that need another one."""
    return make_set
