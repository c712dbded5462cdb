"""``python -m train evaluate`` and ``python -m train promote``."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from train.runs.process import terminated_tidily

# What evaluates is imported where it is used, so that --help answers at once.
if TYPE_CHECKING:
    from cxr_valve.evaluation.rules import Rule
    from train.evaluate import Evaluation
    from train.runs.folder import RunFolder

_EVALUATE = """\
Measure trained members on the validation and test splits of their cohort. Calibration and
threshold are fitted on validation alone; every figure has a 95% interval and its n. Several runs
on one cohort are evaluated as one ensemble (soft voting: the mean of calibrated probabilities, or
of values)."""

_EVALUATE_EPILOG = """\
RUN is the id of a run (see python -m train runs) or its folder.

written into the run's folder, under evaluation/ (of several runs, into the first one's, under
evaluation-with-*/):
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
An evaluation of the same runs is used as it is, unless
--without or --rule ask for another; where there is none, they are evaluated first.
With --activate the pages and python -m cxr_valve read use it from then on."""

_PROMOTE_EPILOG = """\
examples:
  python -m train promote RUN --tag spring --activate
  python -m train promote RUN_1 RUN_2 --tag two-seeds
  python -m train promote RUN_1 RUN_2 --without resnet18-2 --rule sensitivity=.9

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
    _rule(evaluate, "youden", "youden")
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
    _rule(promote, None, "that of the runs' last evaluation, else youden")
    promote.add_argument("--tag", metavar="NAME", help="of the set, <finding>-NAME (default: run)")
    promote.add_argument(
        "--activate", action="store_true", help="read with it from now on (reversible)"
    )
    promote.set_defaults(run=_run_promote)


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


def _rule(parser: argparse.ArgumentParser, default: str | None, shown: str) -> None:
    parser.add_argument(
        "--rule",
        default=default,
        metavar="RULE",
        help="chooses the threshold on validation: youden, sensitivity=X, specificity=X, or cost=R "
        f"(a miss costs R false alarms); default: {shown}",
    )


def _run_evaluate(options: argparse.Namespace) -> int:
    from cxr_valve.evaluation.rules import Rule
    from train.evaluate import evaluate_run
    from train.evaluate.store import FILE

    try:
        rule = Rule.parse(options.rule)
    except ValueError as error:
        print(f"train evaluate: {error}", file=sys.stderr)
        return 2
    try:
        out = _json_file(options.json)
        evaluation = evaluate_run(
            [_folder(name) for name in options.runs],
            rule=rule,
            without=options.without,
            engine=options.engine,
            told=_progress,
        )
        found = (evaluation.folder / FILE).read_text(encoding="utf-8")
        if out is not None:
            out.write_text(found, encoding="utf-8")
    except (ValueError, OSError) as error:
        print(f"train evaluate: {error}", file=sys.stderr)
        return 1
    if options.json == "-":
        print(found, end="")
        return 0
    _print(evaluation)
    print(f"Written to {evaluation.folder}", file=sys.stderr)
    return 0


def _json_file(name: str | None) -> Path | None:
    """The file for the result; one that cannot be written is told before the work, not after.

    Raises:
        ValueError: its folder is missing, or it is a folder itself.
    """
    if name in (None, "-"):
        return None
    file = Path(str(name))
    if file.is_dir() or not file.parent.is_dir():
        found = "a folder of that name" if file.is_dir() else f"no folder {file.parent}"
        raise ValueError(
            f"--json: Expected a file to write in a folder, found {found}. Make the folder, or "
            "name another file."
        )
    return file


def _run_promote(options: argparse.Namespace) -> int:
    from cxr_valve.evaluation.rules import Rule
    from train.cohort_check import unchecked
    from train.promote import promote

    try:
        rule = Rule.parse(options.rule) if options.rule else None
    except ValueError as error:
        print(f"train promote: {error}", file=sys.stderr)
        return 2
    try:
        evaluation = _evaluated([_folder(name) for name in options.runs], rule, options)
        with terminated_tidily():
            folder = promote(evaluation, options.tag, activate=options.activate)
    except (ValueError, OSError) as error:
        print(f"train promote: {error}", file=sys.stderr)
        return 1
    for said in filter(None, map(unchecked, evaluation.folders)):
        print(said, file=sys.stderr)
    then = "It is active now." if options.activate else "Activate it on the model card page."
    print(f"Wrote {folder.name} to {folder.parent}. {_content(evaluation)} {then}")
    return 0


def _evaluated(
    folders: "list[RunFolder]", rule: "Rule | None", options: argparse.Namespace
) -> "Evaluation":
    """The evaluation that is kept of these runs, or another where the options ask for another."""
    from train.evaluate import evaluate_run, kept_evaluation, kept_rule
    from train.evaluate.members import collect

    kept, without = kept_evaluation(folders), set(options.without)
    if kept is not None:
        there = {member.label for member in collect(folders)[1]}
        # Who names nobody to leave out takes the members that were evaluated.
        without = without or there - set(kept.names)
        same_rule = rule is None or kept.kind == "continuous" or rule == kept.rule
        if same_rule and without <= there and there - without == set(kept.names):
            return kept
    return evaluate_run(
        folders,
        rule=rule or kept_rule(folders),
        without=sorted(without),
        engine=options.engine,
        told=_progress,
    )


def _content(evaluation: "Evaluation") -> str:
    """The members and how the threshold was chosen, in a sentence or two."""
    point = getattr(evaluation.fitted, "operating_point", None)
    chosen = "" if point is None else f" Operating point: {point.rule}."
    return f"Members: {', '.join(evaluation.names)}.{chosen}"


def _folder(name: str) -> "RunFolder":
    """A run by its id, or by its folder."""
    from train.runs import RunFolder, find_run

    path = Path(name)
    return RunFolder(path.resolve()) if (path / "request.json").is_file() else find_run(name)


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty() and (done % 20 == 0 or done == total):
        said = f"Running the networks: {done} of {total}"
        print(said, end="\n" if done == total else "\r", file=sys.stderr)


def _print(evaluation: "Evaluation") -> None:
    from rich.console import Console
    from rich.table import Table

    from cxr_valve.evaluation.figure_names import figure_name
    from train.evaluate.words import figure_text

    details = evaluation.details
    table = Table(box=None, pad_edge=False, title=", ".join(evaluation.names), title_justify="left")
    table.add_column("")
    for split, found in details["splits"].items():
        table.add_column(f"{split}, {found['images']} of {found['patients']} patients")
    splits = list(details["splits"].values())
    for name in splits[0]["figures"]:
        cells = (figure_text(name, found["figures"][name]) for found in splits)
        table.add_row(figure_name(name), *cells)
    console = Console()
    console.print(table, highlight=False)
    console.print(_content(evaluation), highlight=False, markup=False)
    for warning in details["warnings"]:
        console.print(warning, highlight=False, markup=False)
    if details["cohort"]["simulated"]:
        console.print("Simulated radiographs: evidence about no patient.", highlight=False)
