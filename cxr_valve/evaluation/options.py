"""What ``python -m cxr_valve evaluate`` understands: its options, their types and its help."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

# Imported where it is used: it loads scipy, for which --help should not wait.
if TYPE_CHECKING:
    from cxr_valve.evaluation.rules import Rule

ABOUT = """\
Evaluate a score against a label at one operating point, with 95% intervals, and say what it
means at another prevalence. SCORES.csv (or .parquet) holds one row per image with a label
(0/1 or yes/no) and a score from 0 to 1; a patient column lets --interval bootstrap resample
patients. Columns are guessed from their names and can be named. A score is positive when it is
at least the threshold."""

EXAMPLES = """\
examples:
  Youden's threshold on a file, columns guessed:
    python -m cxr_valve evaluate scores.csv

  The highest threshold that still finds nine in ten, in a population where 1.7% have it:
    python -m cxr_valve evaluate scores.csv --rule sensitivity=.9 --prevalence .017

  Where a miss costs as much as twenty false alarms:
    python -m cxr_valve evaluate scores.csv --rule cost=20 --prevalence .004

  Several images per patient, so intervals from a bootstrap of patients:
    python -m cxr_valve evaluate scores.csv --threshold .4 --patient mrn --interval bootstrap

  Against another column of the same file, here the cardiothoracic ratio (paired DeLong test):
    python -m cxr_valve evaluate scores.csv --split test --against ctr

  Where six positives in ten are mild, three moderate and one severe (a column holds grades):
    python -m cxr_valve evaluate scores.csv --mix mild=60,moderate=30,severe=10

  A published 2×2 table (true positives, false negatives, false positives, true negatives):
    python -m cxr_valve evaluate --counts 88 18 294 665 --prevalence .028

  The same as JSON for a script, undefined numbers as null:
    python -m cxr_valve evaluate --counts 88 18 294 665 --json -

exit status: 0 done; 1 the data cannot be evaluated (the message names row and column);
2 the command was not understood."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what ``evaluate`` understands to its parser."""
    data = parser.add_argument_group("data")
    data.add_argument("scores", nargs="?", type=Path, metavar="SCORES", help="CSV or Parquet file")
    data.add_argument(
        "--counts",
        nargs=4,
        type=_whole,
        metavar=("TP", "FN", "FP", "TN"),
        help="a 2×2 table instead of a file",
    )
    data.add_argument("--label", metavar="COL", help="column of the label")
    data.add_argument("--score", metavar="COL", help="column of the score")
    data.add_argument("--patient", metavar="COL", help="column of the patient")
    data.add_argument("--grade", metavar="COL", help="column of the severity grade")
    data.add_argument("--split", metavar="NAME", help="only rows with this in the column 'split'")
    data.add_argument(
        "--against",
        metavar="COL",
        help="column of another measure (0 to 1) to compare the AUC with",
    )
    point = parser.add_argument_group("operating point").add_mutually_exclusive_group()
    point.add_argument("--threshold", type=_number, metavar="T", help="positive from this score up")
    point.add_argument(
        "--rule",
        type=_rule,
        metavar="RULE",
        help="youden (the default), sensitivity=X or specificity=X (at least), or cost=R (a miss "
        "costs R false alarms)",
    )
    _add_population(parser)


def _add_population(parser: argparse.ArgumentParser) -> None:
    there = parser.add_argument_group("population, intervals and output")
    there.add_argument(
        "--prevalence",
        type=_share,
        metavar="P",
        help="of the target population, between 0 and 1 (default: that of the data)",
    )
    there.add_argument(
        "--mix",
        type=_mix,
        metavar="MIX",
        help="severity grades of the positives there and their shares, such as mild=60,severe=40 "
        "(default: as in the data)",
    )
    there.add_argument(
        "--t",
        type=_share,
        metavar="T",
        help="threshold probability of the net benefit (default: 1/(1+R) for --rule cost=R, else "
        "the threshold moved to the prevalence; for --counts the prevalence)",
    )
    there.add_argument(
        "--interval",
        choices=("clopper-pearson", "wilson", "bootstrap"),
        default="clopper-pearson",
        help="for proportions; bootstrap resamples patients, for every metric",
    )
    there.add_argument("--seed", type=_whole, default=0, metavar="N", help="of the bootstrap")
    there.add_argument("--json", metavar="FILE", help="write JSON to FILE, - for standard output")


def _number(text: str) -> float:
    value = float(text)
    if value != value:
        raise argparse.ArgumentTypeError(f"expected a number, found {text!r}")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(
            f"expected a number strictly between 0 and 1 (5% is .05), found {text!r}"
        )
    return value


def _whole(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"expected a whole number ≥ 0, found {text!r}")
    return value


def _mix(text: str) -> dict[str, float]:
    from cxr_valve.evaluation.at_mix import parse_mix

    try:
        return parse_mix(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _rule(text: str) -> Rule:
    from cxr_valve.evaluation.rules import Rule

    try:
        return Rule.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
