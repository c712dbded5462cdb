"""``python -m train cohort``: a hospital's export → a labelled and split cohort with its flow."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from train.cohort.card import CohortError
from train.cohort.options import ABOUT, EPILOG, add_options

if TYPE_CHECKING:
    from train.cohort.card import CohortCard
    from train.cohort.rules import CohortRules


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``cohort`` to the commands of ``python -m train``."""
    parser = commands.add_parser(
        "cohort",
        help="pair radiographs with echo exams; label, exclude and split them",
        description=ABOUT,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Build and write, or only show; returns the exit code."""
    # Imported here so that --help answers at once.
    from rich.console import Console

    from train.cohort.terminal import show

    if not options.dry_run and options.out is None:
        print("train cohort: expected --out OUT, or --dry-run. See --help.", file=sys.stderr)
        return 2
    try:
        rules = _rules(options)
        card = _dry(rules) if options.dry_run else _build(rules, options.out)
    except CohortError as error:
        # The terminal alone shows cells as they are: whoever sees it has the tables.
        print(f"train cohort: {error.spelled}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"train cohort: expected a folder that can be written, found: {error.strerror}. Free "
            "space or choose another --out.",
            file=sys.stderr,
        )
        return 1
    show(card, Console(highlight=False, soft_wrap=True))
    return 0


def _rules(options: argparse.Namespace) -> "CohortRules":
    from train.cohort.adapters import likeliest
    from train.cohort.rules import CohortRules

    adapter = options.adapter or likeliest(options.export, options.radiographs, options.echoes)
    return CohortRules(
        source=str(options.export),
        adapter=adapter,
        finding=options.finding,
        positive_from=options.positive_from,
        window_days=options.days,
        pairing=options.pairing,
        exclude_prosthesis=not options.keep_prostheses,
        missing_as_negative=options.missing_as_negative,
        split=options.split,
        split_of=options.split_of,
        ratios=_ratios(options.ratios),
        seed=options.seed,
        timezone=options.timezone,
        columns=_columns(options.column),
        images=options.images,
        radiographs=options.radiographs,
        echoes=options.echoes,
        truth=options.truth,
    )


def _ratios(text: str) -> tuple[float, float, float]:
    try:
        first, second, third = (float(part) for part in text.split(":"))
    except ValueError:
        raise CohortError(
            f"ratios: expected three numbers such as 8:1:1; found {text!r}."
        ) from None
    return first, second, third


def _columns(pairs: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        role, separator, name = pair.partition("=")
        if not separator or "." not in role or not name:
            raise CohortError(
                f"column: expected TABLE.ROLE=NAME such as echoes.mr=MI_Grad; found {pair!r}."
            )
        role, name = role.strip(), name.strip()
        if role in found:
            raise CohortError(
                f"column: expected {role} once; found {found[role]!r} and {name!r}. Leave one out."
            )
        found[role] = name
    return found


def _dry(rules: "CohortRules") -> "CohortCard":
    from train.cohort.adapters import read_source
    from train.cohort.build import draft
    from train.cohort.wording import spelled_out

    source = read_source(rules)
    return spelled_out(draft(source, rules).card, source.problems)


def _build(rules: "CohortRules", out: Path) -> "CohortCard":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from train.cohort.adapters import read_source
    from train.cohort.build import build_from
    from train.cohort.store import check_folder
    from train.cohort.wording import spelled_out

    check_folder(out)
    source = read_source(rules)
    columns = (TextColumn("Looking at"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        built = build_from(
            source, rules, out, lambda done, total: bar.update(task, completed=done, total=total)
        )
    return spelled_out(built.card, source.problems)
