"""What the viewer is given: radiographs, evidence layers and outlines, checked on construction.

Coordinates are radiograph pixels throughout: x along columns, y along rows, pixel (r, c) covering
[r, r+1) × [c, c+1).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxr_valve.imaging.geometry import Box
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.ui.viewer.heart_layer import HeartLayer

#: The name that stands for the mean of the members' maps.
CONSENSUS = "consensus"


@dataclass(frozen=True, eq=False)
class EvidenceLayer:
    """One evidence map: log likelihood ratio per cell of one network, or of their consensus.

    ``finding`` is its key ("mr", "as"); ``name`` the member's network or "consensus"; ``grid``
    float32 (h, w); ``extent`` the whole square input in radiograph pixels, which may exceed the
    image (``Geometry.input_extent()``); ``limit`` the colour limit and ``epsilon`` the magnitude up
    to which a cell counts as none, both from the card; ``outside_share`` the share of the evidence
    on padding or outside the body, in [0, 1]; ``seen`` the part of the radiograph that was not
    trimmed (``Geometry.crop``): nothing is drawn outside it. None: the whole radiograph.
    ``unit``: what the cells count where the finding is a value; "": log likelihood ratios.

    Raises:
        ValueError: naming the field, what was expected and what was found.
    """

    finding: str
    name: str
    grid: NDArray[np.float32]
    extent: Box
    limit: float
    epsilon: float
    outside_share: float = 0.0
    seen: Box | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        where = f"evidence layer {self.finding}/{self.name}"
        _require(bool(self.finding and self.name), "Expected a finding and a name", repr(where))
        shape = self.grid.shape
        _require(self.grid.ndim == 2 and self.grid.size > 0, f"Expected {where} (h, w)", str(shape))
        _require(
            bool(np.isfinite(self.grid).all()),
            f"Expected finite evidence in {where}",
            "NaN or infinite cells; check the network's output",
        )
        _check_box(self.extent, f"extent of {where}")
        if self.seen is not None:
            _check_box(self.seen, f"seen part of {where}")
        _require(
            0 <= self.epsilon < self.limit,
            f"Expected 0 ≤ epsilon < limit in {where}",
            f"epsilon {self.epsilon}, limit {self.limit}",
        )
        _require(
            0 <= self.outside_share <= 1,
            f"Expected outside_share of {where} in [0, 1]",
            str(self.outside_share),
        )

    @property
    def positive(self) -> bool:
        """Whether any cell lies above ε."""
        return bool(np.any(self.grid > self.epsilon))


@dataclass(frozen=True)
class Outline:
    """A named closed line over the image; ``points`` are (x, y), the last joined to the first.

    Raises:
        ValueError: fewer than three points, or points that are not finite.
    """

    name: str
    points: Sequence[tuple[float, float]]

    def __post_init__(self) -> None:
        where = f"outline {self.name!r}"
        count = len(self.points)
        _require(count >= 3, f"Expected at least 3 points in {where}", str(count))
        _require(
            bool(np.isfinite(np.asarray(self.points, np.float64)).all()),
            f"Expected finite points in {where}",
            "NaN or infinity",
        )


@dataclass(frozen=True, eq=False)
class ViewerImage:
    """One radiograph with everything that can be laid over it.

    ``network_view`` is what a network received, (s, s) in [0, 1], lying at ``network_extent``;
    give both or neither; ``network_name`` says which. ``title`` is shown and read out: keep it
    neutral ("Image 3").

    Raises:
        ValueError: naming the field, what was expected and what was found.
    """

    radiograph: Radiograph
    layers: Sequence[EvidenceLayer] = ()
    outlines: Sequence[Outline] = ()
    network_view: NDArray[np.float32] | None = None
    network_extent: Box | None = None
    title: str = "Radiograph"
    heart: HeartLayer | None = None
    network_name: str = "the network"

    def __post_init__(self) -> None:
        names = [(layer.finding, layer.name) for layer in self.layers]
        twice = sorted({f"{f}/{n}" for f, n in names if names.count((f, n)) > 1})
        _require(not twice, "Expected each evidence layer once", f"twice {', '.join(twice)}")
        given = (self.network_view is not None, self.network_extent is not None)
        _require(
            given[0] == given[1],
            "Expected network_view and network_extent together",
            f"only {'network_view' if given[0] else 'network_extent'}",
        )
        if self.network_view is None or self.network_extent is None:
            return
        view = self.network_view
        square = view.ndim == 2 and view.size > 0 and view.shape[0] == view.shape[1]
        _require(square, "Expected a square network_view", str(view.shape))
        low, high = float(view.min()), float(view.max())
        # Written so that NaN fails too.
        in_range = low >= 0 and high <= 1
        _require(in_range, "Expected network_view in [0, 1]", f"{low:g} to {high:g}")
        _check_box(self.network_extent, "network_extent")


def _check_box(box: Box, where: str) -> None:
    numbers = (box.top, box.left, box.bottom, box.right)
    good = bool(np.isfinite(numbers).all()) and box.height > 0 and box.width > 0
    _require(good, f"Expected a box of positive size as {where}", str(box))


def _require(condition: bool, expected: str, found: str) -> None:
    if not condition:
        raise ValueError(f"{expected}; found {found}.")
