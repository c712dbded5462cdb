"""The simulated hospital's export and its two cohorts, made once and reused."""

import logging
from pathlib import Path

from train.cohort.build import build
from train.cohort.rules import CohortRules
from train.cohort.store import CARD_FILE, StoredCohort, load_cohort
from train.demonstration.plan import FINDINGS_IN_ORDER
from train.simulate.export import export_hospital
from train.simulate.plan import ExportPlan
from train.simulate.tables import TRUTH_FILE

log = logging.getLogger(__name__)


def make_cohorts(plan: ExportPlan, work: Path) -> dict[str, StoredCohort]:
    """The cohort of each finding, below ``work``, simulated and built unless they are there.

    A patient is in the same split of both: members may then share features.
    """
    hospital = work / "hospital"
    export_hospital(plan, hospital, Told("rendered"))
    found: dict[str, StoredCohort] = {}
    for finding in FINDINGS_IN_ORDER:
        folder = work / f"cohort-{finding}"
        if (folder / CARD_FILE).exists():
            found[finding] = load_cohort(folder)
            continue
        first = next(iter(found.values()), None)
        rules = CohortRules(
            source=str(hospital),
            finding=finding,
            truth=TRUTH_FILE,
            split_of=str(first.folder) if first else "",
        )
        found[finding] = build(rules, folder, Told("looked at"), cache=work / "looked-at")
    return found


class Told:
    """Logs progress at every tenth of the work."""

    def __init__(self, what: str) -> None:
        self._what, self._next = what, 0.0

    def __call__(self, done: int, total: int) -> None:
        """``done`` of ``total`` radiographs."""
        if done >= self._next * total:
            log.info("%d of %d radiographs %s", done, total, self._what)
            self._next = done / max(1, total) + 0.1
