"""Whether a cohort is still the one a run was trained on, by the checksum kept in the run's folder.

A cohort built again in the same folder deals its patients anew: some that the run trained on may
then be among those it is tested on.
"""

import json

from train.cohort.store import StoredCohort
from train.runs.files import read_object, write_atomically
from train.runs.folder import RunError, RunFolder

TRAINED_ON = "trained-on.json"


def keep_checksum(run: RunFolder, cohort: StoredCohort) -> None:
    """Write down what the run is about to be trained on.

    A run that has learnt nothing yet may begin on any cohort. One that was trained before
    checksums were kept gets none: it would vouch for what nobody knows.

    Raises:
        RunError: the run was trained on another cohort.
        OSError: the run's folder cannot be written.
    """
    check_unchanged(run, cohort)
    if not _has_learnt(run):
        kept = {"cohort": cohort.folder.name, "checksum": cohort.checksum}
        write_atomically(run.path / TRAINED_ON, json.dumps(kept, indent=1) + "\n", durable=True)


def check_unchanged(run: RunFolder, cohort: StoredCohort) -> None:
    """Refuse a cohort that was built again since the run was trained.

    Passes a run that was trained before checksums were kept: see ``unchecked``.

    Raises:
        RunError: it differs; the message says what to do.
    """
    if _has_learnt(run) and _checksum(run) not in (None, cohort.checksum):
        raise RunError(rebuilt(run.id, cohort, "trained"))


def unchecked(run: RunFolder) -> str:
    """What has to be said of a trained run that kept no checksum of its cohort; else ""."""
    if not _has_learnt(run) or _checksum(run) is not None:
        return ""
    return (
        f"It cannot be checked whether {run.id} was trained on this cohort: it was begun before "
        "runs kept their cohort's checksum. If the cohort was built again since, patients it "
        "trained on may be among those it is tested on; a new run would be checked."
    )


def rebuilt(run: str, cohort: StoredCohort, done: str) -> str:
    """The message of a refusal; ``done`` is what was done with the cohort as it was before."""
    return (
        f"{run}: Expected the cohort {cohort.folder.name!r} that the run was {done} on, found one "
        "built again since in its folder: patients it trained on may now be held out. Train a new "
        "run on this cohort; or build the earlier one again here, with the options it had, and "
        "this one in another folder."
    )


def _checksum(run: RunFolder) -> str | None:
    kept = (read_object(run.path / TRAINED_ON) or {}).get("checksum")
    return kept if isinstance(kept, str) else None


def _has_learnt(run: RunFolder) -> bool:
    members = run.path / "members"
    kinds = ("*/network.safetensors", "*/checkpoints/*.ckpt")
    return any(found for kind in kinds for found in members.glob(kind))
