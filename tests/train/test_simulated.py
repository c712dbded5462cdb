"""The simulated cohort: split by patient, cached whole, and told apart by its seeds."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxr_valve.imaging.prepare import prepare
from cxr_valve.phantom.render import simulate
from train.simulated import CELLS, CohortPlan, build_split, coarse_anatomy, load_images

PLAN = CohortPlan(train=4, validation=3, test=2)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, pd.DataFrame]]:
    cache = tmp_path_factory.mktemp("cohort")
    return cache, {split: build_split(PLAN, split, (75, 80), cache) for split in ("train", "test")}


def test_an_empty_split_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one patient in every split"):
        CohortPlan(train=0)


def test_images_anatomy_and_table_have_a_row_each(cohort) -> None:
    cache, tables = cohort
    assert [len(tables[split]) for split in ("train", "test")] == [4, 2]
    for size in (75, 80):
        images = load_images(cache, "train", size)
        assert (images.shape, images.dtype) == ((4, size, size), np.uint8)
        assert images.reshape(4, -1).std(axis=1).min() > 20
    anatomy = np.load(cache / "train-anatomy.npy")
    assert anatomy.shape == (4, 10, CELLS, CELLS)
    assert tables["train"].columns[:9].tolist() == [
        "image", "patient", "sex", "age", "view", "mr_grade", "as_grade", "mr", "as",
    ]  # fmt: skip


def test_no_patient_is_in_two_splits(cohort) -> None:
    _, tables = cohort
    assert not set(tables["train"]["patient"]) & set(tables["test"]["patient"])


def test_a_split_once_made_is_read_back(cohort) -> None:
    cache, tables = cohort
    before = load_images(cache, "test", 80).tobytes()
    again = build_split(PLAN, "test", (75, 80), cache)
    pd.testing.assert_frame_equal(again, tables["test"], check_dtype=False)
    assert load_images(cache, "test", 80).tobytes() == before


def test_coarse_anatomy_lies_where_the_structure_does() -> None:
    phantom = simulate(5, 1, side=160)
    geometry = prepare(phantom.radiograph, 80).geometry
    grids = coarse_anatomy(phantom, geometry).astype(float)
    for name, grid in zip(phantom.thickness, grids, strict=True):
        thickness = phantom.thickness[name]
        rows, columns = np.mgrid[0:160, 0:160] + 0.5
        centre = [(thickness * at).sum() / thickness.sum() for at in (rows, columns)]
        at_row, at_column = geometry.to_input(*centre)
        cells = np.mgrid[0:CELLS, 0:CELLS] + 0.5
        found = [(grid * axis).sum() / grid.sum() * 80 / CELLS for axis in cells]
        np.testing.assert_allclose(found, [at_row, at_column], atol=4, err_msg=name)
