"""From the outputs of networks to a value with its interval.

1. A line fitted on validation turns each member's output into its value.
2. Their mean, by one more such line, is the value: a mean of regressed values varies too little.
3. Its interval adds the quantiles of validation residuals that the card holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxr_valve.cards import Calibration, ValueCard
from cxr_valve.findings import FINDINGS


@dataclass(frozen=True)
class Value:
    """A value with the interval that holds ``level`` of such, and the members' own values."""

    members: tuple[float, ...]
    value: float
    low: float
    high: float
    level: float


def on_line(calibration: Calibration, output: float) -> float:
    """a·output + b."""
    return calibration.a * output + calibration.b


def run_value(card: ValueCard, outputs: Sequence[float]) -> Value:
    """The value of one image; ``outputs`` in the order of ``card.members``.

    Nothing leaves the bounds of the finding (an ejection fraction lies between 0 and 100%).
    """
    lowest, highest = FINDINGS[card.finding].bounds

    def bounded(value: float) -> float:
        return float(np.clip(value, lowest, highest))

    members = tuple(
        on_line(member.calibration, output)
        for member, output in zip(card.members, outputs, strict=True)
    )
    value = on_line(card.calibration, float(np.mean(members)))
    return Value(
        members=tuple(bounded(member) for member in members),
        value=bounded(value),
        low=bounded(value + card.interval.low),
        high=bounded(value + card.interval.high),
        level=card.interval.level,
    )
