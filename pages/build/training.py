"""Training: from echo reports and radiographs to weights; the one page that uses ``train``."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from cxr_valve.ui.training import show_training
from cxr_valve.ui.training.desk import Look, Preset, Request, Run, Source
from train import control, roots
from train.recipe import PRESET_NOTES, PRESETS, RecipeError, recipe_from_json
from train.runs import RunFolder, RunRequest, create, find_run, new_id, runs_root, utc_now


class TrainingDesk:
    """Answers the page with the training code; what it raises is meant to be read."""

    def runs(self) -> Sequence[Run]:
        return [as_run(view) for view in control.reconcile()]

    def metrics(self, run: str) -> pd.DataFrame:
        return find_run(run).metrics()

    def log(self, run: str, lines: int) -> Sequence[str]:
        return find_run(run).log_tail(lines)

    def stop(self, run: str) -> None:
        control.stop(find_run(run))

    def force_stop(self, run: str) -> None:
        control.force_stop(find_run(run))

    def resume(self, run: str) -> None:
        control.resume(find_run(run))

    def duplicate(self, run: str) -> str:
        return launch(control.duplicate(find_run(run)))

    def delete(self, run: str) -> None:
        control.delete(find_run(run))

    def start_demo(self, patients: int) -> str:
        id = new_id("mr")
        return launch(
            RunRequest(
                id=id,
                title=f"Demonstration, {patients} simulated patients",
                finding="mr",
                cohort=str(runs_root() / id / "cohort"),
                recipe=PRESETS["demo"].to_json(),
                created=utc_now(),
                command=f"python -m train work --run {runs_root() / id}",
                simulate=patients,
            )
        )

    def roots(self) -> Sequence[str]:
        return list(roots.data_roots())

    def look(self, folder: str) -> Look:
        place = roots.inside_roots(folder)
        above = place.text.rpartition("/")[0]
        return Look(place.text, above, tuple(roots.folders_in(place)), ())

    def sources(self) -> Mapping[str, Source]:
        return {}

    def presets(self) -> Mapping[str, Preset]:
        return {key: Preset(PRESET_NOTES[key], item.to_json()) for key, item in PRESETS.items()}

    def recipe_problem(self, recipe: Mapping[str, Any]) -> str:
        try:
            recipe_from_json(recipe)
        except RecipeError as error:
            return str(error)
        return ""

    def command(self, request: Request) -> str:
        return ""


def launch(request: RunRequest) -> str:
    """Make the run, which is on disk from then on; Ray may take a while to start, so elsewhere."""
    folder = create(request)
    threading.Thread(target=_submit, args=(folder,), daemon=True).start()
    return folder.id


def _submit(folder: RunFolder) -> None:
    try:
        control.submit(folder)
    except Exception as error:
        # Nobody waits here: the run itself says what went wrong.
        folder.write_status(state="failed", error=str(error))


def as_run(view: control.RunView) -> Run:
    """A run as the page draws it."""
    request, status = view.request, view.status
    members = status.members
    number = members.index(status.member) + 1 if status.member in members else 0
    reason = view.reason
    if view.state == "queued" and view.ahead:
        reason = f"Waits until {view.ahead} before it {'is' if view.ahead == 1 else 'are'} done."
    return Run(
        id=view.id,
        title=view.title,
        finding=request.finding if request else "",
        state=view.state,
        stage=status.stage,
        reason=reason,
        simulated=bool(request and request.simulate),
        progress=progress(view),
        member=status.member,
        member_number=number,
        members=members,
        epoch=status.epoch,
        epochs=status.epochs,
        images_per_second=status.images_per_second,
        eta_seconds=status.eta_seconds,
        device=status.device,
        memory_mb=status.memory_mb,
        created=request.created if request else "",
        command=request.command if request else "",
        recipe=request.recipe if request else {},
        resumable=view.resumable,
    )


def progress(view: control.RunView) -> float:
    """Of the whole training; before and after it, of the stage."""
    status = view.status
    if status.stage in ("", "training") or view.state not in ("running", "stopping"):
        return view.progress
    return min(status.step / status.steps, 1.0) if status.steps else 0.0


show_training(TrainingDesk())
