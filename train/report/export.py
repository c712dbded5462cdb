"""A run packed to take away: what was asked, what came of it, and the weights; no radiographs."""

import zipfile
from pathlib import Path

from train.cohort_check import TRAINED_ON
from train.evaluate.store import load
from train.report.page import write_report
from train.runs.folder import LOG, METRICS, REQUEST, STATUS, RunError, RunFolder

README = """This is one training run of CXR Valve.

request.json         what was asked for: cohort, recipe, command
status.json          how it ended
trained-on.json      checksum of the cohort it learnt from
metrics.csv, log.txt losses and validation figures by epoch, and what happened
members/             the trained networks (safetensors, float16)
evaluation*/         figures with intervals, scores, evidence atlas; report.html to print

Patients and radiographs go by the cohort's pseudonyms; the file that leads back to the hospital's
own numbers is not part of a run. Research and teaching only; never a diagnosis.
"""


def export_run(folder: RunFolder, out: Path) -> Path:
    """Pack a run into ``out`` (a .zip) or copy it into ``out`` (a new folder); returns it.

    Reports are written anew. Checkpoints, prepared images and radiographs stay behind.

    Raises:
        RunError: ``out`` exists already, or the run's request is damaged.
        OSError: it cannot be written.
    """
    folder.request()
    if out.exists():
        raise RunError(f"Expected a new file or folder to export to, found {out.name} already.")
    files = _files(folder)
    if out.suffix.lower() == ".zip":
        partial = out.with_name(f".{out.name}.partial")
        # Not strict: archives tell times from 1980 on, and a file of before is told as of then.
        with zipfile.ZipFile(
            partial, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False
        ) as archive:
            archive.writestr(f"{folder.id}/README.txt", README)
            for file in files:
                archive.write(file, f"{folder.id}/{file.relative_to(folder.path)}")
        partial.rename(out)
        return out
    out.mkdir(parents=True)
    (out / "README.txt").write_text(README, encoding="utf-8")
    for file in files:
        target = out / file.relative_to(folder.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    return out


def _files(folder: RunFolder) -> list[Path]:
    found = [folder.path / name for name in (REQUEST, STATUS, TRAINED_ON, METRICS, LOG)]
    found += sorted(folder.path.glob("members/*/network.safetensors"))
    for place in sorted(folder.path.glob("evaluation*")):
        if (place / "evaluation.json").is_file():
            write_report(load(place))
            found += sorted(file for file in place.iterdir() if file.is_file())
    return [file for file in found if file.is_file()]
