"""``python -m cxr_valve evaluate``: one operating point on the command line."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cxr_valve.evaluation.options import ABOUT, EXAMPLES, add_options

# What evaluates is imported where it is used: pandas and scipy take a second or two, which neither
# --help nor the other commands should wait for.
if TYPE_CHECKING:
    import pandas as pd

    from cxr_valve.evaluation.cohort import Cohort
    from cxr_valve.evaluation.columns import Columns
    from cxr_valve.evaluation.report import Report
    from cxr_valve.evaluation.rules import Rule


class _UsageError(Exception):
    """Options that contradict each other."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``evaluate`` to the commands of ``python -m cxr_valve``."""
    parser = subparsers.add_parser(
        "evaluate",
        help="metrics of a score file or a 2×2 table, at any threshold and prevalence",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Evaluate what the arguments ask for; 0 done, 1 bad data, 2 bad usage."""
    try:
        _check_usage(args)
        report, notes = _of_counts(args) if args.counts else _of_file(args)
        _write(report, notes, args.json)
    except _UsageError as error:
        print(f"cxr_valve evaluate: {error} See --help.", file=sys.stderr)
        return 2
    except (ValueError, OSError) as error:
        print(f"cxr_valve evaluate: {error}", file=sys.stderr)
        return 1
    return 0


def _check_usage(args: argparse.Namespace) -> None:
    if (args.scores is None) == (args.counts is None):
        raise _UsageError("Expected either a file of scores or --counts TP FN FP TN.")
    if args.counts is None:
        return
    of_scores = ("label", "score", "patient", "grade", "mix", "split", "against", "threshold")
    for option in (*of_scores, "rule"):
        if getattr(args, option) is not None:
            raise _UsageError(f"Expected no --{option} with --counts: a 2×2 table has no scores.")
    if args.interval == "bootstrap":
        raise _UsageError("Expected --interval clopper-pearson or wilson with --counts.")


def _of_counts(args: argparse.Namespace) -> tuple[Report, list[str]]:
    from cxr_valve.evaluation.operating_point import Counts
    from cxr_valve.evaluation.report import report_counts

    counts = Counts(*args.counts)
    if counts.n == 0:
        raise ValueError("Expected at least one case in --counts, found none.")
    found = report_counts(counts, prevalence=args.prevalence, t=args.t, method=args.interval)
    return found, []


def _of_file(args: argparse.Namespace) -> tuple[Report, list[str]]:
    from cxr_valve.evaluation.against import compare_columns
    from cxr_valve.evaluation.net_benefit import harm_ratio_probability
    from cxr_valve.evaluation.report import report_cohort
    from cxr_valve.evaluation.rules import Rule, choose_threshold
    from cxr_valve.evaluation.score_file import to_cohort

    frame = _read(args)
    columns = _columns(args)
    cohort = to_cohort(frame, columns)
    t, rule = args.t, args.rule
    threshold = args.threshold
    if threshold is None:
        rule = rule or Rule("youden")
        threshold = choose_threshold(cohort.labels, cohort.scores, rule, args.prevalence)
        if rule.kind == "cost" and rule.value is not None and t is None:
            t = harm_ratio_probability(rule.value)
    found = report_cohort(
        cohort,
        threshold,
        prevalence=args.prevalence,
        t=t,
        mix=args.mix,
        interval=args.interval,
        seed=args.seed,
    )
    if args.against is not None:
        found = replace(found, against=compare_columns(frame, columns, args.against))
    return found, [*cohort.warnings, *_notes(cohort, rule, args.interval)]


def _columns(args: argparse.Namespace) -> Columns:
    from cxr_valve.evaluation.columns import Columns

    return Columns(label=args.label, score=args.score, patient=args.patient, grade=args.grade)


def _read(args: argparse.Namespace) -> pd.DataFrame:
    from cxr_valve.evaluation.table_file import ScoreFileError, read_table

    frame = read_table(args.scores)
    if args.split is not None:
        if "split" not in frame.columns:
            raise ScoreFileError("Expected a column 'split' for --split, found none in row 1.", 1)
        names = sorted(set(frame["split"]))
        frame = frame[frame["split"] == args.split]
        if frame.empty:
            raise ScoreFileError(
                f"Expected --split among {names}, found {args.split!r}.", 1, "split"
            )
    return frame


def _notes(cohort: Cohort, rule: Rule | None, interval: str) -> list[str]:
    notes = []
    if rule is not None:
        notes.append(f"Threshold chosen by {rule} on these cases: its metrics are optimistic.")
    _, patients = cohort.clusters()
    if patients < len(cohort) and interval != "bootstrap":
        notes.append(
            f"{len(cohort)} images of {patients} patients: intervals treat images as independent; "
            "--interval bootstrap resamples patients."
        )
    if cohort.positives in (0, len(cohort)):
        notes.append("One class only: what needs both is undefined.")
    return notes


def _write(report: Report, notes: list[str], to: str | None) -> None:
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    if to is not None:
        text = json.dumps(report.to_json(), indent=2, allow_nan=False, ensure_ascii=False)
        if to == "-":
            print(text)
            return
        Path(to).write_text(text + "\n", encoding="utf-8")
    from cxr_valve.evaluation.terminal import show

    show(report)
