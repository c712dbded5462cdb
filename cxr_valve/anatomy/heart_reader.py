"""Radiograph → HeartReading: masks from the network, lines from the masks, and how sure."""

import hashlib
from collections.abc import Callable

import numpy as np

from cxr_valve.anatomy.heart import HeartReading, ctr_from_lines
from cxr_valve.anatomy.heart_card import HeartCard, HeartWeights, IntervalRule, shipped_heart
from cxr_valve.anatomy.masks import Masks, clean_masks, probabilities, within
from cxr_valve.anatomy.outlines import outlines
from cxr_valve.anatomy.plausibility import judge
from cxr_valve.anatomy.ratio import measure_lines, place_lines
from cxr_valve.engines.engine import Engine, NetworkSource, Runnable
from cxr_valve.imaging.prepare import Prepared
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.models.ranges import read_ranges

#: The one spacing that is that of the detector, whatever lay in front of it.
DETECTOR_SPACING = "ImagerPixelSpacing"
AP_NOTE = (
    "AP view: the heart lies far from the detector and is drawn larger than on a PA view. The "
    "width on PA over that on AP was 0.79 + 0.00099 × the tube's distance in cm (Chon et al., "
    "J Korean Med Sci 2011;26:1446). Nothing was corrected here."
)


class HeartReader:
    """Measures hearts with an opened anatomy network. Safe to share between threads."""

    def __init__(self, card: HeartCard, network: Runnable) -> None:
        self.card, self._network = card, network
        levels = np.array([card.borders.heart, card.borders.lungs, card.borders.lungs], np.float32)
        self._borders = np.log(levels / (1 - levels))[:, None, None]

    @property
    def size(self) -> int:
        """Side of the input it needs, in pixels."""
        return self.card.input_size

    def masks(self, prepared: Prepared) -> Masks:
        """Heart and lungs of a prepared image, in its frame; nothing beyond what it shows."""
        logits = self._network(prepared.image[None, None])[0]
        # Moved so that one half marks every border from here on.
        found = probabilities(logits[0] - self._borders)
        return clean_masks(within(found, prepared.geometry.placed))

    def read(self, radiograph: Radiograph, prepared: Prepared) -> HeartReading | None:
        """Measure the heart; ``prepared`` is the radiograph at ``size``.

        None where the heart or a lung was not found, so that nothing can be measured.
        """
        found = self.masks(prepared)
        lines = measure_lines(found)
        if lines is None:
            return None
        width = softness(found, self.card.interval.levels)
        verdict = judge(found, lines, width, self.card.usual, prepared.geometry.placed)
        placed = place_lines(lines, prepared.geometry)
        ratio = ctr_from_lines(placed)
        half = half_width(self.card.interval, width)
        spacing = _detector_spacing(radiograph)
        return HeartReading(
            ctr=ratio,
            low=max(0.0, ratio - half),
            high=min(1.0, ratio + half),
            heart_mm=placed.heart_width * spacing if spacing else None,
            thorax_mm=placed.thorax_width * spacing if spacing else None,
            confidence=verdict.confidence,
            notes=(*verdict.notes, *((AP_NOTE,) if radiograph.view == "AP" else ())),
            lines=placed,
            outlines=outlines(found, prepared.geometry),
            weights=self.card.name,
        )


def softness(found: Masks, levels: tuple[float, float]) -> float:
    """How far the ratio moves between borders at two probabilities; 1 where one has no lines."""
    ratios = [
        line.heart_width / line.thorax_width
        for line in (measure_lines(found, level) for level in levels)
        if line is not None
    ]
    return abs(ratios[0] - ratios[1]) if len(ratios) == 2 else 1.0


def half_width(rule: IntervalRule, soft: float) -> float:
    """Half the width of the ratio's interval; see ``IntervalRule``."""
    return float(rule.factor * np.hypot(rule.floor, soft))


def _detector_spacing(radiograph: Radiograph) -> float | None:
    """Distance of columns at the detector in mm, if the header gives just that."""
    if radiograph.spacing_source != DETECTOR_SPACING or radiograph.spacing_mm is None:
        return None
    return radiograph.spacing_mm[1]


def open_heart_reader(
    engine: Engine, progress: Callable[[str], None] = lambda _: None
) -> HeartReader:
    """Check the shipped anatomy network and open it in ``engine``.

    Raises:
        CardError: there is none, or its file is damaged.
    """
    progress("Opening the network that finds the heart")
    weights = shipped_heart()
    return HeartReader(weights.card, engine.open(heart_source(weights)))


def heart_source(weights: HeartWeights) -> NetworkSource:
    """What an engine needs to open the network; torch is imported only if it has to be built."""
    card, file, measured = weights.card, weights.network_file(), weights.ranges_file()

    def build() -> object:
        from cxr_valve.models.anatomy_network import AnatomyLooks, load_anatomy_network

        return AnatomyLooks(load_anatomy_network(file), card.looks).eval()

    # The same file looked at otherwise is another network to an engine's cache.
    checksum = hashlib.sha256(f"{card.sha256} {card.looks}".encode()).hexdigest()
    ranges = read_ranges(measured, "heart") if measured else None
    return NetworkSource("heart", checksum, card.input_size, build, ranges)
