"""What a recipe cannot do with a cohort: it lacks a class, images or a simulator's truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from train.recipe import Recipe, RecipeError
from train.simulate.plan import EVIDENCE_IN

if TYPE_CHECKING:
    from train.cohort.store import StoredCohort


def check_against(recipe: Recipe, cohort: StoredCohort) -> None:
    """Refuse what ``recipe`` cannot do with ``cohort``. Imports nothing heavy.

    Raises RecipeError naming the fields, or the split that lacks a class.
    """
    continuous = cohort.card.kind == "continuous"
    if continuous and recipe.balance != "none":
        raise RecipeError(
            f"balance: expected none for a value such as {cohort.card.finding}; found "
            f"{recipe.balance}, which needs positives and negatives."
        )
    _check_weights(recipe, cohort)
    images = len(cohort.split("train"))
    if images < recipe.batch:
        raise RecipeError(
            f"batch: expected at most the {images} radiographs of the training split; found "
            f"{recipe.batch}."
        )
    for split in ("train", "validation"):
        _check_classes(split, cohort, continuous)


def _check_weights(recipe: Recipe, cohort: StoredCohort) -> None:
    if recipe.measure_weight and not cohort.aux:
        raise RecipeError(
            f"measure_weight: expected 0, since the cohort has no aux_ columns (only simulated "
            f"ones do); found {recipe.measure_weight:g}."
        )
    for name in ("locate_weight", "contain_weight"):
        if getattr(recipe, name) and cohort.structures() is None:
            raise RecipeError(
                f"{name}: expected 0, since the cohort has no structures (only simulated "
                f"ones do); found {getattr(recipe, name):g}."
            )
    if recipe.contain_weight and cohort.card.finding not in EVIDENCE_IN:
        raise RecipeError(
            f"contain_weight: expected 0, since nobody says which structures "
            f"{cohort.card.finding} concerns; found {recipe.contain_weight:g}."
        )


def _check_classes(split: str, cohort: StoredCohort, continuous: bool) -> None:
    targets = cohort.split(split)["target"]
    if continuous:
        if targets.nunique() < 2:
            raise RecipeError(
                f"{split} split: expected different values of {cohort.card.finding}; found "
                f"{targets.nunique()} in {len(targets)} radiographs. Build a larger cohort."
            )
        return
    positives = int((targets == 1).sum())
    if positives in (0, len(targets)):
        lacking = "positives" if positives == 0 else "negatives"
        raise RecipeError(
            f"{split} split: expected positives and negatives; found no {lacking} among "
            f"{len(targets)} radiographs. Build a larger cohort, or change its label rule."
        )
