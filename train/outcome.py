"""What a page asks of an evaluated run. torch stays out of its process: a child promotes."""

import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from train.runs.files import read_object
from train.runs.folder import RunError, RunFolder

FILE, SCORES = "evaluation.json", "scores.csv"
PROGRAM = Path(__file__).resolve().parents[1]
#: What a page waits for a promotion, and then for an interrupted one to clean up.
PROMOTE_SECONDS, CLEAN_UP_SECONDS = 300, 10


def is_evaluated(folder: RunFolder) -> bool:
    """Whether the run was evaluated to the end."""
    return (folder.evaluation / FILE).is_file()


def read_evaluation(folder: RunFolder) -> Mapping[str, Any]:
    """What was measured, as in evaluation.json.

    Raises:
        RunError: there is none, or it is damaged.
    """
    found = read_object(folder.evaluation / FILE)
    if found is None:
        raise RunError(f"{folder.id}: Expected a whole {FILE}, found none. Evaluate the run again.")
    return found


def picture(folder: RunFolder, file: str) -> Path:
    """A picture of the atlas, by the name that evaluation.json gives it.

    Raises:
        RunError: it is not there; a name with a folder in it never is.
    """
    found = folder.evaluation / Path(file).name
    if not found.is_file():
        raise RunError(f"{folder.id}: Expected a picture {Path(file).name}, found none.")
    return found


def report(folder: RunFolder) -> bytes:
    """The report, written anew, as one HTML file."""
    from train.evaluate import load
    from train.report.page import report_html

    return report_html(load(folder.evaluation)).encode()


def export(folder: RunFolder) -> bytes:
    """The run packed as a .zip, without radiographs and checkpoints."""
    from train.report.export import export_run

    with tempfile.TemporaryDirectory() as place:
        return export_run(folder, Path(place) / f"{folder.id}.zip").read_bytes()


def promote(folder: RunFolder, tag: str, *, activate: bool) -> str:
    """Make a set of weights of the run in a process of its own; returns the set's name.

    Raises:
        RunError: what the command said of why it refused, or that it took too long.
    """
    name = f"{folder.request().finding}-{tag}"
    options = [f"--tag={tag}", *(["--activate"] if activate else [])]
    command = [sys.executable, "-m", "train", "promote", str(folder.path), *options]
    with subprocess.Popen(
        command, cwd=PROGRAM, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        try:
            _, errors = child.communicate(timeout=PROMOTE_SECONDS)
        except subprocess.TimeoutExpired:
            _interrupt(child)
            typed = shlex.join(["python", "-m", "train", "promote", folder.id, *options])
            raise RunError(
                f"It was not promoted within {PROMOTE_SECONDS} s. Type `{typed}`, which takes the "
                "time it needs."
            ) from None
    if child.returncode:
        said = [line for line in errors.splitlines() if line.startswith("train promote:")]
        why = said[-1].removeprefix("train promote:").strip() if said else errors[-300:]
        raise RunError(f"It was not promoted. {why}")
    return name


def _interrupt(child: "subprocess.Popen[str]") -> None:
    """End a child so that it takes its unfinished files away (``terminated_tidily``); else kill."""
    child.terminate()
    try:
        child.communicate(timeout=CLEAN_UP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
