"""Sharing patients out: shares, strata, seeds, and what is counted as crossing."""

import numpy as np
import pandas as pd
import pytest

from train.cohort.card import SPLITS, CohortError
from train.split import dealt, prove, quotas, shared_out, split_patients


def people(count: int, seed: int = 1) -> pd.DataFrame:
    """A row an image: one to four a patient, grades 0–4 as common as the study's."""
    rng = np.random.default_rng(seed)
    grades = rng.choice(5, count, p=(0.36, 0.20, 0.24, 0.13, 0.07))
    images = rng.integers(1, 5, count)
    names = pd.Series([f"p{at:05d}" for at in range(count)]).repeat(images)
    frame = pd.DataFrame({"patient": names, "grade": np.repeat(grades, images).astype(float)})
    frame = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
    return frame.assign(positive=frame["grade"] >= 2)


def split_of(frame: pd.DataFrame, **options: object) -> "pd.Series[str]":
    return split_patients(frame["patient"], frame["grade"], frame["positive"], **options)


def test_eight_one_one_by_patient_with_the_same_grades_in_each() -> None:
    frame = people(1000)
    frame["split"] = split_of(frame)
    patients = frame.groupby("split")["patient"].nunique()
    assert patients.to_dict() == pytest.approx(
        {"train": 800, "validation": 100, "test": 100}, abs=1
    )
    shares = pd.crosstab(frame["split"], frame["grade"], normalize="index")
    for name in SPLITS:
        np.testing.assert_allclose(shares.loc[name], shares.loc["train"], atol=0.03)
    images = frame["split"].value_counts(normalize=True)
    assert images["test"] == pytest.approx(0.1, abs=0.006)
    assert frame.groupby("patient")["split"].nunique().max() == 1


def test_a_seed_gives_its_own_split_again_whatever_the_order_of_rows() -> None:
    frame = people(300)
    first = split_of(frame, seed=5)
    assert first.equals(split_of(frame, seed=5))
    assert not first.equals(split_of(frame, seed=6))
    mixed = frame.sample(frac=1, random_state=9)
    assert split_of(mixed, seed=5).sort_index().equals(first)


def test_other_ratios_are_kept() -> None:
    counts = split_of(people(1000), ratios=(2, 1, 1)).value_counts(normalize=True)
    assert counts["train"] == pytest.approx(0.5, abs=0.02)


def test_few_positives_reach_every_split() -> None:
    frame = people(200).assign(grade=0.0, positive=False)
    ill = frame["patient"].unique()[:3]
    frame.loc[frame["patient"].isin(ill), ["grade", "positive"]] = [2.0, True]
    found = split_of(frame)[frame["positive"]].groupby(frame["patient"]).first()
    assert sorted(found) == sorted(SPLITS)


def test_a_continuous_target_has_the_same_spread_in_each_split() -> None:
    rng = np.random.default_rng(2)
    names = pd.Series([f"p{at}" for at in range(600)])
    values = pd.Series(rng.normal(58, 9, 600))
    splits = split_patients(names, values, pd.Series(False, index=names.index))
    spread = values.groupby(splits).agg(["mean", "std"])
    assert spread["mean"].max() - spread["mean"].min() < 1.0
    assert spread["std"].max() - spread["std"].min() < 1.5


def test_quotas_go_by_largest_remainder_and_leave_no_split_empty() -> None:
    assert quotas(563, (8, 1, 1)).tolist() == [451, 56, 56]
    assert quotas(3, (8, 1, 1)).tolist() == [1, 1, 1]
    assert quotas(2, (8, 1, 1)).sum() == 2
    assert np.sum(shared_out((2, 2), (8, 1, 1)), axis=0).min() == 1


def test_dealing_spreads_each_split_along_the_list() -> None:
    order = np.array(dealt(np.array([80, 10, 10]), np.random.default_rng(0)))
    for at in (1, 2):
        gaps = np.diff(np.flatnonzero(order == at))
        assert gaps.max() <= 14
    assert np.bincount(order).tolist() == [80, 10, 10]


def test_two_patients_are_too_few() -> None:
    frame = people(2)
    with pytest.raises(CohortError, match="at least three patients, one for each split; found 2"):
        split_of(frame)


def test_what_crosses_is_counted_and_nothing_hidden() -> None:
    splits = pd.Series(["train", "test", "train", "test", "train"])
    patients = pd.Series(["a", "a", "b", "c", "c"])
    pixels = pd.Series(["1", "2", "3", "3", ""])
    proof = prove(splits, patients, pixels, joined=2)
    assert (proof.patients_in_two_splits, proof.images_in_two_splits) == (2, 1)
    assert not proof.holds
    assert prove(splits[:1], patients[:1], None).hashed is False
