"""A stored cohort in a second: simulated chests as PNG, every split with both classes."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from cxr_valve.findings import FINDINGS
from cxr_valve.phantom.patient import MEASUREMENT_NAMES
from cxr_valve.phantom.render import simulate
from train.cohort.card import SPLITS, CohortCard, FlowStep, Proof, SplitSummary
from train.cohort.store import StoredCohort, write_cohort


def small_cohort(
    folder: Path, finding: str = "mr", patients: int = 20, side: int = 96, images: int = 1
) -> StoredCohort:
    """A cohort of ``patients`` × ``images`` radiographs under ``folder``/cohort.

    Of ten patients six train, two validate, two test; every other one is positive (severe).
    """
    root = folder / "images"
    root.mkdir(parents=True, exist_ok=True)
    rows = []
    for patient in range(patients):
        grade = "severe" if patient % 2 else "none"
        asked = {"mr": {"mr": grade}, "as": {"as_": grade}}.get(finding, {})
        for number in range(images):
            phantom = simulate(7, patient * images + number, side=side, **asked)
            name = f"{patient:03d}-{number}.png"
            shown = phantom.radiograph.shown().copy()
            if patient % 2:
                # A mark that the smallest network learns within seconds, as no disease is.
                shown[-side // 3 :, : side // 3] = 255
            Image.fromarray(shown).save(root / name)
            measured = phantom.patient.measurements
            continuous = FINDINGS[finding].kind == "continuous"
            rows.append(
                {
                    "image": f"r{len(rows) + 1:06d}",
                    "path": name,
                    "patient": f"p{patient + 1:05d}",
                    "split": "train" if patient % 10 < 6 else SPLITS[1 + (patient % 10 >= 8)],
                    "target": measured.lvef if continuous else patient % 2,
                    "grade": "" if continuous else grade,
                    "sex": phantom.patient.sex,
                    "age": round(phantom.patient.age),
                    "view": "PA",
                    "days": patient % 30,
                }
                | {f"aux_{key}": getattr(measured, key) for key in MEASUREMENT_NAMES}
            )
    table = pd.DataFrame(rows)
    return write_cohort(small_card(table, root, finding), table, folder / "cohort")


def small_card(table: pd.DataFrame, root: Path, finding: str = "mr") -> CohortCard:
    """A card that fits the table; nothing was excluded."""
    listed, people = len(table), int(table["patient"].nunique())
    continuous = FINDINGS[finding].kind == "continuous"
    splits = {
        name: SplitSummary(
            images=len(rows),
            patients=int(rows["patient"].nunique()),
            positives=None if continuous else int(rows["target"].sum()),
            prevalence=None if continuous else float(rows["target"].mean()),
            target_mean=float(rows["target"].mean()) if continuous else None,
            target_sd=float(np.std(rows["target"])) if continuous else None,
            age_mean=float(rows["age"].mean()),
            age_sd=float(np.std(rows["age"])),
            female_share=float((rows["sex"] == "F").mean()),
            views={"PA": len(rows)},
            grades={str(grade): int(n) for grade, n in rows["grade"].value_counts().items()},
        )
        for name, rows in table.groupby("split")
    }
    return CohortCard(
        finding=finding,
        kind=FINDINGS[finding].kind,
        label_rule=FINDINGS[finding].label_rule,
        window_days=30,
        pairing="nearest",
        seed=1,
        source="test",
        note="simulated for a test",
        root=str(root),
        simulated=True,
        flow=(
            FlowStep("listed", "Radiographs listed", listed, people, people, listed, people),
            FlowStep("kept", "Radiographs kept", listed, people, people, listed, people),
        ),
        splits=splits,
        proof=Proof(0, 0, hashed=False, joined_ids=0),
        adequacy={},
    )
