"""Fit the four networks, stage by stage; whatever is done already is reused."""

import logging
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import load_file, save_file

from cxr_valve.models.networks import classifier_name, load_network
from cxr_valve.models.packing import pack
from train.cohort.store import StoredCohort
from train.demonstration.classifier import fit_classifier
from train.demonstration.plan import MEMBERS, MemberPlan
from train.demonstration.real import warped_images, with_real
from train.fit.examples import TrainingData, from_cohort
from train.fit.images import prepare_images
from train.fit.member import fit_member
from train.fit.team import single
from train.fit.watcher import Epoch, Watcher
from train.fit.weights import save_network
from train.recipe import Recipe

log = logging.getLogger(__name__)


def fit_members(
    cohorts: Mapping[str, StoredCohort], work: Path, real: Path | None
) -> dict[str, Path]:
    """Fit every member not fitted yet; the file of each, in 8 bits a weight as it ships.

    ``real`` is a folder of real radiographs to warp; None leaves them out.
    """
    files: dict[str, Path] = {}
    for member in MEMBERS:
        network = load_network(member.network, files[member.start]) if member.start else None
        for number, recipe in enumerate(member.stages, 1):
            folder = work / member.name / f"stage-{number}"
            if not (folder / "network.safetensors").exists():
                data = _data(member, recipe, cohorts[member.finding], work, real)
                fit_member(
                    *(member.network, recipe, data, folder, single(recipe.precision)),
                    start=network,
                    watcher=_Told(member.name),
                )
            network = load_network(member.network, folder / "network.safetensors")
        file = work / member.name / "classifier" / "network.safetensors"
        if network is not None and not file.exists():
            data = _data(member, member.classifier, cohorts[member.finding], work, real)
            save_network(fit_classifier(network, member.classifier, data, single("auto")), file)
        files[member.name] = _packed(file, member.network, files.get(member.start))
    return files


class _Told(Watcher):
    """Logs every epoch."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def epoch(self, epoch: Epoch) -> None:
        """An epoch is over."""
        log.info(
            "%s: epoch %d, loss %.4f, validation %s, %.0f s",
            *(self._name, epoch.epoch, epoch.train_loss, epoch.validated, epoch.seconds),
        )


def _data(
    member: MemberPlan, recipe: Recipe, cohort: StoredCohort, work: Path, real: Path | None
) -> TrainingData:
    size = recipe.size_of(member.network)
    data = from_cohort(cohort, prepare_images(cohort, [size])[size], recipe)
    if member.real and real is not None:
        images, table = warped_images(real, size, member.finding, work / "warped")
        log.info("%s: %d warped real radiographs", member.name, len(images))
        data = with_real(data, images, table, cohort)
    return data


def _packed(file: Path, network: str, trunk: Path | None) -> Path:
    """The same network in 8 bits a weight, beside it; with the very features of ``trunk``."""
    packed = file.with_name("packed.safetensors")
    if not packed.exists():
        tensors = pack(load_file(file))
        if trunk is not None:
            # Packed twice, scales would differ in their last bits, and nothing could be shared.
            own = f"backbone.{classifier_name(network)}."
            heads = {name: value for name, value in tensors.items() if name.startswith(own)}
            tensors = load_file(trunk) | heads
        partial = packed.with_suffix(".partial")
        save_file(tensors, partial)
        partial.replace(packed)
    return packed
