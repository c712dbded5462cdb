"""A card whose numbers can be followed by hand."""

from collections.abc import Callable

import pytest

from cxr_valve import cards
from cxr_valve.cards import Calibration, Card

UNCHANGED = Calibration(1.0, 0.0)
MakeCard = Callable[..., Card]


@pytest.fixture(scope="session")
def make_card() -> MakeCard:
    """``make_card(members, calibration, prevalence)``: a card of networks of those calibrations."""

    def make(
        members: tuple[Calibration, ...],
        calibration: Calibration = UNCHANGED,
        prevalence: float = 0.44,
    ) -> Card:
        cohort = cards.Cohort(0, 0, 0, {})
        return Card(
            finding="as",
            tag="hand",
            kind="binary",
            simulated=True,
            created="2026-01-01",
            summary="Followed by hand.",
            preprocessing="none",
            members=tuple(
                cards.Member(f"net{i}", f"net{i}.safetensors", "0" * 64, 96, (3, 3), platt)
                for i, platt in enumerate(members)
            ),
            prevalence=prevalence,
            calibration=calibration,
            operating_point=cards.OperatingPoint(0.5, "none", 0, 0, 0, 0),
            evidence=cards.EvidenceScale(2.0, 0.1),
            training=cards.Training("none", "none", 0, 0, 0, "none", {}),
            validation=cohort,
            test=cohort,
            data=(),
            engine_error={},
            scores_sha256="0" * 64,
        )

    return make
