"""Do the maps depend on what was learnt? The same images through networks of random weights.

After Adebayo et al., Sanity checks for saliency maps, NeurIPS 2018 (model parameter randomisation,
all layers at once): a map that stays the same shows the image's edges, not what a network knows.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from cxr_valve.engines.engine import NetworkSource
from cxr_valve.engines.torch_engine import TorchEngine
from cxr_valve.evaluation.intervals import Estimate
from cxr_valve.models.ensemble import Ensemble
from cxr_valve.models.evidence import Grid
from train.demonstration.further import Case


@dataclass(frozen=True)
class Resemblance:
    """Pearson correlation of a map with that of randomised networks of the same architecture.

    Attributes:
        signed: mean over images and random networks; its interval is over the random networks.
        absolute: mean of the size of the correlation, whatever its sign.
        chance: the same between two random networks: what maps so small share by their shape.
    """

    signed: Estimate
    absolute: Estimate
    chance: Estimate


def resemblance(ensemble: Ensemble, cases: Sequence[Case], draws: int = 10) -> Resemblance:
    """Compare an ensemble's consensus maps with those of ``draws`` ensembles of random weights.

    Raises:
        ValueError: no cases, or fewer than two draws.
    """
    if not cases or draws < 2:
        raise ValueError("Expected at least one case and two draws of random weights.")
    learnt = [ensemble.read(case.inputs).consensus for case in cases]
    random = [
        [other.read(case.inputs).consensus for case in cases]
        for other in (randomised(ensemble, seed) for seed in range(draws))
    ]
    found = np.array([_correlations(learnt, other) for other in random])
    between = np.array([_correlations(*pair) for pair in itertools.pairwise(random)])
    return Resemblance(
        signed=_over_draws(found),
        absolute=_over_draws(np.abs(found)),
        chance=_over_draws(np.abs(between)),
    )


def randomised(ensemble: Ensemble, seed: int) -> Ensemble:
    """The same ensemble with every weight drawn anew, as before any training."""
    engine = TorchEngine()
    return Ensemble(
        ensemble.card,
        tuple(
            engine.open(
                NetworkSource(
                    *(member.network, f"random-{seed}-{number}", member.input_size),
                    _builder(member.network, 1000 * seed + number),
                )
            )
            for number, member in enumerate(ensemble.card.members)
        ),
    )


def _builder(network: str, seed: int) -> Callable[[], object]:
    def build() -> object:
        import torch

        from cxr_valve.models.networks import ValveNet

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return ValveNet(network).eval()

    return build


def _correlations(first: Sequence[Grid], second: Sequence[Grid]) -> list[float]:
    return [correlation(one, other) for one, other in zip(first, second, strict=True)]


def correlation(first: Grid, second: Grid) -> float:
    """Pearson's r over the cells; 0 where a map is the same everywhere and so resembles nothing."""
    one, other = (np.asarray(grid, np.float64).ravel() for grid in (first, second))
    one, other = one - one.mean(), other - other.mean()
    size = np.sqrt((one**2).sum() * (other**2).sum())
    return float((one * other).sum() / size) if size > 0 else 0.0


def _over_draws(values: NDArray[np.float64]) -> Estimate:
    """Mean over all; Student's interval over the draws (rows), each its mean over the images."""
    each = values.mean(axis=1)
    value, n = float(each.mean()), len(each)
    half = float(t.ppf(0.975, n - 1) * each.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
    return Estimate(value, value - half, value + half, n, "t over random networks")
