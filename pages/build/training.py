"""Training: from echo reports and radiographs to weights; the one page that uses ``train``."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from cxr_valve.findings import FINDINGS
from cxr_valve.ui.training import show_training
from cxr_valve.ui.training.desk import Cost, Look, Preset, Request, Run, Source
from train import control, outcome, plan, roots
from train.cohort.adapters import ADAPTERS, read_source, recognise
from train.cohort.build import draft, tables_key
from train.cohort.cost import MACHINE, disk, hours
from train.cohort.rules import CohortRules
from train.cohort.source import Source as Tables
from train.cohort.targets import CHEXCHONET
from train.presets import PRESET_NOTES, PRESETS
from train.recipe import RecipeError, recipe_from_json
from train.runs import RunError, RunFolder, RunRequest, create, find_run, new_id, runs_root, utc_now


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
                title=f"Demonstration, {patients} patients",
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
        folders = tuple(roots.folders_in(place))
        return Look(place.text, above, folders, tuple(recognise(place.path)))

    def sources(self) -> Mapping[str, Source]:
        return {
            key: Source(
                item.name,
                item.note,
                item.files,
                CHEXCHONET
                if key == "chexchonet"
                else {name: finding.name for name, finding in FINDINGS.items()},
            )
            for key, item in ADAPTERS.items()
        }

    def first_rules(self, folder: str, source: str) -> Mapping[str, Any]:
        finding = next(iter(self.sources()[source].findings))
        truth = roots.inside_roots(folder).path / "truth.csv"
        simulated = "truth.csv" if source == "csv" and truth.is_file() else ""
        return CohortRules(folder, source, finding, truth=simulated).to_json()

    def cohort(self, rules: Mapping[str, Any]) -> Mapping[str, Any]:
        wanted = plan.opened(rules)
        return draft(
            read_once(tables_key(wanted), plan.stamp(wanted), wanted), wanted
        ).card.to_json()

    def cost(self, recipe: Mapping[str, Any], cohort: Mapping[str, Any]) -> Cost:
        images = {name: split["images"] for name, split in cohort["splits"].items()}
        chosen = recipe_from_json(recipe)
        return Cost(
            3600 * hours(chosen, images["train"], images["validation"]),
            disk(chosen, sum(images.values())) / 1e6,
            MACHINE,
        )

    def presets(self, rules: Mapping[str, Any]) -> Mapping[str, Preset]:
        known = plan.knows_truth(rules)
        return {
            key: Preset(
                PRESET_NOTES[key],
                (item if known else replace(item, measure_weight=0.0, locate_weight=0.0)).to_json(),
            )
            for key, item in PRESETS.items()
        }

    def recipe_problem(self, recipe: Mapping[str, Any], rules: Mapping[str, Any]) -> str:
        try:
            wanted = recipe_from_json(recipe)
        except RecipeError as error:
            return str(error)
        if (wanted.measure_weight or wanted.locate_weight) and not plan.knows_truth(rules):
            return (
                "measure_weight, locate_weight: expected 0, since only simulated data with "
                "structures.npy knows true sizes and places."
            )
        return ""

    def finish(self, run: str) -> None:
        folder = find_run(run)
        folder.write_status(state="stopped")
        control.resume(folder)

    def evaluation(self, run: str) -> Mapping[str, Any]:
        return outcome.read_evaluation(find_run(run))

    def picture(self, run: str, file: str) -> Path:
        return outcome.picture(find_run(run), file)

    def scores(self, run: str) -> bytes:
        return (find_run(run).evaluation / outcome.SCORES).read_bytes()

    def report(self, run: str) -> bytes:
        return outcome.report(find_run(run))

    def export(self, run: str) -> bytes:
        return outcome.export(find_run(run))

    def promote(self, run: str, tag: str, activate: bool) -> str:
        return outcome.promote(find_run(run), tag, activate=activate)

    def command(self, request: Request) -> str:
        return plan.commands(request.rules, request.preset, request.recipe, "new")

    def start(self, request: Request) -> str:
        rules = plan.opened(request.rules)
        id = new_id(rules.finding)
        return launch(
            RunRequest(
                id=id,
                title=request.title,
                finding=rules.finding,
                cohort=str(plan.cohort_folder(rules)),
                recipe=recipe_from_json(request.recipe).to_json(),
                created=utc_now(),
                command=plan.commands(request.rules, request.preset, request.recipe, id),
                rules=rules.to_json(),
            )
        )


@st.cache_resource(max_entries=2, show_spinner=False)
def read_once(key: str, stamp: object, _rules: CohortRules) -> Tables:  # noqa: ARG001 (cache)
    """The tables of an export, read again only where they or what is read of them changed."""
    return read_source(_rules)


def launch(request: RunRequest) -> str:
    """Make the run, which is on disk from then on; Ray may take a while to start, so elsewhere."""
    try:
        folder = create(request)
    except OSError as error:
        raise RunError(
            f"The run could not be kept: {(error.strerror or 'it failed').lower()}. Free space, or "
            "let CXR_VALVE_RUNS name a folder that can be written."
        ) from error
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
        simulated=request is not None and plan.is_simulated(request),
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
        evaluated=view.state == "finished" and outcome.is_evaluated(view.folder),
    )


def progress(view: control.RunView) -> float:
    """Of the whole training; before and after it, of the stage."""
    status = view.status
    if status.stage in ("", "training") or view.state not in ("running", "stopping"):
        return view.progress
    return min(status.step / status.steps, 1.0) if status.steps else 0.0


show_training(TrainingDesk())
