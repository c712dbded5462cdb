"""The demonstration weights: simulate a cohort, fit the study's networks, keep them as they ship.

Every step is cached in the work folder, so an interrupted run continues where it stopped.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from cxr_valve import cards
from cxr_valve.engines.engine import open_engine
from cxr_valve.findings import FINDINGS
from cxr_valve.models.networks import load_network
from cxr_valve.phantom.patient import MEASUREMENT_MEANS, MEASUREMENT_NAMES, MEASUREMENT_SDS
from train.evaluate import calibrate, run_member
from train.fit.examples import Examples, TrainingData
from train.fit.member import fit_member
from train.fit.team import single
from train.promote import FittedMember, Provenance, source, write_set
from train.recipe import Recipe
from train.simulated import SPLIT_SEEDS, CohortPlan, build_split, load_images

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MemberPlan:
    """One network of one finding; ``start`` names the member whose features it begins with."""

    finding: str
    recipe: Recipe
    start: str | None = None

    @property
    def network(self) -> str:
        """The one network of the recipe."""
        return self.recipe.networks[0]

    @property
    def size(self) -> int:
        """Side of its input in pixels."""
        return self.recipe.size_of(self.network)

    @property
    def name(self) -> str:
        """Folder of the member in the work folder."""
        return f"{self.finding}-{self.network}"


def _recipe(network: str, size: int, epochs: int) -> Recipe:
    return Recipe(
        networks=(network,),
        input_size=size,
        epochs=epochs,
        batch=16,
        measure_weight=2.0,
        locate_weight=10.0,
    )


#: About 40 minutes of two cores in all, so inputs are small and epochs few.
MEMBERS = (
    MemberPlan("mr", _recipe("resnet50", 160, 3)),
    MemberPlan("as", _recipe("resnet50", 160, 2), start="mr-resnet50"),
    MemberPlan("as", _recipe("densenet121", 160, 3)),
    MemberPlan("as", _recipe("inception_v3", 224, 2)),
)
SIZES = tuple(sorted({member.size for member in MEMBERS}))


def fit_members(plan: CohortPlan, work: Path) -> dict[str, Path]:
    """Simulate (or reuse) the cohort and fit every member not fitted yet.

    Returns the .safetensors file of each member, float16 as it ships.
    """
    cohort = work / "cohort"
    tables = {split: build_split(plan, split, SIZES, cohort) for split in SPLIT_SEEDS}
    files: dict[str, Path] = {}
    team = single("auto")
    for member in MEMBERS:
        folder = work / member.name
        file = folder / "network.safetensors"
        start = load_network(member.network, files[member.start]) if member.start else None
        data = training_data(tables, member, cohort)
        fit_member(member.network, member.recipe, data, folder, team, start=start)
        files[member.name] = file
    return files


def training_data(
    tables: dict[str, pd.DataFrame], member: MemberPlan, cohort: Path
) -> TrainingData:
    """What one member learns from: images, its label, the true measurements and places."""
    measured = tables["train"][list(MEASUREMENT_NAMES)].to_numpy(float)
    train = Examples(
        # Held in memory: the loader then never waits for the disk.
        images=np.array(load_images(cohort, "train", member.size)),
        rows=np.arange(len(measured)),
        targets=tables["train"][member.finding].to_numpy(np.float32),
        measures=((measured - MEASUREMENT_MEANS) / MEASUREMENT_SDS).astype(np.float32),
        structures=np.load(cohort / "train-anatomy.npy"),
    )
    targets = tables["validation"][member.finding].to_numpy(np.float32)
    images = load_images(cohort, "validation", member.size)
    return TrainingData(train, Examples(images, np.arange(len(targets)), targets))


def calibrate_and_write(plan: CohortPlan, work: Path, files: dict[str, Path], root: Path) -> None:
    """Calibrate each finding's set on validation, measure it on test, write it under ``root``."""
    cohort = work / "cohort"
    tables = {split: build_split(plan, split, SIZES, cohort) for split in SPLIT_SEEDS}
    engine = open_engine("openvino")
    for finding in dict.fromkeys(member.finding for member in MEMBERS):
        ordered = sorted(
            (member for member in MEMBERS if member.finding == finding),
            key=lambda member: FINDINGS[finding].networks.index(member.network),
        )
        runs = [
            engine.open(source(FittedMember(m.network, files[m.name], m.size, (1, 1))))
            for m in ordered
        ]
        outputs = {}
        for split in ("validation", "test"):
            log.info("running %s on %s", finding, split)
            outputs[split] = [
                run_member(run, load_images(cohort, split, member.size))
                for run, member in zip(runs, ordered, strict=True)
            ]
        members = [
            FittedMember(
                m.network,
                files[m.name],
                m.size,
                (int(output.maps.shape[1]), int(output.maps.shape[2])),
            )
            for m, output in zip(ordered, outputs["test"], strict=True)
        ]
        networks = [member.network for member in members]
        images = [load_images(cohort, "test", member.input_size)[:200] for member in members]
        folder = write_set(
            finding,
            members,
            calibrate(finding, networks, tables, outputs),
            provenance(finding, tables["train"], ordered),
            images,
            root,
        )
        log.info("wrote %s", folder)


def provenance(finding: str, table: pd.DataFrame, members: Sequence[MemberPlan]) -> Provenance:
    """What the card says of the simulated cohort and the recipe."""
    enriched = " Aortic stenosis is enriched to 40% in training, not in validation or test."
    return Provenance(
        tag="demonstration",
        created=date.today().isoformat(),
        summary=(
            "Demonstration weights trained on simulated radiographs. "
            "They show how the system works and are evidence about no patient."
        ),
        simulated=True,
        training=cards.Training(
            cohort="Parametric chest phantom, one radiograph a patient." + enriched,
            label_rule=FINDINGS[finding].label_rule.replace("on trans", "as simulated for trans"),
            images=len(table),
            patients=int(table["patient"].nunique()),
            positives=int(table[finding].sum()),
            command="python -m train demo",
            recipe={member.network: describe_recipe(member) for member in members},
        ),
        data=(
            cards.Source(
                "CXR Valve chest phantom", "Apache-2.0", "This project, cxr_valve/phantom."
            ),
        ),
    )


def describe_recipe(member: MemberPlan) -> str:
    """One line on how a member was trained."""
    recipe = member.recipe
    begin = f"features of {member.start}" if member.start else "random weights"
    return (
        f"{member.size} px, {recipe.epochs} epochs from {begin}, batch {recipe.batch}, "
        f"AdamW {recipe.rate:g} warmed up and falling by a cosine, seed {recipe.seed}, "
        "true sizes and places as auxiliary targets"
    )
