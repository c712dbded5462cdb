"""Fitted members → a weights folder: files, calibrated card, held-out scores, checksums."""

import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_valve import active, cards
from cxr_valve.engines.engine import ENGINES, Engine, NetworkSource, open_engine
from cxr_valve.findings import FINDINGS
from cxr_valve.imaging.prepare import PREPROCESSING
from cxr_valve.models.chain import run_chain
from cxr_valve.models.value import run_value
from train.cohort.store import StoredCohort, load_cohort
from train.evaluate import Calibrated, CalibratedValue, Evaluation, FittedMember, source
from train.provenance import Provenance, provenance_of
from train.runs.folder import RunError, RunFolder

__all__ = ["FittedMember", "Provenance", "engine_errors", "promote", "source", "write_set"]
#: Images on which every engine is held to the float32 torch reference.
ENGINE_CHECK_IMAGES = 200
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}")


def promote(evaluation: Evaluation, tag: str | None = None, *, activate: bool = False) -> Path:
    """Write the evaluated members as a set of weights under the user's root; returns its folder.

    Without ``tag`` the set is called after its first run. ``activate`` makes it the set that the
    pages and the command line read with; the choice can be reverted.

    Raises:
        RunError: the program reads no such finding, the tag cannot name a folder, a set of that
            name exists, or the weights changed since they were evaluated.
    """
    root = cards.user_root()
    name = _free_name(evaluation, tag, root)
    runs = [RunFolder(evaluation.folder.parent.parent / run) for run in evaluation.runs]
    requests = [run.request() for run in runs]
    cohort = load_cohort(Path(requests[0].cohort))
    for member in evaluation.members:
        if not member.file.is_file():
            raise RunError(
                f"{member.run}: Expected the weights of {member.label}, found none. Resume the run "
                "or evaluate another."
            )
    folder = write_set(
        evaluation.finding,
        evaluation.members,
        evaluation.fitted,
        provenance_of(evaluation, cohort, requests, name),
        check_images(cohort, evaluation.members),
        root,
    )
    # Imported here: a page that only offers promotion need not wait for an engine.
    from train.novelty import keep_looks

    keep_looks(folder, cohort)
    if activate:
        active.activate(folder.name)
    return folder


def write_set(
    finding: str,
    members: Sequence[FittedMember],
    calibrated: Calibrated | CalibratedValue,
    provenance: Provenance,
    check_images: Sequence[NDArray[np.uint8]],
    root: Path,
) -> Path:
    """Write ``<root>/<finding>-<tag>`` and return it; an existing folder is replaced.

    ``check_images`` holds, per member, the prepared images (N, S, S) on which engines are compared.
    """
    folder = root / f"{finding}-{provenance.tag}"
    partial = root / f".{folder.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    calibrated.scores.to_csv(partial / cards.SCORES_FILE, index=False, float_format="%.6f")
    described = []
    for member, calibration in zip(members, calibrated.members, strict=True):
        file = f"{member.label}.safetensors"
        shutil.copyfile(member.file, partial / file)
        described.append(
            cards.Member(
                member.network,
                file,
                cards.sha256(partial / file),
                member.input_size,
                member.grid,
                calibration,
                member.name if member.name != member.network else "",
                _trunk(member),
            )
        )
    card = _card(finding, tuple(described), calibrated, provenance, partial)
    errors = engine_errors(card, [source(member) for member in members], check_images)
    cards.write_card(replace(card, engine_error=errors), partial)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return folder


def _trunk(member: FittedMember) -> str:
    # Imported where weights are written: torch takes seconds.
    from safetensors.torch import load_file

    from cxr_valve.models.networks import classifier_name
    from cxr_valve.models.trunk import trunk_checksum

    return trunk_checksum(load_file(member.file), classifier_name(member.network))


