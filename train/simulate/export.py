"""Write a simulated hospital's export: render in several processes, finish all at once."""

import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

from train.simulate.files import write_whole
from train.simulate.plan import ExportPlan
from train.simulate.records import Records, records_of
from train.simulate.render import Rendered, render_person
from train.simulate.tables import write_structures, write_tables

PLAN_FILE, READ_ME = "export.json", "README.txt"
NOTICE = (
    "SIMULATED. No patient, no hospital: every radiograph and every report here was drawn from "
    "the chest phantom of CXR Valve. What is learnt from it is evidence about nobody.\n"
)
#: Below this many patients starting processes takes longer than it saves.
WORTH_PROCESSES = 20
#: Called with radiographs done and all of them, laterals included.
Progress = Callable[[int, int], None]


def export_hospital(
    plan: ExportPlan, out: Path, progress: Progress | None = None, processes: int | None = None
) -> Path:
    """Write the export as folder ``out``, whole or not at all; returns ``out``.

    An interrupted export continues from what it had written beside ``out``, and a finished one of
    the same plan is left as it is. Raises ValueError where ``out`` holds anything else.
    """
    if out.exists() and any(out.iterdir()):
        if _same_plan(plan, out):
            return out
        raise ValueError(
            f"Expected a new folder or the finished export of the same plan; found {out.name!r} "
            "with something else. Choose another folder or remove that one."
        )
    partial = out.with_name(f".{out.name}.partial")
    if partial.exists() and not _same_plan(plan, partial):
        shutil.rmtree(partial)
    partial.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"simulated": True} | asdict(plan), indent=2)
    write_whole(partial / PLAN_FILE, f"{text}\n".encode())
    records = [
        records_of(plan.seed, number, plan.patients, plan.dicom_share)
        for number in range(plan.patients)
    ]
    rendered = _render(plan, partial, records, progress, processes or os.cpu_count() or 1)
    if plan.structures:
        write_structures(records, rendered, partial)
    write_tables(records, rendered, partial, plan.seed)
    (partial / READ_ME).write_text(NOTICE, encoding="utf-8")
    if out.exists():
        out.rmdir()
    partial.rename(out)
    return out


def _same_plan(plan: ExportPlan, folder: Path) -> bool:
    try:
        found = json.loads((folder / PLAN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(found == {"simulated": True} | asdict(plan))


def _render(
    plan: ExportPlan,
    folder: Path,
    records: list[Records],
    progress: Progress | None,
    processes: int,
) -> list[Rendered]:
    total, done = sum(len(found.pictures) for found in records), 0
    rendered = []
    for found, drawn in zip(records, _each_person(plan, folder, processes), strict=True):
        rendered.append(drawn)
        done += len(found.pictures)
        if progress:
            progress(done, total)
    return rendered


def _each_person(plan: ExportPlan, folder: Path, processes: int) -> Iterator[Rendered]:
    work = [(plan, number, folder) for number in range(plan.patients)]
    if processes == 1 or plan.patients < WORTH_PROCESSES:
        yield from map(render_person, work)
        return
    # Spawned, not forked: the caller may be a page with threads of its own.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        yield from pool.map(render_person, work, chunksize=8)
