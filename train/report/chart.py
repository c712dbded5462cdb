"""A small chart as SVG: axes, lines, points with intervals. Dark on white, to print."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

#: Okabe–Ito: told apart by every kind of colour vision, and by their dashes in print.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_WIDTH, _HEIGHT = 360, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 30, 44
_STYLE = "font:12px system-ui,sans-serif;fill:#222"
Point = tuple[float, float]


@dataclass
class Chart:
    """Filled by its methods, then ``svg()``. ``x`` and ``y`` are the ranges of the axes.

    ``described`` says in words what the chart shows, for those who cannot see it.
    """

    title: str
    described: str
    x: tuple[float, float]
    y: tuple[float, float]
    x_label: str
    y_label: str
    _parts: list[str] = field(default_factory=list)
    _keys: list[str] = field(default_factory=list)

    def line(
        self,
        points: Sequence[Point],
        colour: str,
        name: str = "",
        dash: str = "",
        width: float = 1.8,
    ) -> None:
        """A line through the points; those that are not finite interrupt it."""
        runs: list[list[str]] = [[]]
        for x, y in points:
            if math.isfinite(x) and math.isfinite(y):
                runs[-1].append(f"{self._across(x):.1f},{self._down(y):.1f}")
            elif runs[-1]:
                runs.append([])
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        for run in runs:
            if len(run) > 1:
                self._parts.append(
                    f'<polyline points="{" ".join(run)}" fill="none" stroke="{colour}" '
                    f'stroke-width="{width}"{dashes}/>'
                )
        if name:
            self._key(name, colour)

    def points(
        self, points: Sequence[Point], colour: str, name: str = "", size: float = 3.0
    ) -> None:
        """A dot a point."""
        for x, y in points:
            if math.isfinite(x) and math.isfinite(y):
                self._parts.append(
                    f'<circle cx="{self._across(x):.1f}" cy="{self._down(y):.1f}" r="{size}" '
                    f'fill="{colour}" fill-opacity=".8"/>'
                )
        if name:
            self._key(name, colour)

    def interval(self, x: float, low: float, high: float, colour: str) -> None:
        """A vertical bar from ``low`` to ``high``."""
        if math.isfinite(low) and math.isfinite(high):
            at = self._across(x)
            self._parts.append(
                f'<path d="M{at:.1f} {self._down(low):.1f}V{self._down(high):.1f}" '
                f'stroke="{colour}" stroke-width="1.2"/>'
            )

    def note(self, x: float, y: float, text: str) -> None:
        """Words beside a point."""
        self._parts.append(
            f'<text x="{self._across(x):.1f}" y="{self._down(y) - 6:.1f}" text-anchor="middle" '
            f'style="{_STYLE};font-size:11px">{escape(text)}</text>'
        )

    def svg(self, ticks: Sequence[tuple[float, str]] | None = None) -> str:
        """The chart; ``ticks`` name places of the horizontal axis in words."""
        axes = self._axes(ticks)
        title = (
            f'<text x="{_LEFT}" y="16" style="{_STYLE};font-weight:600">{escape(self.title)}</text>'
        )
        return (
            f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT + 16 * len(self._keys)}" role="img" '
            f'aria-label="{escape(self.title)}. {escape(self.described, quote=True)}">'
            f"{title}{axes}{''.join(self._parts)}{''.join(self._keys)}</svg>"
        )

    def _across(self, x: float) -> float:
        low, high = self.x
        return _LEFT + (x - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

    def _down(self, y: float) -> float:
        low, high = self.y
        return _HEIGHT - _BOTTOM - (y - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    def _axes(self, ticks: Sequence[tuple[float, str]] | None) -> str:
        left, right = _LEFT, _WIDTH - _RIGHT
        top, bottom = _TOP, _HEIGHT - _BOTTOM
        parts = [
            f'<path d="M{left} {top}V{bottom}H{right}" fill="none" stroke="#555"/>',
            f'<text x="{(left + right) / 2}" y="{_HEIGHT - 8}" text-anchor="middle" '
            f'style="{_STYLE}">{escape(self.x_label)}</text>',
            f'<text transform="translate(13 {(top + bottom) / 2}) rotate(-90)" '
            f'text-anchor="middle" style="{_STYLE}">{escape(self.y_label)}</text>',
        ]
        for value, name in ticks or [(v, f"{v:g}") for v in steps(*self.x)]:
            parts.append(
                f'<text x="{self._across(value):.1f}" y="{bottom + 16}" text-anchor="middle" '
                f'style="{_STYLE};font-size:11px">{escape(name)}</text>'
            )
        for value in steps(*self.y):
            at = self._down(value)
            parts.append(f'<path d="M{left} {at:.1f}H{right}" stroke="#ddd" stroke-width=".6"/>')
            parts.append(
                f'<text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end" '
                f'style="{_STYLE};font-size:11px">{value:g}</text>'
            )
        return "".join(parts)

    def _key(self, name: str, colour: str) -> None:
        y = _HEIGHT + 16 * len(self._keys)
        self._keys.append(
            f'<path d="M{_LEFT} {y + 2}h14" stroke="{colour}" stroke-width="4"/>'
            f'<text x="{_LEFT + 20}" y="{y + 6}" style="{_STYLE};font-size:11px">'
            f"{escape(name)}</text>"
        )


def steps(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers between both ends, at most ``most``."""
    if not high > low:
        return [low]
    raw = (high - low) / (most - 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def span(values: Sequence[float], least: float = 1.0) -> tuple[float, float]:
    """A range that holds all finite values with some room, at least ``least`` wide."""
    finite = [value for value in values if math.isfinite(value)] or [0.0]
    low, high = min(finite), max(finite)
    room = max(high - low, least) * 0.06
    return low - room, high + room
