"""A 2×2 table typed by hand as a source: one operating point, no curve."""

from __future__ import annotations

from cxr_valve.evaluation.operating_point import Counts
from cxr_valve.ui.explorer.source import Source, SourceError, describe, parts_of

#: What is shown before anything is typed: the study's test of AS.
EXAMPLE = Counts(88, 18, 294, 665)
MOST = 1_000_000_000


def table_descriptor(counts: Counts, finding: str) -> str:
    """How the address names a typed table."""
    return describe("table", f"{counts.tp},{counts.fn},{counts.fp},{counts.tn}", finding)


def table_counts(descriptor: str) -> Counts:
    """The four counts in ``table:<tp>,<fn>,<fp>,<tn>:<finding>``.

    Raises:
        SourceError: they are not four whole numbers.
    """
    text = parts_of(descriptor, 3)[1]
    try:
        numbers = [int(number) for number in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 4 or not all(0 <= number <= MOST for number in numbers):
        raise SourceError(
            "Expected four whole numbers from 0 to a billion (true positives, false negatives, "
            f"false positives, true negatives); found {text!r}. Type the table again."
        )
    return Counts(*numbers)


def table_source(descriptor: str) -> Source:
    """The source of a typed table; errors as ``table_counts``."""
    counts = table_counts(descriptor)
    notes = ["One operating point: a 2×2 table has no scores, so no curve and no other threshold."]
    if not counts.positives or not counts.negatives:
        missing = "with" if not counts.positives else "without"
        notes.append(f"Nobody {missing} the finding: what needs them is undefined (–).")
    return Source(
        descriptor=descriptor,
        title="2×2 table typed by hand",
        finding=parts_of(descriptor, 3)[2],
        notes=tuple(notes),
        counts=counts,
        prevalence=counts.prevalence,
    )
