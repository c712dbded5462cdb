"""A case as the viewer takes it: pixels, evidence layers, what the network saw, true outlines."""

from collections.abc import Iterable

from cxr_valve.findings import AS, MR
from cxr_valve.imaging.geometry import Box
from cxr_valve.imaging.prepare import prepare
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.reading.reading import (
    FindingReading,
    MemberReading,
    Reading,
    ValueMember,
    ValueReading,
    finest,
)
from cxr_valve.ui.finding_card import network_name
from cxr_valve.ui.gallery import STRUCTURES, phantom
from cxr_valve.ui.viewer import EvidenceLayer, Outline, ViewerImage, trace_mask
from cxr_valve.ui.viewer.layers import CONSENSUS
from cxr_valve.ui.visit import Case


def viewer_image(case: Case, radiograph: Radiograph, *, revealed: bool) -> ViewerImage:
    """What the viewer shows of a case; ``radiograph`` may be a reduced copy of what was read."""
    reading = case.outcome.reading
    layers: list[EvidenceLayer] = []
    if reading is not None:
        for found in reading.everything.values():
            layers.extend(_layers(found, _factors(reading, radiograph)))
    size, who = _largest_input(reading)
    seen = prepare(radiograph, size)
    return ViewerImage(
        radiograph=radiograph,
        layers=tuple(layers),
        outlines=tuple(_outlines(case, radiograph)) if revealed else (),
        network_view=seen.image,
        network_extent=seen.geometry.input_extent(),
        network_name=who,
        title=case.name,
    )


def _largest_input(reading: Reading | None) -> tuple[int, str]:
    """The largest input of any network that read it, and whose that is: not every one's."""
    everything = reading.everything.values() if reading else ()
    members = [member for found in everything for member in found.members]
    sizes = {network_name(member.network): member.geometry.size for member in members}
    largest = max(sizes.values(), default=224)
    named = [name for name, size in sizes.items() if size == largest]
    return largest, "the network" if len(named) == len(sizes) else " and ".join(named)


def _factors(reading: Reading, radiograph: Radiograph) -> tuple[float, float]:
    return radiograph.rows / reading.input.rows, radiograph.columns / reading.input.columns


def _layers(
    found: FindingReading | ValueReading, factors: tuple[float, float]
) -> Iterable[EvidenceLayer]:
    """The consensus first (where there are several members), then each member."""
    members: tuple[MemberReading | ValueMember, ...] = found.members
    grids = [(network_name(member.network), member.evidence, member) for member in members]
    if len(members) > 1:
        grids.insert(0, (CONSENSUS, found.consensus, finest(found)))
    for name, grid, member in grids:
        yield EvidenceLayer(
            finding=found.finding,
            name=name,
            grid=grid,
            extent=_scaled(member.geometry.input_extent(), factors),
            limit=found.scale.limit,
            epsilon=found.scale.epsilon,
            outside_share=member.padding_share,
            seen=_scaled(member.geometry.crop, factors),
            unit=found.unit if isinstance(found, ValueReading) else "",
        )


def _scaled(box: Box, factors: tuple[float, float]) -> Box:
    down, across = factors
    return Box(box.top * down, box.left * across, box.bottom * down, box.right * across)


def _outlines(case: Case, radiograph: Radiograph) -> Iterable[Outline]:
    """True structures of a simulated case."""
    if case.truth is None:
        return
    grades = case.truth.grades
    masks = phantom(case.truth.gallery, grades[MR.key], grades[AS.key]).masks
    for key, name in STRUCTURES.items():
        yield from trace_mask(name, masks[key], rows=radiograph.rows, columns=radiograph.columns)
