"""Fitted members → a weights folder: files, calibrated card, held-out scores, checksums."""

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from cxr_valve import active, cards
from cxr_valve.engines.engine import Ranges
from cxr_valve.findings import FINDINGS
from cxr_valve.imaging.prepare import PREPROCESSING
from cxr_valve.models.ranges import RANGES_FILE, write_ranges
from train.cohort.store import StoredCohort, load_cohort
from train.cohort_check import check_unchanged, rebuilt
from train.engine_check import EngineImages, check_engines, engine_images
from train.evaluate import Calibrated, CalibratedValue, Evaluation, FittedMember, source
from train.provenance import Provenance, provenance_of
from train.runs.folder import RunError

__all__ = ["FittedMember", "Provenance", "promote", "source", "write_set"]
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}")


def promote(evaluation: Evaluation, tag: str | None = None, *, activate: bool = False) -> Path:
    """Write the evaluated members as a set of weights under the user's root; returns its folder.

    The set appears whole, or not at all; without ``tag`` it is called after its first run.
    ``activate`` makes it what the pages and the command line read with, which can be reverted.

    Raises:
        RunError: the program reads no such finding, the tag cannot name a folder, a set of that
            name exists, the cohort was built again, or the weights changed since they were
            evaluated.
        CohortError: the cohort cannot be read.
        CardError: the set was written but could not be made active.
    """
    root = cards.user_root()
    name = _free_name(evaluation, tag, root)
    cohort = load_cohort(Path(evaluation.folders[0].request().cohort))
    _check_cohort(evaluation, cohort)
    for member in evaluation.members:
        _check_weights(member)
    # Imported here: a page that only offers promotion need not wait for an engine.
    from train.novelty import keep_looks

    folder = root / f"{evaluation.finding}-{name}"
    with _unfinished(folder) as made:
        _write_files(
            evaluation.finding,
            evaluation.members,
            evaluation.fitted,
            provenance_of(evaluation, cohort, name),
            engine_images(cohort, evaluation.members),
            made,
        )
        keep_looks(made, cohort)
        _publish(made, folder)
    if activate:
        active.activate(folder.name)
    return folder


def _check_cohort(evaluation: Evaluation, cohort: StoredCohort) -> None:
    """It is the one that the runs were trained and measured on."""
    for run in evaluation.folders:
        check_unchanged(run, cohort)
    # Evaluations of earlier releases kept no checksum.
    if evaluation.details["cohort"].get("checksum", cohort.checksum) != cohort.checksum:
        raise RunError(rebuilt(evaluation.runs[0], cohort, "evaluated"))


def _check_weights(member: FittedMember) -> None:
    if not member.file.is_file():
        raise RunError(
            f"{member.run}: Expected the weights of {member.label}, found none. Resume the run "
            "or evaluate another."
        )
    if member.sha256 and cards.sha256(member.file) != member.sha256:
        raise RunError(
            f"{member.run}: Expected the weights of {member.label} that were evaluated, found "
            "others. Evaluate the run again, then promote it."
        )


def write_set(
    finding: str,
    members: Sequence[FittedMember],
    calibrated: Calibrated | CalibratedValue,
    provenance: Provenance,
    images: EngineImages,
    root: Path,
) -> Path:
    """Write ``<root>/<finding>-<tag>`` and return it; an existing folder is replaced.

    ``images`` are those of the cohort on which 8 bits are fitted and engines compared.
    """
    folder = root / f"{finding}-{provenance.tag}"
    with _unfinished(folder) as made:
        _write_files(finding, members, calibrated, provenance, images, made)
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    return folder


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """A new folder of the same name to make a set in, which goes unless it is moved away.

    It lies in a hidden folder of its own beside ``folder``: two may make a set of one name at once.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=folder.parent) as place:
        made = Path(place) / folder.name
        made.mkdir()
        yield made


def _publish(made: Path, folder: Path) -> None:
    """Move a set to where it is found; a name that was taken in the meantime is a RunError."""
    try:
        # A folder that holds anything is never replaced by a rename.
        made.rename(folder)
    except OSError:
        if folder.exists():
            raise _taken(folder.name) from None
        raise


def _write_files(
    finding: str,
    members: Sequence[FittedMember],
    calibrated: Calibrated | CalibratedValue,
    provenance: Provenance,
    images: EngineImages,
    folder: Path,
) -> None:
    """Write scores, weights, ranges and card into ``folder``, which is empty."""
    calibrated.scores.to_csv(folder / cards.SCORES_FILE, index=False, float_format="%.6f")
    described = []
    for member, calibration in zip(members, calibrated.members, strict=True):
        file = f"{member.label}.safetensors"
        shutil.copyfile(member.file, folder / file)
        described.append(
            cards.Member(
                member.network,
                file,
                cards.sha256(folder / file),
                member.input_size,
                member.grid,
                calibration,
                member.name if member.name != member.network else "",
                _trunk(member),
            )
        )
    card = _card(finding, tuple(described), calibrated, provenance, folder)
    ranges, errors = check_engines(card, [source(member) for member in members], images)
    card = replace(card, engine_error=errors, ranges=_kept(ranges, images, folder))
    cards.write_card(card, folder)


def _kept(
    ranges: Mapping[str, Ranges], images: EngineImages, folder: Path
) -> cards.RangesFile | None:
    if not ranges:
        return None
    file = folder / RANGES_FILE
    write_ranges(ranges, file)
    return cards.RangesFile(file.name, cards.sha256(file), len(images.training[0]))


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
            raise _taken(f"{evaluation.finding}-{name}")
    return name


def _taken(name: str) -> RunError:
    return RunError(
        f"Expected a new name, found weights called {name} already. Choose another tag; sets are "
        "never overwritten."
    )
