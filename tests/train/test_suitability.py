"""A recipe is refused by the names of the fields that its cohort cannot serve."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tests.train.small_cohort import small_cohort
from train.cohort.store import StoredCohort
from train.recipe import Recipe, RecipeError
from train.suitability import check_against


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> StoredCohort:
    return small_cohort(tmp_path_factory.mktemp("recipe"), patients=20, side=64)


FITTING = Recipe(networks=("test_resnet",), input_size=80, batch=4)


def test_a_recipe_that_fits_its_cohort_passes(cohort: StoredCohort) -> None:
    check_against(FITTING, cohort)
    check_against(replace(FITTING, measure_weight=1.0, balance="sampler"), cohort)


def changed(cohort: StoredCohort, **columns: object) -> StoredCohort:
    return replace(cohort, table=cohort.table.assign(**columns))


def test_what_a_cohort_cannot_give_is_refused_by_name(cohort: StoredCohort) -> None:
    for name in ("locate_weight", "contain_weight"):
        with pytest.raises(RecipeError, match=rf"^{name}: expected 0, .* no structures"):
            check_against(replace(FITTING, **{name: 1.0}), cohort)
    bare = cohort.table.drop(columns=list(cohort.aux))
    with pytest.raises(RecipeError, match=r"^measure_weight: expected 0, .* no aux_ columns"):
        check_against(
            replace(FITTING, measure_weight=1.0), replace(cohort, table=pd.DataFrame(bare))
        )
    with pytest.raises(RecipeError, match=r"^batch: expected at most the 12 radiographs"):
        check_against(replace(FITTING, batch=13), cohort)


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_split_without_positives_is_refused_by_name(cohort: StoredCohort, split: str) -> None:
    targets = cohort.table["target"].where(cohort.table["split"] != split, 0.0)
    with pytest.raises(RecipeError, match=rf"^{split} split: .* found no positives among"):
        check_against(FITTING, changed(cohort, target=targets))


def test_a_value_cannot_be_balanced(tmp_path: Path) -> None:
    cohort = small_cohort(tmp_path, "lvef", patients=10, side=32)
    check_against(replace(FITTING, batch=2), cohort)
    with pytest.raises(RecipeError, match=r"^balance: expected none for a value such as lvef"):
        check_against(replace(FITTING, batch=2, balance="weight"), cohort)
    with pytest.raises(RecipeError, match=r"^train split: expected different values of lvef"):
        check_against(replace(FITTING, batch=2), changed(cohort, target=50.0))
