"""Further simulated patients, whom no training saw: inputs, truth, and what the networks say."""

import multiprocessing
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_valve.findings import FINDINGS
from cxr_valve.imaging.geometry import Geometry
from cxr_valve.imaging.prepare import Prepared, prepare_sizes
from cxr_valve.models.ensemble import Ensemble
from cxr_valve.models.evidence import Grid
from cxr_valve.phantom.render import Phantom, simulate
from train.simulate.ideal import ideal_score
from train.simulate.plan import EVIDENCE_IN

#: No cohort is drawn from this seed.
SEED = 50_000_019
SIDE = 320


@dataclass(frozen=True, eq=False)
class Case:
    """One further patient.

    ``inputs``: the prepared image by size; ``grades``, ``ideal`` (the ideal observer's log odds)
    and ``regions`` (bool, (SIDE, SIDE)) by finding.
    """

    inputs: Mapping[int, Prepared]
    grades: Mapping[str, str]
    ideal: Mapping[str, float]
    regions: Mapping[str, NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class Answer:
    """What a finding's networks say of a case, beside its truth.

    ``evidence``: consensus (h, w); ``covered``: the share of each cell that is the region, (h, w).
    """

    grade: str
    ideal: float
    score: float
    probability: float
    evidence: Grid
    covered: Grid


def further_cases(patients: int, sizes: tuple[int, ...], processes: int) -> Iterator[Case]:
    """Simulate ``patients`` further patients, each with one radiograph, in several processes."""
    work = [(number, sizes) for number in range(patients)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        yield from pool.map(make_case, work, chunksize=8)


def make_case(work: tuple[int, tuple[int, ...]]) -> Case:
    """Patient ``work[0]`` of the further ones, prepared at the sizes ``work[1]``."""
    phantom = simulate(SEED, work[0], side=SIDE)
    patient = phantom.patient
    measured = patient.measurements.as_tuple()
    return Case(
        inputs=prepare_sizes(phantom.radiograph, work[1]),
        grades={"mr": patient.mr, "as": patient.as_},
        ideal={key: float(ideal_score(FINDINGS[key], measured)[0]) for key in EVIDENCE_IN},
        regions={key: _region(phantom, key) for key in EVIDENCE_IN},
    )


def _region(phantom: Phantom, finding: str) -> NDArray[np.bool_]:
    masks = phantom.masks
    return np.asarray(np.logical_or.reduce([masks[name] for name in EVIDENCE_IN[finding]]))


def answer(ensemble: Ensemble, finding: str, case: Case) -> Answer:
    """Let the networks of ``finding`` read a case."""
    output = ensemble.read(case.inputs)
    geometry = next(iter(case.inputs.values())).geometry
    return Answer(
        grade=case.grades[finding],
        ideal=case.ideal[finding],
        score=output.chain.score,
        probability=output.chain.probability,
        evidence=output.consensus,
        covered=coverage(case.regions[finding], geometry, output.consensus.shape),
    )


def coverage(
    region: NDArray[np.bool_], geometry: Geometry, shape: tuple[int, ...], fine: int = 16
) -> Grid:
    """The share of each cell of a map (h, w) over the input that a region of the radiograph covers.

    Sampled at ``fine`` × ``fine`` points a cell; padding is covered by nothing.
    """
    down, across = (
        (np.arange(cells * fine) + 0.5) * geometry.size / (cells * fine) for cells in shape
    )
    rows = np.array([geometry.to_original(float(at), 0.0)[0] for at in down])
    columns = np.array([geometry.to_original(0.0, float(at))[1] for at in across])
    inside = np.outer(
        (rows >= 0) & (rows < region.shape[0]), (columns >= 0) & (columns < region.shape[1])
    )
    row = np.clip(rows.astype(int), 0, region.shape[0] - 1)
    column = np.clip(columns.astype(int), 0, region.shape[1] - 1)
    hit = region[np.ix_(row, column)] & inside
    share = hit.reshape(shape[0], fine, shape[1], fine).mean(axis=(1, 3))
    return np.asarray(share, np.float32)
