"""What one visit holds: the cases it opened, which one is shown, the prevalence it chose.

Everything lives in the session's memory and goes with it. Full pixels are kept of the last few
cases only; of the others a reduced copy, so that memory stays flat however many files are read.
"""

import io
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from cxr_valve.findings import FINDINGS
from cxr_valve.imaging.radiograph import Decoding, Radiograph
from cxr_valve.reading.folder import Outcome, outcome_of
from cxr_valve.reading.overlay import grey_image
from cxr_valve.reading.reading import Reading
from cxr_valve.ui.viewer import ViewerImage

#: Cases whose full pixels are kept.
FULL_CASES = 4
PREVIEW_SIDE, THUMBNAIL_SIDE = 1024, 96
#: Every case's reduced copy is kept; at 92 it would look the same and be half as large again.
PREVIEW_QUALITY = 85
_KEY = "visit"
#: Number of the case, whether it is a reduced copy, whether its truth is outlined.
PictureKey = tuple[int, bool, bool]


@dataclass(frozen=True, eq=False)
class SimulatedTruth:
    """What the simulator knows: grades by finding key, true sizes, and which gallery case it is.

    ``regraded``: the patient of that case, with other grades than in the gallery.
    """

    grades: dict[str, str]
    sizes: dict[str, float]
    gallery: int
    regraded: bool = False

    @property
    def name(self) -> str:
        """Neutral name of the case; grades are in it only where the user chose them."""
        chosen = [f"{FINDINGS[key].short} {grade}" for key, grade in self.grades.items()]
        return " · ".join([f"Simulated case {self.gallery}", *(chosen if self.regraded else ())])


@dataclass(frozen=True, eq=False)
class Case:
    """One file of this visit. ``number`` is its neutral name; ``truth`` belongs to simulated ones.

    ``file_name`` is kept only to be shown where the user asks for it; no export contains it.
    """

    number: int
    outcome: Outcome
    file_name: str = ""
    preview: bytes = b""
    thumbnail: bytes = b""
    truth: SimulatedTruth | None = None

    @property
    def name(self) -> str:
        """The neutral name shown and exported."""
        return self.truth.name if self.truth else f"Image {self.number}"

    @property
    def was_read(self) -> bool:
        """Whether there are findings to show."""
        return self.outcome.status == "read"


@dataclass(eq=False)
class Queue:
    """Files waiting to be read. ``total`` counts those of the drop in progress, read ones too;
    ``fresh`` until the first of them has been read."""

    files: list[Any] = field(default_factory=list)
    total: int = 0
    fresh: bool = False

    def add(self, files: Sequence[Any]) -> None:
        """Append a drop; to one still in progress it is added."""
        self.total = len(files) + (self.total if self.files else 0)
        self.fresh = True
        self.files.extend(files)

    @property
    def done(self) -> int:
        """How many of the drop have been taken."""
        return self.total - len(self.files)


