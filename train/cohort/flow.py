"""Exclusions in a stated order: each radiograph leaves once, under the first rule that applies."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from train.cohort.card import FlowStep

LISTED, KEPT = "listed", "kept"
#: The exclusions in their order.
STEPS = (
    "unusable",
    "no_exam",
    "no_grade",
    "prosthesis",
    "lateral",
    "unreadable",
    "duplicate",
    "conflict",
)
#: Views that show the heart as the networks know it.
FRONTAL = ("PA", "AP")


def first_reason(reasons: Mapping[str, "pd.Series[bool]"]) -> "pd.Series[str]":
    """For each row the first of ``STEPS`` that applies, ``KEPT`` where none does."""
    names = [name for name in STEPS if name in reasons]
    table = np.column_stack([reasons[name].to_numpy(bool) for name in names])
    at = np.where(table.any(axis=1), table.argmax(axis=1), len(names))
    index = reasons[names[0]].index
    return pd.Series([(*names, KEPT)[place] for place in at], index=index, dtype=str)


def count_flow(
    left: "pd.Series[str]",
    persons: "pd.Series[int]",
    words: Mapping[str, str],
    details: Mapping[str, "pd.Series[str]"],
    steps: Sequence[str] = STEPS,
) -> tuple[FlowStep, ...]:
    """The boxes of the flow: listed, each of ``steps``, kept; images and patients both sum.

    ``left`` names the step at which each row leaves; ``words`` the steps in words; ``details``
    may give reasons in words for the rows of a step.
    """
    remaining = pd.Series(True, index=left.index)
    images, patients = len(left), int(persons.nunique())
    flow = [FlowStep(LISTED, words[LISTED], images, patients, patients, images, patients)]
    for step in steps:
        goes = left == step
        remaining &= ~goes
        rest = int(persons[remaining].nunique())
        told = details[step][goes].value_counts() if step in details else pd.Series(dtype=int)
        flow.append(
            FlowStep(
                step=step,
                text=words[step],
                images=int(goes.sum()),
                patients=patients - rest,
                touched=int(persons[goes].nunique()),
                images_left=int(remaining.sum()),
                patients_left=rest,
                reasons={str(reason): int(count) for reason, count in told.items()},
            )
        )
        patients = rest
    images = int(remaining.sum())
    flow.append(FlowStep(KEPT, words[KEPT], images, patients, patients, images, patients))
    return tuple(flow)


def copies(
    candidates: "pd.Series[bool]", pixels: "pd.Series[str]", targets: "pd.Series[float]"
) -> tuple["pd.Series[bool]", "pd.Series[bool]"]:
    """Among rows still in the cohort: copies of an earlier image, and images whose copies disagree.

    Of equal images with equal labels the first stays. Where labels differ nobody knows which is
    right, and all of them go.
    """
    known = candidates & (pixels != "")
    rows = pd.DataFrame({"pixels": pixels, "target": targets})[known]
    differs = rows.groupby("pixels")["target"].transform("nunique") > 1
    repeats = rows.duplicated("pixels") & ~differs
    everywhere = candidates.index
    return (
        repeats.reindex(everywhere, fill_value=False),
        differs.reindex(everywhere, fill_value=False),
    )
