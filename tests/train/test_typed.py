"""What the page shows to be typed gives, typed, the very recipe it will train with."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from train.__main__ import main
from train.cohort.rules import CohortRules
from train.presets import PRESETS
from train.recipe import Recipe
from train.typed import cohort_command, fit_command

CHANGES: list[dict[str, object]] = [
    {},
    {"epochs": 3, "early_stopping": 2, "pretrained": False, "rate": 0.00025},
    {"networks": ("resnet18", "resnet50"), "input_size": (96, 160), "freeze_batch_norm": True},
    {"balance": "sampler", "precision": "32", "ema": 0.999, "early_stopping": 0, "warmup": 0.0},
]


@pytest.mark.parametrize("changes", CHANGES)
def test_the_command_gives_the_recipe_back(
    changes: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = replace(PRESETS["study-mr"], **changes)
    command = fit_command("study-mr", wanted.to_json(), Path("a cohort"), Path("runs/x"))
    words = shlex.split(command)
    assert words[:4] == ["python", "-m", "train", "fit"]
    found: list[Recipe] = []
    import train.fit.command

    def caught(options: object) -> int:
        found.append(train.fit.command._recipe(options))  # type: ignore[arg-type]
        return 0

    monkeypatch.setattr(train.fit.command, "run_command", caught)
    assert main(words[3:]) == 0
    assert found == [wanted]


def test_only_what_differs_from_the_preset_is_typed() -> None:
    command = fit_command("demo", PRESETS["demo"].to_json(), Path("c"), Path("r"))
    assert command == "python -m train fit --cohort c --preset demo --out r"


RULES = [
    CohortRules("exports", finding="as"),
    CohortRules(
        "an export",
        adapter="mimic",
        finding="mr",
        positive_from="moderate",
        window_days=90,
        pairing="all",
        exclude_prosthesis=False,
        missing_as_negative=True,
        split="given",
        ratios=(6, 2, 2),
        seed=5,
        timezone="Europe/Zurich",
        columns={"echoes.mr": "MI Grad"},
        truth="truth.csv",
    ),
]


@pytest.mark.parametrize("rules", RULES)
def test_the_command_gives_the_rules_back(
    rules: CohortRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = shlex.split(cohort_command(rules, Path("out")))
    found: list[CohortRules] = []
    import train.cohort.command

    def caught(options: object) -> int:
        found.append(train.cohort.command._rules(options))  # type: ignore[arg-type]
        return 0

    monkeypatch.setattr(train.cohort.command, "run", caught)
    assert main(words[3:]) == 0
    assert found == [rules]
