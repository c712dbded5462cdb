"""Fitted members → a weights folder: files, calibrated card, held-out scores, checksums."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cxr_valve import cards
from cxr_valve.engines.engine import ENGINES, Engine, NetworkSource, open_engine
from cxr_valve.imaging.prepare import PREPROCESSING
from cxr_valve.models.chain import run_chain
from cxr_valve.models.networks import load_network
from train.evaluate import Calibrated

#: Images on which every engine is held to the float32 torch reference.
ENGINE_CHECK_IMAGES = 200


@dataclass(frozen=True)
class FittedMember:
    """A fitted network on disk: ``file`` is its .safetensors."""

    network: str
    file: Path
    input_size: int
    grid: tuple[int, int]


@dataclass(frozen=True)
class Provenance:
    """What the card says of where the weights come from."""

    tag: str
    created: str
    summary: str
    simulated: bool
    training: cards.Training
    data: tuple[cards.Source, ...]


def source(member: FittedMember) -> NetworkSource:
    """The fitted member as an engine opens it."""
    return NetworkSource(
        member.network,
        cards.sha256(member.file),
        member.input_size,
        lambda: load_network(member.network, member.file),
    )


def write_set(
    finding: str,
    members: Sequence[FittedMember],
    calibrated: Calibrated,
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
        file = f"{member.network}.safetensors"
        shutil.copyfile(member.file, partial / file)
        described.append(
            cards.Member(
                member.network,
                file,
                cards.sha256(partial / file),
                member.input_size,
                member.grid,
                calibration,
            )
        )
    card = _card(finding, tuple(described), calibrated, provenance, partial)
    errors = engine_errors(card, [source(member) for member in members], check_images)
    cards.write_card(replace(card, engine_error=errors), partial)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return folder


def _card(
    finding: str,
    members: tuple[cards.Member, ...],
    calibrated: Calibrated,
    provenance: Provenance,
    folder: Path,
) -> cards.Card:
    return cards.Card(
        finding=finding,
        tag=provenance.tag,
        kind="binary",
        simulated=provenance.simulated,
        created=provenance.created,
        summary=provenance.summary,
        preprocessing=PREPROCESSING,
        members=members,
        prevalence=calibrated.prevalence,
        calibration=calibrated.calibration,
        operating_point=calibrated.operating_point,
        evidence=calibrated.evidence,
        training=provenance.training,
        validation=calibrated.cohorts["validation"],
        test=calibrated.cohorts["test"],
        data=provenance.data,
        engine_error={},
        scores_sha256=cards.sha256(folder / cards.SCORES_FILE),
    )


def engine_errors(
    card: cards.Card, sources: Sequence[NetworkSource], images: Sequence[NDArray[np.uint8]]
) -> dict[str, cards.EngineError]:
    """|Δ probability| of every engine that runs here against torch in float32."""
    reference = _probabilities(card, open_engine("torch"), sources, images)
    errors = {}
    for name in ENGINES:
        if name == "torch":
            continue
        try:
            engine = open_engine(name)
        except ValueError:
            continue  # this processor lacks bfloat16: the card then says nothing of that engine
        difference = np.abs(_probabilities(card, engine, sources, images) - reference)
        errors[name] = cards.EngineError(
            float(difference.max()), float(difference.mean()), len(difference)
        )
    return errors


def _probabilities(
    card: cards.Card,
    engine: Engine,
    sources: Sequence[NetworkSource],
    images: Sequence[NDArray[np.uint8]],
) -> NDArray[np.float64]:
    runs = [engine.open(item) for item in sources]
    probabilities = []
    for index in range(min(len(images[0]), ENGINE_CHECK_IMAGES)):
        logits = [
            float(run((stack[index].astype(np.float32) / 255.0)[None, None])[0][0])
            for run, stack in zip(runs, images, strict=True)
        ]
        probabilities.append(run_chain(card, logits).probability)
    return np.array(probabilities)
