"""What a person would type to do what the page does."""

import shlex
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from train.cohort.rules import CohortRules
from train.presets import PRESETS
from train.recipe import Recipe, recipe_from_json

_PATHS = ("timezone", "images", "radiographs", "echoes", "truth")


def fit_command(preset: str, recipe: Mapping[str, Any], cohort: Path, out: Path) -> str:
    """``python -m train fit`` with the preset and every field that differs from it."""
    wanted = recipe_from_json(recipe)
    words = ["python", "-m", "train", "fit", "--cohort", str(cohort), "--preset", preset]
    for field in fields(Recipe):
        value = getattr(wanted, field.name)
        if value != getattr(PRESETS[preset], field.name):
            words += option(field.name, value)
    return shlex.join([*words, "--out", str(out)])


def cohort_command(rules: CohortRules, out: Path) -> str:
    """``python -m train cohort`` with every rule that differs from the usual one."""
    words = ["python", "-m", "train", "cohort", "--export", rules.source]
    words += ["--finding", rules.finding, "--adapter", rules.adapter]
    usual = CohortRules("")
    for name in ("positive_from", "window_days", "pairing", "split", "seed", *_PATHS):
        if getattr(rules, name) != getattr(usual, name):
            words += option("days" if name == "window_days" else name, getattr(rules, name))
    if rules.ratios != usual.ratios:
        words += ["--ratios", ":".join(f"{part:g}" for part in rules.ratios)]
    if not rules.exclude_prosthesis:
        words += ["--keep-prostheses"]
    if rules.missing_as_negative:
        words += ["--missing-as-negative"]
    for name, column in rules.columns.items():
        words += ["--column", f"{name}={column}"]
    return shlex.join([*words, "--out", str(out)])


def option(name: str, value: Any) -> list[str]:
    """One option as the command line takes it: a switch, a value, or several."""
    dashed = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{dashed}" if value else f"--no-{dashed}"]
    listed = value if isinstance(value, tuple) else (value,)
    return [
        f"--{dashed}",
        *(f"{item:g}" if isinstance(item, float) else str(item) for item in listed),
    ]
