"""A drawn chest: ellipses for heart and lungs, whose ratio is known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDE = 128


@dataclass(frozen=True)
class DrawnChest:
    """Centres and half axes in pixels; columns grow to the patient's left."""

    heart: tuple[float, float, float, float] = (78.0, 70.0, 22.0, 24.0)
    right: tuple[float, float, float, float] = (64.0, 38.0, 40.0, 20.0)
    left: tuple[float, float, float, float] = (64.0, 92.0, 40.0, 18.0)
    side: int = SIDE

    @property
    def ratio(self) -> float:
        """Heart width over thorax width."""
        thorax = self.left[1] + self.left[3] - (self.right[1] - self.right[3])
        return 2 * self.heart[3] / thorax

    def probabilities(self) -> NDArray[np.float32]:
        """(3, side, side): share of each pixel inside, as a sure network would give."""
        return np.stack([self._ellipse(*part) for part in (self.heart, self.right, self.left)])

    def logits(self) -> NDArray[np.float32]:
        """The same as a network's raw output."""
        inside = np.clip(self.probabilities(), 1e-4, 1 - 1e-4)
        return np.asarray(np.log(inside / (1 - inside)), np.float32)

    def _ellipse(
        self, row: float, column: float, down: float, across: float
    ) -> NDArray[np.float32]:
        fine = (np.arange(self.side * 4) + 0.5) / 4
        y, x = np.meshgrid((fine - row) / down, (fine - column) / across, indexing="ij")
        inside = (x**2 + y**2 <= 1).reshape(self.side, 4, self.side, 4)
        return np.asarray(inside.mean(axis=(1, 3)), np.float32)
