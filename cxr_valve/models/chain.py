"""From logits to member probability, score, probability and likelihood ratio.

1. Platt on validation: member probability = σ(A·logit + B).
2. Score = mean of the members' probabilities (soft voting). Operating points live on it.
3. Probability = σ(a·logit(score) + b), fitted at the validation prevalence π.
4. Likelihood ratio = odds(probability) / odds(π): independent of any prevalence.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from cxr_valve.cards import Calibration, Card
from cxr_valve.evaluation.calibration import prior_shift, safe_logit


@dataclass(frozen=True)
class Chain:
    """The numbers of one finding in one image; probabilities in (0, 1)."""

    members: tuple[float, ...]
    score: float
    probability: float
    likelihood_ratio: float


def calibrated(calibration: Calibration, logit: float) -> float:
    """σ(a·logit + b)."""
    return float(expit(calibration.a * logit + calibration.b))


def soft_vote(probabilities: Sequence[float]) -> float:
    """Mean of the members' probabilities."""
    return float(np.mean(probabilities))


def run_chain(card: Card, logits: Sequence[float]) -> Chain:
    """The whole chain for one image; ``logits`` in the order of ``card.members``."""
    members = tuple(
        calibrated(member.calibration, logit)
        for member, logit in zip(card.members, logits, strict=True)
    )
    score = soft_vote(members)
    log_odds = float(safe_logit(score))
    probability = calibrated(card.calibration, log_odds)
    log_ratio = float(safe_logit(probability) - safe_logit(card.prevalence))
    return Chain(members, score, probability, float(np.exp(log_ratio)))


def at_prevalence(probability: float, trained: float, target: float) -> float:
    """The calibrated probability moved from the training to the target prevalence."""
    return float(prior_shift(probability, trained, target))
