"""What every function here asks of its labels and scores, checked in one place."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def binary_labels(labels: npt.ArrayLike) -> BoolArray:
    """Labels as a boolean array of shape (n,).

    Raises ValueError where they are not one-dimensional or hold anything but 0/1 or False/True.
    """
    found = np.asarray(labels)
    if found.ndim != 1:
        raise ValueError(
            f"Expected labels of shape (n,), found shape {found.shape}: pass one label per score."
        )
    if found.dtype == np.bool_:
        return found
    try:
        values = found.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"Expected labels 0 and 1, found values of type {found.dtype}: code them as numbers."
        ) from None
    wrong = np.flatnonzero((values != 0) & (values != 1))
    if wrong.size:
        raise ValueError(
            f"Expected labels 0 and 1, found {values[wrong[0]]:g} at position {wrong[0]}: "
            "recode or drop those rows."
        )
    return np.asarray(values == 1)


def finite_scores(scores: npt.ArrayLike) -> FloatArray:
    """Scores as a float64 array of shape (n,), of any finite range.

    Raises ValueError where they are not one-dimensional or hold NaN or infinity.
    """
    found = np.asarray(scores, dtype=np.float64)
    if found.ndim != 1:
        raise ValueError(
            f"Expected scores of shape (n,), found shape {found.shape}: pass one score per label."
        )
    wrong = np.flatnonzero(~np.isfinite(found))
    if wrong.size:
        raise ValueError(
            f"Expected finite scores, found {found[wrong[0]]} at position {wrong[0]}: "
            "drop those rows before evaluating."
        )
    return found


def paired(labels: npt.ArrayLike, scores: npt.ArrayLike) -> tuple[BoolArray, FloatArray]:
    """Both checked, and of one length; ValueError otherwise."""
    y, s = binary_labels(labels), finite_scores(scores)
    if len(y) != len(s):
        raise ValueError(
            f"Expected as many scores as labels, found {len(s)} scores and {len(y)} labels."
        )
    return y, s


def need_both_classes(labels: BoolArray, what: str) -> None:
    """Raise ValueError naming ``what`` cannot be done where one class is missing."""
    positives = int(labels.sum())
    if positives == 0 or positives == len(labels):
        raise ValueError(
            f"Expected positives and negatives for {what}, found {positives} positives and "
            f"{len(labels) - positives} negatives: add cases of the missing class."
        )


def open_fraction(value: float, name: str) -> float:
    """``value`` if strictly between 0 and 1; ValueError naming it otherwise."""
    if not 0.0 < value < 1.0:
        raise ValueError(f"Expected {name} strictly between 0 and 1, found {value}.")
    return float(value)
