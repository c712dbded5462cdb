"""``python -m train evaluate`` and ``python -m train promote``."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

# What evaluates is imported where it is used, so that --help answers at once.
if TYPE_CHECKING:
    from train.runs.folder import RunFolder

_EVALUATE = """\
Measure trained members on the validation and test splits of their cohort. Calibration and
threshold are fitted on validation alone; every figure has a 95% interval and its n. Several runs
on one cohort are evaluated as one ensemble (soft voting: the mean of calibrated probabilities, or
of values)."""

_EVALUATE_EPILOG = """\
RUN is the id of a run (see python -m train runs) or its folder.

written into the run's folder, under evaluation/:
  evaluation.json   figures, ROC, calibration, sensitivity by grade, subgroups, atlas
  scores.csv        split, image, patient (pseudonym), label, grade, sex, age, view, score, members
  atlas.npz         mean evidence and mean radiograph by grade
  report.html       all of it to print, in one file that needs no network

examples:
  python -m train evaluate 20260131-142501123456-mr-3f9a
  python -m train evaluate RUN --rule sensitivity=.9
  python -m train evaluate RUN_1 RUN_2 RUN_3          three seeds as one ensemble
  python -m train evaluate RUN --without densenet121  leave a member out

exit status: 0 done; 1 it could not be evaluated (the message says why); 2 wrong usage."""

_PROMOTE = """\
Make a set of weights of an evaluated run: the networks, a card that says what they were trained on
and how well they did, and the held-out scores. It is written under your own root of weights
($CXR_VALVE_WEIGHTS, or local-weights beside the program); a set of that name is never overwritten.
With --activate the pages and python -m cxr_valve read use it from then on."""

_PROMOTE_EPILOG = """\
examples:
  python -m train promote RUN --tag spring --activate
  python -m train promote RUN_1 RUN_2 --tag two-seeds

exit status: 0 done; 1 refused (the message says why); 2 wrong usage."""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add both commands to ``python -m train``."""
    evaluate = commands.add_parser(
        "evaluate",
        help="measure trained runs on their held-out splits",
        description=_EVALUATE,
        epilog=_EVALUATE_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _runs(evaluate)
    evaluate.add_argument(
        "--rule",
        default="youden",
        metavar="RULE",
        help="chooses the threshold on validation: youden (default), sensitivity=X, "
        "specificity=X, or cost=R (a miss costs R false alarms)",
    )
    evaluate.add_argument("--json", metavar="FILE", help="also write the result; - for stdout")
    evaluate.set_defaults(run=_run_evaluate)
    promote = commands.add_parser(
        "promote",
        help="make a set of weights of an evaluated run",
        description=_PROMOTE,
        epilog=_PROMOTE_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _runs(promote)
    promote.add_argument("--tag", metavar="NAME", help="of the set, <finding>-NAME (default: run)")
    promote.add_argument(
        "--activate", action="store_true", help="read with it from now on (reversible)"
    )
    promote.set_defaults(run=_run_promote, rule="youden", json=None)


def _runs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="id or folder of a run")
    parser.add_argument(
        "--without", action="append", default=[], metavar="MEMBER", help="leave a member out"
    )
    parser.add_argument(
        "--engine",
        default="openvino",
        choices=("openvino", "torch"),
        help="that runs the networks (default: openvino, float32)",
    )


def _run_evaluate(options: argparse.Namespace) -> int:
    from cxr_valve.evaluation.rules import Rule
    from train.evaluate.evaluation import evaluate_run
    from train.evaluate.store import FILE

    try:
        rule = Rule.parse(options.rule)
    except ValueError as error:
        print(f"train evaluate: {error}", file=sys.stderr)
        return 2
    try:
        evaluation = evaluate_run(
            [_folder(name) for name in options.runs],
            rule=rule,
            without=options.without,
            engine=options.engine,
            told=_progress,
        )
    except (ValueError, OSError) as error:
        print(f"train evaluate: {error}", file=sys.stderr)
        return 1
    if options.json == "-":
        print((evaluation.folder / FILE).read_text(encoding="utf-8"), end="")
        return 0
    if options.json:
        Path(options.json).write_text((evaluation.folder / FILE).read_text(encoding="utf-8"))
    _print(evaluation.details, evaluation.names)
    print(f"Written to {evaluation.folder}", file=sys.stderr)
    return 0


def _run_promote(options: argparse.Namespace) -> int:
    from train.evaluate.evaluation import evaluate_run
    from train.evaluate.store import evaluation_folder, load
    from train.promote import promote
    from train.runs.folder import RunError

    try:
        folders = [_folder(name) for name in options.runs]
        try:
            evaluation = load(evaluation_folder(folders))
            if options.without:
                raise RunError("evaluated with other members")
        except RunError:
            evaluation = evaluate_run(
                folders, without=options.without, engine=options.engine, told=_progress
            )
        folder = promote(evaluation, options.tag, activate=options.activate)
    except (ValueError, OSError) as error:
        print(f"train promote: {error}", file=sys.stderr)
        return 1
    active = "It is active now." if options.activate else "Activate it on the model card page."
    print(f"Wrote {folder.name} to {folder.parent}. {active}")
    return 0


def _folder(name: str) -> "RunFolder":
    """A run by its id, or by its folder."""
    from train.runs import RunFolder, find_run

    path = Path(name)
    return RunFolder(path.resolve()) if (path / "request.json").is_file() else find_run(name)


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty() and (done % 20 == 0 or done == total):
        end = "\n" if done == total else "\r"
        print(f"Running the networks: {done} of {total}", end=end, file=sys.stderr)


def _print(details: Mapping[str, Any], names: tuple[str, ...]) -> None:
    from rich.console import Console
    from rich.table import Table

    from cxr_valve.evaluation.figure_names import figure_name
    from train.evaluate.words import figure_text

    table = Table(box=None, pad_edge=False, title=", ".join(names), title_justify="left")
    table.add_column("")
    for split, found in details["splits"].items():
        table.add_column(f"{split}, {found['images']} of {found['patients']} patients")
    splits = list(details["splits"].values())
    for name in splits[0]["figures"]:
        table.add_row(
            figure_name(name), *(figure_text(name, found["figures"][name]) for found in splits)
        )
    console = Console()
    console.print(table, highlight=False)
    for warning in details["warnings"]:
        console.print(warning, highlight=False, markup=False)
    if details["cohort"]["simulated"]:
        console.print("Simulated radiographs: evidence about no patient.", highlight=False)
