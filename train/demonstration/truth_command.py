"""``python -m train truth``: the demonstration weights against the simulator's truth."""

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxr_valve import cards

if TYPE_CHECKING:
    from cxr_valve.evaluation.intervals import Estimate
    from cxr_valve.models.ensemble import Ensemble
    from train.demonstration.further import Answer, Case
    from train.demonstration.randomised import Resemblance
    from train.demonstration.truth import Truth

_ABOUT = """\
Let the demonstration weights read further simulated patients, whom no training saw, and compare
what they say with the simulator's truth: their AUC with that of an ideal observer who knows every
measurement, sensitivity by grade, calibration, where their evidence lies, and whether it changes
when the weights are randomised. It tells how much of the simulator they have learnt, and nothing
about patients."""

#: Patients whose maps are compared with those of random networks.
COMPARED = 50


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``truth`` to the commands of ``python -m train``."""
    parser = commands.add_parser(
        "truth",
        help="judge the demonstration weights by the simulator's truth",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--patients", type=int, default=5000, metavar="N", help="how many (default: 5000)"
    )
    parser.add_argument("--root", type=Path, default=cards.shipped_root(), help="weights folder")
    parser.add_argument(
        "--real",
        type=Path,
        metavar="DIR",
        help="real radiographs with labels in a manifest.csv: also the AUC of the MR score for a "
        "large heart against no finding, PA",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="default: one a processor"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Judge and print; returns the exit code."""
    # Imported here so that --help answers at once.
    from cxr_valve.engines.engine import open_engine
    from cxr_valve.models.ensemble import open_ensembles
    from train.demonstration.plan import FINDINGS_IN_ORDER, TAG
    from train.demonstration.randomised import resemblance
    from train.demonstration.truth import compare

    folders = {key: options.root / f"{key}-{TAG}" for key in FINDINGS_IN_ORDER}
    sets = {key: cards.read_card(folder) for key, folder in folders.items()}
    ensembles = open_ensembles(sets, open_engine())
    answers, compared = _answers(ensembles, options.patients, options.processes)
    figures: list[dict[str, Any]] = []
    for key, ensemble in ensembles.items():
        card = ensemble.binary
        threshold, epsilon = card.operating_point.threshold, card.evidence.epsilon
        truth = compare(key, answers[key], threshold, epsilon)
        maps = resemblance(ensemble, compared)
        print("\n".join(_lines(truth, maps)))
        figures.append(asdict(truth) | {"resemblance": asdict(maps)})
    if options.real:
        transfer = _transfer(ensembles["mr"], options.real)
        print(f"MR score on {transfer.n} real PA radiographs, large heart against no finding")
        print(f"  AUC {_short(transfer)} (training saw none of them)")
        figures.append({"transfer": asdict(transfer)})
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


def _answers(
    ensembles: Mapping[str, "Ensemble"], patients: int, processes: int
) -> tuple[dict[str, list["Answer"]], list["Case"]]:
    """What each ensemble says of every patient, and the first few patients themselves."""
    from rich.progress import track

    from train.demonstration.further import answer, further_cases

    sizes = tuple(sorted(set().union(*(found.sizes() for found in ensembles.values()))))
    answers: dict[str, list[Answer]] = {key: [] for key in ensembles}
    compared: list[Case] = []
    cases = further_cases(patients, sizes, processes)
    for case in track(cases, "Reading", total=patients, transient=True):
        if len(compared) < COMPARED:
            compared.append(case)
        for key, ensemble in ensembles.items():
            answers[key].append(answer(ensemble, key, case))
    return answers, compared


def _transfer(ensemble: "Ensemble", real: Path) -> cards.Figure:
    """AUC of the score for a large heart on real radiographs, whose labels training never saw."""
    from cxr_valve.imaging.prepare import prepare_sizes
    from cxr_valve.imaging.radiograph import Radiograph
    from train.segmentation.data import read_manifest
    from train.segmentation.measure import large_heart_auc

    def score(radiograph: Radiograph) -> float:
        inputs = prepare_sizes(radiograph, ensemble.sizes())
        return ensemble.read(inputs).chain.score

    return large_heart_auc(score, real, read_manifest(real))


def _lines(truth: "Truth", maps: "Resemblance") -> Sequence[str]:
    against = truth.against
    grades = ", ".join(f"{grade} {_short(value)}" for grade, value in truth.sensitivity.items())
    return (
        f"{truth.finding.upper()}, {truth.n} further simulated patients (evidence about nobody)",
        f"  AUC {_short(against.first)}, ideal observer {_short(against.second)}, difference "
        f"{_short(against.difference, 3)}",
        f"  called positive by grade: {grades}",
        f"  calibration slope {_short(truth.slope)}",
        f"  positive evidence where it belongs, over chance: {_short(truth.concentration)}",
        f"  its area with grade: rho {_short(truth.growth)}",
        f"  maps against those of random weights: r {_short(maps.signed)}, its size "
        f"{_short(maps.absolute)}, between random weights {_short(maps.chance)}",
    )


def _short(value: "Estimate | cards.Figure", places: int = 2) -> str:
    return f"{value.value:.{places}f} ({value.low:.{places}f} to {value.high:.{places}f})"
