"""``python -m train fit``: train the networks of a run in the foreground."""

import argparse
import inspect
import logging
import re
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from train.cohort.card import CohortError
from train.presets import PRESET_NOTES, PRESETS
from train.recipe import (
    Augmentation,
    Balance,
    Precision,
    Recipe,
    RecipeError,
    Schedule,
    recipe_from_json,
)
from train.runs.folder import RunError, RunFolder, RunRequest
from train.runs.root import create, open_run, utc_now
from train.suitability import check_against

_ABOUT = """\
Train the networks of one recipe on one cohort, one after the other, and leave everything in a run
folder: checkpoints, metrics, log and, of each network, the weights that `python -m train evaluate`
and `promote` take up. One process needs no Ray; several workers share each batch by Ray Train."""

_EPILOG = """\
written under RUN (given by --out; --run goes on with one that exists):
  request.json      what was asked for; the same command again goes on where it stopped
  trained-on.json   checksum of the cohort; built again, it is refused here and in evaluation
  status.json       how far it is, renewed every 2 s
  metrics.csv       member, epoch, step, train_loss, validation_loss, validation_auc or
                    validation_mae (in the value's own unit), rate, seconds
  log.txt           what happened, radiographs by neutral id only
  members/NETWORK/  checkpoints/last.ckpt; at the end network.safetensors (float16)

Radiographs are prepared once, in the cohort's folder, before the first epoch: a file that is
missing or unreadable is skipped and named in the log, up to 5% of a split; beyond that, or where a
split is left without positives or negatives, training fails and says so.

Ctrl-C, SIGTERM, or a file named `stop` in RUN stops after the current batch; resuming ends with
the weights of an uninterrupted run (on the CPU: to 1e-6, with as many workers and threads). A
killed process goes on from its last checkpoint, the end of an epoch or at most 10 minutes back.

examples:
  python -m train fit --cohort mr-cohort --preset demo --out runs/first
  python -m train fit --cohort mr-cohort --preset study-mr --no-pretrained --epochs 30 --out runs/mr
  python -m train fit --cohort mr-cohort --networks resnet18 --input-size 160 --out runs/a
  python -m train fit --run runs/first

exit status: 0 trained, or stopped as asked; 1 it failed, for the reason printed and kept in
status.json; 2 the command was not understood."""

_CHOICES: dict[str, Any] = {
    "schedule": Schedule,
    "augmentation": Augmentation,
    "balance": Balance,
    "precision": Precision,
}


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``fit`` to the commands of ``python -m train``."""
    parser = commands.add_parser(
        "fit",
        help="train the networks of a recipe on a cohort",
        description=_ABOUT,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run = parser.add_mutually_exclusive_group(required=True)
    run.add_argument(
        "--run", dest="folder", type=Path, metavar="RUN", help="go on with the run in this folder"
    )
    run.add_argument("--cohort", type=Path, metavar="DIR", help="a folder made by `train cohort`")
    parser.add_argument("--out", type=Path, metavar="RUN", help="folder of the new run")
    notes = " ".join(f"{name}: {note}" for name, note in PRESET_NOTES.items())
    parser.add_argument(
        "--preset",
        choices=PRESETS,
        metavar="NAME",
        help=f"recipe to begin with. {notes}",
    )
    recipe = parser.add_argument_group(
        "recipe", "what differs from the preset or, without one, from what stands in brackets"
    )
    for name, text in _documented(Recipe).items():
        _add_field(recipe, name, text)
    parser.set_defaults(run=run_command)


def _add_field(group: Any, name: str, text: str) -> None:
    default = getattr(Recipe(), name)
    option, kind = f"--{name.replace('_', '-')}", type(default)
    shown = " ".join(default) if isinstance(default, tuple) else default
    text = f"{text} [{shown}]".replace("%", "%%")
    if kind is bool:
        group.add_argument(option, action=argparse.BooleanOptionalAction, help=text)
    elif name == "networks":
        group.add_argument(option, nargs="+", metavar="NAME", help=text)
    elif name == "input_size":
        group.add_argument(option, nargs="+", type=int, metavar="PX", help=text)
    elif name in _CHOICES:
        group.add_argument(option, choices=get_args(_CHOICES[name]), help=text)
    else:
        group.add_argument(option, type=kind, metavar="X", help=text)


def _documented(described: type) -> dict[str, str]:
    """What the docstring says of each field, so that help and code cannot part ways."""
    text = (inspect.getdoc(described) or "").split("Attributes:\n")[1]
    entries = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", text, re.MULTILINE)
    return {name: re.sub(r"\s+", " ", words).replace("``", "") for name, words in entries}


def run_command(options: argparse.Namespace) -> int:
    """Train; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    try:
        folder = _resumed(options.folder) if options.folder else _new_run(options)
    except (RecipeError, RunError, CohortError, OSError) as error:
        print(f"train fit: {error}", file=sys.stderr)
        return 1
    from train.fit.run import explain, run_training

    try:
        status = run_training(folder)
    except Exception as error:
        print(f"train fit: {explain(error)}", file=sys.stderr)
        return 1
    if status.state == "stopped":
        print(f"Stopped. Go on with: python -m train fit --run {folder.path}")
    return 0


def _resumed(path: Path) -> RunFolder:
    """The run to go on with, looked at before it is touched: a refusal leaves it as it was."""
    from train.cohort.store import load_cohort
    from train.cohort_check import check_unchanged

    folder = open_run(path)
    check_unchanged(folder, load_cohort(Path(folder.request().cohort)))
    return folder


def _new_run(options: argparse.Namespace) -> RunFolder:
    """The run folder of the options: made, or found again where it asks for the same."""
    if options.out is None:
        raise RunError("--out: expected the folder of the new run beside --cohort; found none.")
    from train.cohort.store import load_cohort
    from train.cohort_check import check_unchanged

    recipe = _recipe(options)
    cohort = load_cohort(options.cohort)
    check_against(recipe, cohort)
    out = options.out.resolve()
    request = RunRequest(
        id=out.name,
        title=f"{cohort.card.finding.upper()}, {', '.join(recipe.networks)}",
        finding=cohort.card.finding,
        cohort=str(options.cohort.resolve()),
        recipe=recipe.to_json(),
        created=utc_now(),
        command=f"python -m train {' '.join(sys.argv[1:])}",
    )
    if not out.exists():
        out.parent.mkdir(parents=True, exist_ok=True)
        return create(request, out.parent)
    folder = RunFolder(out)
    found = folder.request()
    if (found.cohort, found.recipe) != (request.cohort, request.recipe):
        raise RunError(
            f"--out: expected a new folder, or the run of the same cohort and recipe; found "
            f"{out.name!r} with another. Name another folder, or go on with --run."
        )
    check_unchanged(folder, cohort)
    return folder


def _recipe(options: argparse.Namespace) -> Recipe:
    chosen = (PRESETS[options.preset] if options.preset else Recipe()).to_json()
    for field in fields(Recipe):
        value = getattr(options, field.name)
        if value is None:
            continue
        alone = field.name == "input_size" and len(value) == 1
        chosen[field.name] = value[0] if alone else value
    return recipe_from_json(chosen)
