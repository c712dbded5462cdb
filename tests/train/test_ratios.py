"""The heart size of a cohort's radiographs beside the scores of a set."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from cxr_valve.anatomy.heart_reader import HeartReader
from cxr_valve.evaluation.against import compare_columns
from cxr_valve.evaluation.columns import Columns
from cxr_valve.evaluation.table_file import read_table
from tests.anatomy.chest import DrawnChest
from tests.anatomy.conftest import toy_heart_card
from tests.train.small_cohort import small_cohort
from train.cohort.store import StoredCohort
from train.ratios import with_ratios


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> StoredCohort:
    return small_cohort(tmp_path_factory.mktemp("cohort"), patients=10, side=96)


@pytest.fixture
def scores(cohort: StoredCohort) -> pd.DataFrame:
    """Six held-out images with labels and scores, the last first."""
    table = cohort.table.iloc[[9, 8, 7, 6, 5, 4]]
    return pd.DataFrame(
        {"image": table["image"], "label": table["target"], "score": [0.9, 0.2, 0.8, 0.1, 0.7, 0.3]}
    ).reset_index(drop=True)


@pytest.fixture
def reader() -> Callable[[int], HeartReader]:
    """Sees the same chest in every image, but none in every ``missing``-th."""

    def make(missing: int) -> HeartReader:
        # Counting is one step, so two threads never get the same number.
        calls = itertools.count(1)

        def network(images):
            logits = DrawnChest().logits()
            if next(calls) % missing == 0:
                logits[1] = -9
            return (logits[None],)

        return HeartReader(toy_heart_card(), network)

    return make


def test_every_image_gets_its_ratio_and_the_scores_stay(cohort, scores, reader) -> None:
    told: list[None] = []
    found = with_ratios(scores, cohort, reader(99), lambda: told.append(None))
    assert list(found.columns) == [*scores.columns, "ctr"]
    pd.testing.assert_frame_equal(found[scores.columns.tolist()], scores)
    assert found["ctr"].tolist() == pytest.approx([DrawnChest().ratio] * 6, abs=0.005)
    assert len(told) == 6


def test_what_has_no_ratio_or_is_gone_is_left_empty_and_the_ratio_competes(
    cohort, scores, reader, tmp_path: Path
) -> None:
    gone = cohort.file_of(cohort.table["path"].iloc[4])
    kept = gone.read_bytes()
    gone.unlink()
    found = with_ratios(scores, cohort, reader(3))
    gone.write_bytes(kept)
    assert found["ctr"].isna().sum() == 2
    assert found["ctr"].isna().iloc[-1]
    found.to_csv(tmp_path / "scores.csv", index=False)
    frame = read_table(tmp_path / "scores.csv")
    compared = compare_columns(frame, Columns(label="label", score="score"), "ctr")
    assert compared.left_out == 2
    # The same ratio everywhere ranks nobody.
    assert compared.test.second.value == 0.5


def test_the_shipped_network_measures_where_no_other_is_named(cohort, scores) -> None:
    found = with_ratios(scores, cohort)
    assert found["ctr"].notna().sum() >= 4
    assert found["ctr"].dropna().between(0.3, 0.8).all()
