"""Patients into train, validation and test: stratified, seeded, and never one in two."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from train.cohort.card import SPLITS, CohortError, Proof


def split_patients(
    patients: "pd.Series[str]",
    strata: "pd.Series[float]",
    positive: "pd.Series[bool]",
    ratios: Sequence[float] = (8, 1, 1),
    seed: int = 2019,
) -> "pd.Series[str]":
    """Assign every row's patient to "train", "validation" or "test".

    Positive and negative patients are shared out apart, each by ``ratios`` to the nearest whole
    patient (every split gets at least one of each where there are three). Within each, patients
    are laid in order of their worst stratum and their number of images, in random order among
    equals, and dealt out evenly along it, so that grades and image counts are balanced too
    (systematic sampling from an ordered list).

    Args:
        patients: a row an image.
        strata: severity of the row's label, larger is worse; a value for a continuous target.
        positive: whether the row's label is positive; all False for a continuous target.
        ratios: shares of train, validation and test.
        seed: of the order among equals.

    Returns:
        Names of splits, indexed as ``patients``.

    Raises:
        CohortError: fewer than three patients.
    """
    rows = pd.DataFrame({"patient": patients, "stratum": strata, "positive": positive})
    people = rows.groupby("patient", sort=True).agg(
        stratum=("stratum", "max"), positive=("positive", "any"), images=("patient", "size")
    )
    if len(people) < len(SPLITS):
        raise CohortError(
            f"Expected at least three patients, one for each split; found {len(people)}. Loosen "
            "the rules or bring more data."
        )
    rng = np.random.default_rng(seed)
    people["chance"] = rng.random(len(people))
    people["split"] = ""
    shares = np.asarray(ratios, float) / np.sum(ratios)
    given = np.zeros(len(SPLITS))
    classes = [people[people["positive"]], people[~people["positive"]]]
    for members in classes:
        if members.empty:
            continue
        counts = quotas(len(members), shares, given + shares * len(members))
        given += shares * len(members) - counts
        ordered = members.sort_values(["stratum", "images", "chance"], kind="stable").index
        people.loc[ordered, "split"] = [SPLITS[at] for at in dealt(counts, rng)]
    return pd.Series(patients.map(people["split"]), index=patients.index)


def quotas(count: int, shares: np.ndarray, owed: np.ndarray | None = None) -> np.ndarray:
    """Whole numbers that sum to ``count``, nearest to ``shares`` of it by largest remainder.

    ``owed`` adds what earlier rounding left, so that classes together keep the shares. Every
    split gets at least one where ``count`` allows it.
    """
    wanted = shares * count if owed is None else np.maximum(owed, 0) * count / np.sum(owed)
    found = np.floor(wanted).astype(int)
    rest = np.argsort(found - wanted, kind="stable")[: count - int(found.sum())]
    found[rest] += 1
    while count >= len(found) and found.min() == 0:
        found[found.argmin()] += 1
        found[found.argmax()] -= 1
    return np.asarray(found)


def dealt(counts: np.ndarray, rng: np.random.Generator) -> list[int]:
    """Numbers of splits spread evenly: each next one goes to the split that lags most.

    ``rng`` decides where each split begins, or the mildest case would always train.
    """
    share = counts / counts.sum()
    credit = rng.random(len(counts)) * share
    left = counts.astype(int).copy()
    order = []
    for _ in range(int(counts.sum())):
        credit += share
        at = int(np.where(left > 0, credit, -np.inf).argmax())
        credit[at] -= 1
        left[at] -= 1
        order.append(at)
    return order


def prove(
    splits: "pd.Series[str]",
    patients: "pd.Series[str]",
    pixels: "pd.Series[str] | None",
    joined: int = 0,
) -> Proof:
    """Count patients and images that lie in two splits; images by the hash of their pixels."""
    hashed = pixels is not None
    images = 0
    if pixels is not None:
        known = pixels != ""
        images = _crossing(splits[known], pixels[known])
    return Proof(_crossing(splits, patients), images, hashed=hashed, joined_ids=joined)


def _crossing(splits: "pd.Series[str]", groups: "pd.Series[str]") -> int:
    return int((splits.groupby(groups).nunique() > 1).sum())
