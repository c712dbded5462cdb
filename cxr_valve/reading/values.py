"""A finding that is a value, read from prepared inputs."""

from collections.abc import Mapping

from cxr_valve.cards import ValueCard
from cxr_valve.imaging.prepare import Prepared
from cxr_valve.models.ensemble import Ensemble
from cxr_valve.models.evidence import padding_share
from cxr_valve.models.novelty import NoveltyReading
from cxr_valve.reading.reading import ValueMember, ValueReading


def is_value(ensemble: Ensemble) -> bool:
    """Whether its finding is a number rather than there or not."""
    return isinstance(ensemble.card, ValueCard)


def read_value(
    ensemble: Ensemble, prepared: Mapping[int, Prepared], novelty: NoveltyReading | None
) -> ValueReading:
    """Run the ensemble of a value on the prepared image.

    Raises:
        TypeError: its finding is there or not.
    """
    output, card = ensemble.read_value(prepared), ensemble.card
    if not isinstance(card, ValueCard):
        raise TypeError(f"{card.name}: Expected a value, found one that is there or not.")
    members = tuple(
        ValueMember(
            network=member.label,
            value=value,
            evidence=evidence,
            geometry=prepared[member.input_size].geometry,
            padding_share=padding_share(evidence, prepared[member.input_size].geometry),
        )
        for member, value, evidence in zip(
            card.members, output.value.members, output.evidence, strict=True
        )
    )
    return ValueReading(
        finding=card.finding,
        value=output.value.value,
        low=output.value.low,
        high=output.value.high,
        level=output.value.level,
        unit=card.unit,
        mean=card.mean,
        cuts=card.cuts,
        members=members,
        consensus=output.consensus,
        scale=card.evidence,
        weights=card.name,
        simulated=card.simulated,
        novelty=novelty,
    )