def _card(
    finding: str,
    members: tuple[cards.Member, ...],
    calibrated: Calibrated | CalibratedValue,
    provenance: Provenance,
    folder: Path,
) -> cards.AnyCard:
    common: dict[str, Any] = {
        "finding": finding,
        "tag": provenance.tag,
        "simulated": provenance.simulated,
        "created": provenance.created,
        "summary": provenance.summary,
        "preprocessing": PREPROCESSING,
        "members": members,
        "evidence": calibrated.evidence,
        "training": provenance.training,
        "validation": calibrated.cohorts["validation"],
        "test": calibrated.cohorts["test"],
        "data": provenance.data,
        "engine_error": {},
        "scores_sha256": cards.sha256(folder / cards.SCORES_FILE),
    }
    if isinstance(calibrated, Calibrated):
        return cards.Card(
            kind="binary",
            prevalence=calibrated.prevalence,
            calibration=calibrated.calibration,
            operating_point=calibrated.operating_point,
            **common,
        )
    return cards.ValueCard(
        kind="continuous",
        unit=calibrated.unit,
        mean=calibrated.mean,
        calibration=calibrated.calibration,
        interval=calibrated.interval,
        cuts=calibrated.cuts,
        **common,
    )


def engine_errors(
    card: cards.AnyCard, sources: Sequence[NetworkSource], images: Sequence[NDArray[np.uint8]]
) -> dict[str, cards.EngineError]:
    """|Δ probability|, or |Δ value|, of every engine that runs here against torch in float32."""
    reference = _results(card, open_engine("torch"), sources, images)
    errors = {}
    for name in ENGINES:
        if name == "torch":
            continue
        try:
            engine = open_engine(name)
        except ValueError:
            continue  # this processor lacks bfloat16: the card then says nothing of that engine
        difference = np.abs(_results(card, engine, sources, images) - reference)
        errors[name] = cards.EngineError(
            float(difference.max()), float(difference.mean()), len(difference)
        )
    return errors


def _results(
    card: cards.AnyCard,
    engine: Engine,
    sources: Sequence[NetworkSource],
    images: Sequence[NDArray[np.uint8]],
) -> NDArray[np.float64]:
    runs = [engine.open(item) for item in sources]
    results = []
    for index in range(min(len(images[0]), ENGINE_CHECK_IMAGES)):
        logits = [
            float(run((stack[index].astype(np.float32) / 255.0)[None, None])[0][0])
            for run, stack in zip(runs, images, strict=True)
        ]
        if isinstance(card, cards.ValueCard):
            results.append(run_value(card, logits).value)
        else:
            results.append(run_chain(card, logits).probability)
    return np.array(results)


def _free_name(evaluation: Evaluation, tag: str | None, root: Path) -> str:
    known = FINDINGS.get(evaluation.finding)
    if known is None or known.kind != evaluation.kind:
        raise RunError(
            f"Expected a finding that the program reads ({', '.join(FINDINGS)}), found "
            f"{evaluation.finding} ({evaluation.kind}). Its evaluation and weights stay in the run."
        )
    name = tag if tag is not None else evaluation.runs[0].replace(f"-{evaluation.finding}-", "-")
    if not _TAG.fullmatch(name):
        raise RunError(
            f"Expected a tag of letters, digits, -, _ and ., beginning with a letter or digit; "
            f"found {name!r}."
        )
    for place in (root, cards.shipped_root()):
        if (place / f"{evaluation.finding}-{name}").exists():
            raise RunError(
                f"Expected a new name, found weights called {evaluation.finding}-{name} already. "
                "Choose another tag; sets are never overwritten."
            )
    return name


def check_images(cohort: StoredCohort, members: Sequence[FittedMember]) -> list[NDArray[np.uint8]]:
    """The first readable test images as each member sees them: (N, S, S) bytes for each."""
    from train.fit.images import prepare_images

    prepared = prepare_images(cohort, sorted({member.input_size for member in members}))
    usable = np.all([images.usable for images in prepared.values()], axis=0)
    test = (cohort.table["split"] == "test").to_numpy()
    rows = np.flatnonzero(test & usable)[:ENGINE_CHECK_IMAGES]
    return [np.asarray(prepared[member.input_size].images[rows]) for member in members]
