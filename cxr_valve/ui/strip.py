"""The strip on a finding's card: held-out scores by class, operating point, this image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np
from numpy.typing import NDArray

BINS = 40
#: Opacity of the mildest and the worst grade in the lane of positives.
FAINTEST, FULL = 0.45, 1.0


@dataclass(frozen=True, eq=False)
class Strip:
    """What the strip shows; scores in [0, 1], ``members`` (name, probability).

    ``grades`` splits the positives by echo grade, mildest first; empty where grades are unknown.
    """

    positives: NDArray[np.float64]
    negatives: NDArray[np.float64]
    threshold: float
    score: float
    members: Sequence[tuple[str, float]]
    colour: str
    short: str
    grades: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def html(self) -> str:
        """The strip as HTML boxes with a text alternative; colours follow the theme."""
        none, some = [("", self.negatives, 0.5)], list(self._by_grade())
        rows = self._row(none, "currentColor", f"no {self.short}", len(self.negatives))
        rows += self._row(some, self.colour, self.short, len(self.positives))
        return (
            f'<div class="strip" role="img" aria-label="{escape(self.alternative(), quote=True)}">'
            f"{rows}{self._marks()}{self._axis()}</div>"
        )

    def alternative(self) -> str:
        """The strip in words."""
        below = float(np.mean(self.negatives < self.score)) if len(self.negatives) else 0.0
        above = float(np.mean(self.positives < self.score)) if len(self.positives) else 0.0
        medians = ", ".join(
            f"{grade} {np.median(scores):.2f}" for grade, scores in self.grades.items()
        )
        return (
            f"Score {self.score:.2f}, operating point {self.threshold:.2f}. "
            f"{below:.0%} of {len(self.negatives)} held-out cases without {self.short} and "
            f"{above:.0%} of {len(self.positives)} with it scored lower."
            + (f" Median score by grade: {medians}." if medians else "")
        )

    def _by_grade(self) -> Sequence[tuple[str, NDArray[np.float64], float]]:
        """Positives as (grade, scores, opacity), the worst grade strongest."""
        if not self.grades:
            return [("", self.positives, FULL)]
        steps = np.linspace(FAINTEST, FULL, len(self.grades)) if len(self.grades) > 1 else [FULL]
        return [
            (grade, scores, float(step))
            for (grade, scores), step in zip(self.grades.items(), steps, strict=True)
        ]

    def _row(
        self,
        parts: Sequence[tuple[str, NDArray[np.float64], float]],
        colour: str,
        label: str,
        count: int,
    ) -> str:
        """One lane: a column a bin, the parts stacked with the last on top."""
        counts = np.array([np.histogram(s, bins=BINS, range=(0.0, 1.0))[0] for _, s, _ in parts])
        tallest = max(int(counts.sum(0).max()), 1)
        columns = []
        for bin_counts in counts.T:
            boxes = "".join(
                f'<i style="height:{max(100 * n / tallest, 4):.0f}%;opacity:{opacity:.2f}"></i>'
                for n, (_, _, opacity) in reversed(list(zip(bin_counts, parts, strict=True)))
                if n
            )
            columns.append(f"<span>{boxes}</span>")
        return (
            f'<div class="lane" style="--bar:{colour}"><span class="name">{escape(label)}'
            f'<br><em>n {count}</em></span><div class="bars">{"".join(columns)}</div></div>'
        )

    def _marks(self) -> str:
        """Operating point (dashed), this image (line with its score), members (circles)."""
        dots = "".join(
            f'<i class="dot" style="left:{100 * value:.1f}%"'
            f' title="{escape(name, quote=True)} {value:.2f}"></i>'
            for name, value in self.members
            if len(self.members) > 1
        )
        return (
            f'<div class="marks"><i class="cut" style="left:{100 * self.threshold:.1f}%"></i>'
            f'<i class="here" style="left:{100 * self.score:.1f}%"></i>'
            f'<b style="left:{_inside(self.score, 4)}%">{self.score:.2f}</b>{dots}</div>'
        )

    def _axis(self) -> str:
        """The operating point under the axis, and which shade is which grade."""
        shades = " ".join(
            f'<i style="background:{self.colour};opacity:{opacity:.2f}"></i>{escape(grade)}'
            for grade, _, opacity in self._by_grade()
            if grade
        )
        # Above the lanes, on the side where this image's score is not written.
        aside = "left" if self.score > 0.5 else "right"
        if 0.3 < self.score < 0.7:
            aside += " near"  # In a narrow window the score would stand in it.
        # The label touches its mark wherever that lies, and an end of the scale gives way to it.
        at = round(100 * min(max(self.threshold, 0.0), 1.0), 1)
        ends = [
            f"<span>{text}</span>" if clear else "<span></span>"
            for text, clear in (("0", self.threshold > 0.05), ("1", self.threshold < 0.95))
        ]
        return (
            '<div class="axis"><span class="name">score</span>'
            f'<span class="point" style="left:{at}%;transform:translateX(-{at}%)">'
            f"operating point {self.threshold:.2f}</span>{ends[0]}{ends[1]}</div>"
            + (f'<div class="grades {aside}">{shades}</div>' if shades else "")
        )


def _inside(position: float, margin: float) -> float:
    """A place for a label in percent, kept ``margin`` from both ends."""
    return round(min(max(100 * position, margin), 100 - margin), 1)
