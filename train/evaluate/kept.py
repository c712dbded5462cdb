"""Where the evaluation of some runs is kept, and which one is there."""

from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from cxr_valve.evaluation.rules import Rule
from train.evaluate.binary import YOUDEN
from train.evaluate.store import FILE, Evaluation, load, rule_from_words
from train.runs.files import read_object
from train.runs.folder import RunError, RunFolder


def evaluation_folder(runs: Sequence[RunFolder]) -> Path:
    """Where an evaluation is kept: of several runs beside that of the first one alone, under a name
    that stands for the ids of all of them in their order."""
    if len(runs) == 1:
        return runs[0].evaluation
    ids = "\n".join(run.id for run in runs)
    return runs[0].path / f"evaluation-with-{sha256(ids.encode()).hexdigest()[:12]}"


def kept_evaluation(runs: Sequence[RunFolder]) -> Evaluation | None:
    """The evaluation of exactly these runs in this order; None where there is none whole."""
    asked = [run.path.resolve() for run in runs]
    for folder in _places(runs):
        with suppress(RunError):
            found = load(folder)
            if [run.path.resolve() for run in found.folders] == asked:
                return found
    return None


def kept_rule(runs: Sequence[RunFolder]) -> Rule:
    """What chose the threshold when these runs were last evaluated, else Youden's index."""
    others = [run.id for run in runs[1:]]
    for folder in _places(runs):
        found = read_object(folder / FILE) or {}
        with suppress(KeyError, TypeError, ValueError):
            # The first is that of the folder, whatever it was called then.
            if found["runs"][1:] == others:
                return rule_from_words(found["fitted"]["operating_point"]["rule"])
    return YOUDEN


def _places(runs: Sequence[RunFolder]) -> tuple[Path, ...]:
    """Where an evaluation of these runs may be; earlier releases used the ends of their ids."""
    ends = "-".join(run.id.rpartition("-")[2] for run in runs[1:])
    earlier = [runs[0].path / f"evaluation-with-{ends}"] if ends else []
    return (evaluation_folder(runs), *earlier)
