"""Radiographs that cut a lung off, made from whole ones: the truth for the warning of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from cxr_valve.anatomy.field import EDGES, Edge, edge_contacts
from cxr_valve.anatomy.gate_card import Thresholds
from cxr_valve.anatomy.heart import HeartReading
from cxr_valve.anatomy.heart_reader import HeartReader
from cxr_valve.cards import Figure
from cxr_valve.imaging.prepare import prepare
from cxr_valve.imaging.radiograph import Radiograph
from train.gate.measure import held_back, share

#: Share of a lung's height or width that is cut off to measure the warning.
CUT = 0.1


def cut_at(radiograph: Radiograph, heart: HeartReading, edge: Edge, part: float) -> Radiograph:
    """The radiograph without ``part`` of the outermost lung's extent at one edge.

    Raises:
        ValueError: no lung was outlined.
    """
    lungs = [one.points for one in heart.outlines if one.structure != "heart"]
    if not lungs:
        raise ValueError("Expected the outline of a lung, found none.")
    across, first = (0 if edge in ("upper", "lower") else 1), edge in ("upper", "left")
    ends = [lung[:, across].min() if first else lung[:, across].max() for lung in lungs]
    outermost = int(np.argmin(ends) if first else np.argmax(ends))
    inwards = part * float(np.ptp(lungs[outermost][:, across])) * (1 if first else -1)
    line = max(0, round(float(ends[outermost]) + inwards))
    kept = slice(line, None) if first else slice(None, line)
    pixels = radiograph.pixels[kept] if across == 0 else radiograph.pixels[:, kept]
    return replace(radiograph, pixels=np.ascontiguousarray(pixels))


def warned(hearts: HeartReader, radiograph: Radiograph, limits: Thresholds) -> bool:
    """Whether a lung is called cut off; False too where no lungs are found."""
    prepared = prepare(radiograph, hearts.size)
    heart = hearts.read(radiograph, prepared)
    if heart is None or limits.cut_off is None:
        return False
    return max(edge_contacts(heart, prepared.geometry.crop).values()) > limits.cut_off


def cutting_figures(hearts: HeartReader, real: Path, limits: Thresholds) -> dict[str, Figure]:
    """Shares warned of, of radiographs held back: as they came, and cut at one edge in turn.

    Those warned of as they came are not cut: a lung mostly reaches the edge in them already.
    """
    untouched, cut = [], []
    for number, (_, _, radiograph) in enumerate(held_back(real)):
        untouched.append(warned(hearts, radiograph, limits))
        heart = hearts.read(radiograph, prepare(radiograph, hearts.size))
        if heart is not None and not untouched[-1]:
            edge = EDGES[number % len(EDGES)]
            cut.append(warned(hearts, cut_at(radiograph, heart, edge, CUT), limits))
    return {"cut-off lungs warned": share(cut), "untouched, cut-off warned": share(untouched)}
