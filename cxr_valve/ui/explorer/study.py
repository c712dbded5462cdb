"""The study's published figures as sources: a model through what was printed, never data."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import ndtri

from cxr_valve.evaluation.binormal import Binormal, fit_binormal
from cxr_valve.evaluation.operating_point import Counts
from cxr_valve.ui.explorer.source import OwnPoint, Source, SourceError, describe, parts_of


@dataclass(frozen=True)
class Published:
    """One row of the study's table; ``counts`` where the published cohort gives the 2×2 table."""

    key: str
    finding: str
    title: str
    auc: float
    sensitivity: float
    specificity: float
    prevalence: float
    counts: Counts | None = None


PUBLISHED = {
    found.key: found
    for found in (
        Published("mr", "mr", "Study: MR, ResNet50 (validation and test)", 0.80, 0.71, 0.74, 0.438),
        Published(
            "as-validation",
            "as",
            "Study: AS, ensemble (validation)",
            *(0.83, 0.78, 0.71, 81 / 1041),
            Counts(63, 18, 282, 678),
        ),
        Published(
            "as-test",
            "as",
            "Study: AS, ensemble (test)",
            *(0.83, 0.83, 0.69, 106 / 1065),
            Counts(88, 18, 294, 665),
        ),
    )
}


def study_source(descriptor: str) -> Source:
    """The source named ``study:<key>``.

    Raises:
        SourceError: there is no such row in the study's table.
    """
    key = parts_of(descriptor, 2)[1]
    if key not in PUBLISHED:
        raise SourceError(
            f"Expected published figures {', '.join(PUBLISHED)}; found {key!r}. Choose one of them."
        )
    row = PUBLISHED[key]
    model = fit_binormal(row.auc, row.sensitivity, row.specificity)
    return Source(
        descriptor=describe("study", key),
        title=row.title,
        finding=row.finding,
        notes=_notes(row, model),
        model=model,
        counts=row.counts,
        prevalence=row.prevalence,
        own=OwnPoint(float(ndtri(row.specificity)), "the published operating point"),
    )


def _notes(row: Published, model: Binormal) -> tuple[str, ...]:
    """What was assumed to draw a curve through published figures."""
    notes = [
        "A binormal model through the published AUC and operating point, not data. The study's own "
        "score scale is not published: thresholds here are on the model's scale, where people "
        "without the finding follow N(0, 1)."
    ]
    if not model.exact:
        notes.append(
            f"No binormal curve has both the published AUC of {row.auc:.2f} and the published "
            f"point; the closest, drawn here, has AUC {model.auc:.3f}."
        )
    if row.counts is None:
        notes.append(
            "The study does not say on how many radiographs this was measured: no intervals."
        )
    else:
        notes.append(
            "Intervals elsewhere than at the published point are those that "
            f"{row.counts.positives} positives and {row.counts.negatives} negatives would give."
        )
    return tuple(notes)
