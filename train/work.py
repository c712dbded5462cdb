"""What a job does: whatever its run still lacks, in order, each stage told in the status.

Data and cohort (where the run brings patients to simulate, or rules), networks, evaluation. Every
stage leaves its result whole or not at all, so doing it again goes on from what is there.
"""

import argparse
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from train.fit import run_training
from train.fit.outcomes import Stopped
from train.fit.progress import Progress, StopWish
from train.runs.folder import RunFolder, RunStatus
from train.runs.heartbeat import Heartbeat
from train.runs.root import open_run

#: Called with what is done and all there is; raises Stopped where somebody asked for it.
Report = Callable[[int, int], None]


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``python -m train work``."""
    parser = commands.add_parser(
        "work",
        help="do what a run still lacks: cohort, networks, evaluation (what a job executes)",
        description=(
            "Bring a run to its end: simulate or pair its cohort where the run asks for it, train "
            "the networks that are not trained yet from their last checkpoint, evaluate them. "
            "Ray jobs execute this command; type it to go on with a run without Ray."
        ),
    )
    parser.add_argument(
        "--run", dest="folder", type=Path, required=True, help="the folder of the run"
    )
    parser.set_defaults(run=_main)


def _main(options: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        return 0 if do_work(open_run(options.folder)).state in ("finished", "stopped") else 1
    except Exception as error:
        # Imported here: torch takes seconds, and nothing went wrong yet.
        from train.fit.run import EXPLAINED

        if not isinstance(error, EXPLAINED):
            raise
        print(f"train work: {error}", file=sys.stderr)
        return 1


def do_work(folder: RunFolder) -> RunStatus:
    """Bring a run to its end, or to the stop that somebody asked for; returns its status.

    Raises:
        Exception: what went wrong, after it was written down as the reason of failure.
    """
    try:
        prepare(folder)
        status = run_training(folder, finish=False)
        if status.state == "running":
            _evaluate(folder)
            status = folder.write_status(state="finished", stage="", eta_seconds=None)
    except Stopped:
        folder.clear_stop()
        folder.log("Stopped as asked; resume goes on from here.")
        return folder.write_status(state="stopped", stage="", eta_seconds=None)
    except Exception as error:
        if folder.status().state != "failed":
            reason = str(error) or type(error).__name__
            folder.log(f"Failed: {reason}")
            folder.write_status(state="failed", stage="", error=reason, eta_seconds=None)
        raise
    return status


def prepare(folder: RunFolder) -> None:
    """Simulate and pair the run's cohort where it is not there yet.

    Raises:
        Stopped: somebody asked for it.
        ValueError: the data cannot be read as the rules say.
    """
    request = folder.request()
    cohort = Path(request.cohort)
    # Imported where they are used: training alone needs none of it.
    from train.cohort.store import is_written, only_builder

    if is_written(cohort) or not (request.simulate or request.rules):
        return
    from train.cohort.build import build
    from train.cohort.rules import rules_from_json

    rules = {"finding": request.finding} | request.rules
    if request.simulate:
        from train.simulate.export import export_hospital
        from train.simulate.plan import ExportPlan

        data = folder.path / "data"
        with stage(folder, "simulating patients") as report:
            export_hospital(ExportPlan(request.simulate, structures=True), data, report)
        rules |= {"source": str(data), "truth": "truth.csv"}
    with (
        stage(folder, "checking radiographs") as report,
        only_builder(cohort, lambda: report(0, 0)),
    ):
        # Another run of the same cohort may have built it while this one waited.
        if not is_written(cohort):
            build(rules_from_json(rules), cohort, report)


@contextmanager
def stage(folder: RunFolder, name: str) -> Iterator[Report]:
    """Tell a stage in the status while it lasts; the report it gives also obeys a stop."""
    progress = Progress()
    progress.set(state="running", stage=name, step=0, steps=0, error="")

    with StopWish(folder.stop_asked) as wish, Heartbeat(folder, progress.fields):

        def report(done: int, total: int) -> None:
            progress.set(step=done, steps=total)
            if wish():
                raise Stopped

        folder.log(name.capitalize())
        yield report


def _evaluate(folder: RunFolder) -> None:
    from train.evaluate import evaluate_run, kept_rule

    with stage(folder, "evaluating") as report:
        evaluate_run([folder], rule=kept_rule([folder]), told=report)
