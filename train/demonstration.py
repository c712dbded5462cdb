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
from safetensors.torch import save_file

from cxr_valve import cards
from cxr_valve.engines.engine import open_engine
from cxr_valve.findings import FINDINGS
from cxr_valve.models.networks import ValveNet, load_network
from cxr_valve.phantom.patient import MEASUREMENT_MEANS, MEASUREMENT_NAMES, MEASUREMENT_SDS
from train.evaluate import calibrate, run_member
from train.fit import Examples, Recipe, fit
from train.promote import FittedMember, Provenance, source, write_set
from train.simulated import SPLIT_SEEDS, CohortPlan, build_split, load_images

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MemberPlan:
    """One network of one finding; ``start`` names the member whose features it begins with."""

    finding: str
    recipe: Recipe
    start: str | None = None

    @property
    def name(self) -> str:
        """Folder of the member in the work folder."""
        return f"{self.finding}-{self.recipe.network}"


#: About 40 minutes of two cores in all, so inputs are small and epochs few.
MEMBERS = (
    MemberPlan("mr", Recipe("resnet50", input_size=160, epochs=3)),
    MemberPlan("as", Recipe("resnet50", input_size=160, epochs=2), start="mr-resnet50"),
    MemberPlan("as", Recipe("densenet121", input_size=160, epochs=3)),
    MemberPlan("as", Recipe("inception_v3", input_size=224, epochs=2)),
)
SIZES = tuple(sorted({member.recipe.input_size for member in MEMBERS}))


def fit_members(plan: CohortPlan, work: Path) -> dict[str, Path]:
    """Simulate (or reuse) the cohort and fit every member not fitted yet.

    Returns the .safetensors file of each member, float16 as it ships.
    """
    cohort = work / "cohort"
    tables = {split: build_split(plan, split, SIZES, cohort) for split in SPLIT_SEEDS}
    files: dict[str, Path] = {}
    for member in MEMBERS:
        folder = work / member.name
        file = folder / "network.safetensors"
        if not file.exists():
            log.info("fitting %s for %d epochs", member.name, member.recipe.epochs)
            start = files[member.start] if member.start else None
            network = fit(
                member.recipe,
                examples(tables["train"], member, cohort),
                folder,
                load_network(member.recipe.network, start) if start else None,
            )
            save_network(network, file)
        files[member.name] = file
    return files


def examples(table: pd.DataFrame, member: MemberPlan, cohort: Path) -> Examples:
    """Training examples of one member: images, its label, standardised true measurements."""
    measured = table[list(MEASUREMENT_NAMES)].to_numpy(float)
    return Examples(
        # Held in memory: the loader then never waits for the disk.
        images=np.array(load_images(cohort, "train", member.recipe.input_size)),
        labels=table[member.finding].to_numpy(np.float32),
        measurements=((measured - MEASUREMENT_MEANS) / MEASUREMENT_SDS).astype(np.float32),
        anatomy=np.load(cohort / "train-anatomy.npy"),
    )


def save_network(network: ValveNet, file: Path) -> None:
    """Write the network as float16 safetensors: half the size, and what calibration then sees."""
    tensors = {
        name: value.detach().half().contiguous()
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    save_file(tensors, partial, metadata={"network": network.network})
    partial.rename(file)


def calibrate_and_write(plan: CohortPlan, work: Path, files: dict[str, Path], root: Path) -> None:
    """Calibrate each finding's set on validation, measure it on test, write it under ``root``."""
    cohort = work / "cohort"
    tables = {split: build_split(plan, split, SIZES, cohort) for split in SPLIT_SEEDS}
    engine = open_engine("openvino")
    for finding in dict.fromkeys(member.finding for member in MEMBERS):
        ordered = sorted(
            (member for member in MEMBERS if member.finding == finding),
            key=lambda member: FINDINGS[finding].networks.index(member.recipe.network),
        )
        runs = [
            engine.open(
                source(FittedMember(m.recipe.network, files[m.name], m.recipe.input_size, (1, 1)))
            )
            for m in ordered
        ]
        outputs = {}
        for split in ("validation", "test"):
            log.info("running %s on %s", finding, split)
            outputs[split] = [
                run_member(run, load_images(cohort, split, member.recipe.input_size))
                for run, member in zip(runs, ordered, strict=True)
            ]
        members = [
            FittedMember(
                m.recipe.network,
                files[m.name],
                m.recipe.input_size,
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
            recipe={member.recipe.network: describe_recipe(member) for member in members},
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
        f"{recipe.input_size} px, {recipe.epochs} epochs from {begin}, batch {recipe.batch}, "
        f"AdamW {recipe.rate:g} one-cycle, bf16, seed {recipe.seed}, "
        "true sizes and places as auxiliary targets"
    )