@dataclass(eq=False)
class Visit:
    """The state of one visit; lives in ``st.session_state``."""

    cases: list[Case] = field(default_factory=list)
    selected: int | None = None
    compared: int | None = None
    revealed: set[int] = field(default_factory=set)
    queue: Queue = field(default_factory=Queue)
    uploads: int = 0
    preset: str = "adults"
    own_prevalence: dict[str, float] = field(default_factory=dict)
    show_names: bool = False
    labels: dict[int, str] = field(default_factory=dict)
    guesses: dict[int, frozenset[str]] = field(default_factory=dict)
    heart_stamps: dict[int, int] = field(default_factory=dict)
    full: OrderedDict[int, Radiograph] = field(default_factory=OrderedDict)
    reduced: OrderedDict[int, Radiograph] = field(default_factory=OrderedDict)
    pictures: OrderedDict[PictureKey, ViewerImage] = field(default_factory=OrderedDict)

    def add(self, case: Case, radiograph: Radiograph | None) -> Case:
        """Keep a case, and its pixels in full as long as it is among the last few."""
        if radiograph is not None:
            self._keep(case.number, radiograph)
            case = _pictured(case, radiograph)
        self.cases.append(case)
        return case

    def revise(self, case: Case, reading: Reading) -> None:
        """Give a case another reading of the same pixels."""
        outcome = outcome_of(case.outcome.path, reading, None)
        self.cases[case.number - 1] = replace(case, outcome=outcome)

    def put_back(self, case: Case, reading: Reading, radiograph: Radiograph) -> None:
        """Give a case another reading, of pixels that may have been turned since."""
        self.revise(_pictured(case, radiograph), reading)
        self._keep(case.number, radiograph)
        self.reduced.pop(case.number, None)
        self._forget_pictures(case.number)

    @property
    def next_number(self) -> int:
        """The number of the next case."""
        return len(self.cases) + 1

    def case(self, number: int | None) -> Case | None:
        """The case of that number."""
        return self.cases[number - 1] if number and number <= len(self.cases) else None

    def pixels(self, case: Case) -> tuple[Radiograph | None, bool]:
        """The case's radiograph, and whether it is a reduced copy."""
        if case.number in self.full:
            self.full.move_to_end(case.number)
            return self.full[case.number], False
        if case.preview and case.number not in self.reduced:
            self.reduced[case.number] = _decoded(case)
            while len(self.reduced) > FULL_CASES:
                self.reduced.popitem(last=False)
        return self.reduced.get(case.number), True

    def _keep(self, number: int, radiograph: Radiograph) -> None:
        """Keep pixels, letting go of the oldest that are not on screen."""
        self.full[number] = radiograph
        shown = (number, self.selected, self.compared)
        hidden = [other for other in self.full if other not in shown]
        for oldest in hidden[: max(0, len(self.full) - FULL_CASES)]:
            del self.full[oldest]
            # They hold the pixels too, and are never asked for again: from here on the case is
            # shown by its reduced copy.
            self._forget_pictures(oldest)

    def _forget_pictures(self, number: int) -> None:
        for key in [key for key in self.pictures if key[0] == number]:
            del self.pictures[key]

    def picture(self, key: PictureKey, make: Callable[[], ViewerImage]) -> ViewerImage:
        """What ``make`` gave for this key, kept of the last few."""
        if key not in self.pictures:
            self.pictures[key] = make()
        self.pictures.move_to_end(key)
        while len(self.pictures) > FULL_CASES:
            self.pictures.popitem(last=False)
        return self.pictures[key]

    def label(self, case: Case) -> str:
        """What exports call a case: what the user typed, else its neutral name."""
        return self.labels.get(case.number) or case.name

    def prevalence(self, finding: str, trained: float) -> float:
        """The prevalence the user chose for a finding; ``trained`` stands for "as in training"."""
        if self.preset == "own":
            return self.own_prevalence.get(finding, trained)
        presets = {preset.key: preset.value for preset in FINDINGS[finding].presets}
        return presets.get(self.preset, trained)


def current_visit() -> Visit:
    """This session's visit."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Visit()
    visit: Visit = st.session_state[_KEY]
    return visit


def _pictured(case: Case, radiograph: Radiograph) -> Case:
    return replace(
        case,
        preview=encoded(radiograph, PREVIEW_SIDE, PREVIEW_QUALITY),
        thumbnail=encoded(radiograph, THUMBNAIL_SIDE, 80),
    )


def encoded(radiograph: Radiograph, longest: int, quality: int) -> bytes:
    """A reduced 8-bit JPEG of the radiograph as displayed by default."""
    stream = io.BytesIO()
    Image.fromarray(grey_image(radiograph, longest)).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def _decoded(case: Case) -> Radiograph:
    """The reduced copy of a case that was read, as a radiograph in 8 bits."""
    reading = case.outcome.reading
    assert reading is not None, "only cases that were read have a reduced copy"
    pixels = np.asarray(Image.open(io.BytesIO(case.preview)), np.uint16)
    facts, scale = reading.input, reading.input.rows / pixels.shape[0]
    spacing = facts.spacing_mm
    return Radiograph(
        pixels=pixels,
        slope=1.0,
        intercept=0.0,
        display=(0.0, 255.0),
        spacing_mm=None if spacing is None else (spacing[0] * scale, spacing[1] * scale),
        spacing_source=None,
        view=facts.view,
        decoding=Decoding("reduced copy", None, None, "MONOCHROME2", 8, None, False),
        warnings=facts.warnings,
    )
