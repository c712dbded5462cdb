"""Calibrate each finding's networks on validation, measure them on test, write them as a set."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from cxr_valve import cards
from cxr_valve.findings import FINDINGS
from train.cohort.store import StoredCohort
from train.demonstration.plan import TAG, MemberPlan, members_of, sees_real
from train.engine_check import engine_images
from train.evaluate import FittedMember
from train.evaluate.evaluation import calibrate_held
from train.evaluate.members import run_members
from train.novelty import keep_looks
from train.promote import write_set
from train.provenance import Provenance, describe_recipe
from train.ratios import with_ratios

log = logging.getLogger(__name__)

SUMMARY = (
    "Demonstration weights trained on simulated radiographs. They show how the system works and "
    "are evidence about no patient."
)
PHANTOM = cards.Source("CXR Valve chest phantom", "Apache-2.0", "This project, cxr_valve/phantom.")


def write_demonstration(
    finding: str,
    cohort: StoredCohort,
    files: Mapping[str, Path],
    real: Sequence[cards.Source],
    root: Path,
) -> Path:
    """Write ``root/<finding>-demonstration`` from fitted members; returns the folder.

    ``files``: the weights of each member by its name; ``real``: where the real radiographs came
    from that a member also learnt from.
    """
    plans = members_of(finding)
    members = [FittedMember(p.network, files[p.name], p.size, (0, 0)) for p in plans]
    held = run_members(cohort, members, "openvino", lambda *_: None)
    shapes = [output.maps.shape[1:] for output in held["validation"].outputs]
    members = [
        replace(member, grid=(int(shape[0]), int(shape[1])))
        for member, shape in zip(members, shapes, strict=True)
    ]
    fitted = calibrate_held(finding, [member.label for member in members], held)
    fitted = replace(fitted, scores=with_ratios(fitted.scores, cohort))
    folder = write_set(
        finding,
        members,
        fitted,
        _provenance(finding, cohort, plans, real),
        engine_images(cohort, members),
        root,
    )
    keep_looks(folder, cohort)
    log.info("wrote %s", folder)
    return folder


def _provenance(
    finding: str, cohort: StoredCohort, plans: Sequence[MemberPlan], real: Sequence[cards.Source]
) -> Provenance:
    train = cohort.split("train")
    warped = bool(real) and any(sees_real(plan) for plan in plans)
    also = (
        " The features of its ResNet50 also learnt from real radiographs whose hearts were warped "
        "as simulated disease would; none of their labels was used."
        if warped
        else ""
    )
    return Provenance(
        tag=TAG,
        created=date.today().isoformat(),
        summary=SUMMARY,
        simulated=True,
        training=cards.Training(
            cohort="Simulated hospital from a parametric chest phantom." + also,
            label_rule=FINDINGS[finding].label_rule.replace("on trans", "as simulated for trans"),
            images=len(train),
            patients=int(train["patient"].nunique()),
            positives=int((train["target"] == 1).sum()),
            command="python -m train demo" + (" --real DIR" if warped else ""),
            recipe={plan.network: _in_words(plan, warped) for plan in plans},
        ),
        data=(PHANTOM, *(real if warped else ())),
    )


def _in_words(plan: MemberPlan, warped: bool) -> str:
    begins = ("random weights", *["those"] * len(plan.stages))
    stages = [
        describe_recipe(recipe, plan.network, begin)
        for recipe, begin in zip(plan.stages, begins, strict=False)
    ]
    if plan.start:
        stages = [f"features of {plan.start}, kept as they are"]
    last = "the classifier once more by L-BFGS, evidence kept to the finding's true structures"
    joined = "; then ".join([*stages, last])
    return joined + (", with warped real radiographs" if plan.real and warped else "")
