"""Patients into train, validation and test: stratified, seeded, and never one in two."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from train.cohort.card import SPLITS, CohortError, Proof

#: One number for each of ``SPLITS``.
Counts = NDArray[np.int64]


def split_patients(
    patients: "pd.Series[str]",
    strata: "pd.Series[float]",
    positive: "pd.Series[bool]",
    ratios: Sequence[float] = (8, 1, 1),
    seed: int = 2019,
) -> "pd.Series[str]":
    """Assign every row's patient to "train", "validation" or "test"; indexed as ``patients``.

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

    Raises:
        CohortError: fewer than three patients.
    """
    rows = pd.DataFrame({"patient": patients, "stratum": strata, "positive": positive})
    people = rows.groupby("patient", sort=True).agg(
        stratum=("stratum", "max"), positive=("positive", "any"), images=("patient", "size")
    )
    rng = np.random.default_rng(seed)
    people["chance"] = rng.random(len(people))
    people["split"] = ""
    classes = [people[people["positive"]], people[~people["positive"]]]
    counts = shared_out([len(members) for members in classes], ratios)
    for members, count in zip(classes, counts, strict=True):
        ordered = members.sort_values(["stratum", "images", "chance"], kind="stable").index
        people.loc[ordered, "split"] = [SPLITS[at] for at in dealt(count, rng)]
    return pd.Series(patients.map(people["split"]), index=patients.index)


def shared_out(sizes: Sequence[int], ratios: Sequence[float]) -> list[Counts]:
    """How many of each class go to each split; no split stays empty.

    Raises CohortError where there are fewer members than splits.
    """
    if sum(sizes) < len(SPLITS):
        raise CohortError(
            f"Expected at least three patients, one for each split; found {sum(sizes)}. Loosen "
            "the rules or bring more data."
        )
    counts = [quotas(size, ratios) for size in sizes]
    while (total := np.sum(counts, axis=0)).min() == 0:
        # Only with a handful of patients: the fullest split gives one of its larger class.
        full = int(total.argmax())
        larger = max(counts, key=lambda count: int(count[full]))
        larger[full] -= 1
        larger[int(total.argmin())] += 1
    return counts


def quotas(size: int, ratios: Sequence[float]) -> Counts:
    """Whole numbers that sum to ``size``, nearest to its shares by largest remainder.

    Each is at least one where ``size`` allows it.
    """
    wanted = np.asarray(ratios, float) / np.sum(ratios) * size
    found: Counts = np.floor(wanted).astype(np.int64)
    rest = np.argsort(found - wanted, kind="stable")[: size - int(found.sum())]
    found[rest] += 1
    while size >= len(found) and found.min() == 0:
        found[found.argmin()] += 1
        found[found.argmax()] -= 1
    return found


def dealt(counts: Counts, rng: np.random.Generator) -> list[int]:
    """Numbers of splits spread evenly: each next one goes to the split that lags most.

    ``rng`` decides where each split begins, or the mildest case would always train.
    """
    share = counts / max(int(counts.sum()), 1)
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
