"""The flow of a cohort drawn as STARD draws it, as text for a terminal and as SVG for a report.

Bossuyt PM et al., STARD 2015, BMJ 2015;351:h5527: who was listed, who was left out and why, who
stayed. Everything shown is in the card; nothing is computed here but places.
"""

import textwrap
from html import escape

from train.cohort.card import SPLITS, CohortCard, FlowStep, SplitSummary

_WIDTH, _LEFT, _RIGHT, _BOX, _LINE, _GAP = 760, 20, 400, 340, 18, 22
#: Pixels a letter takes at most, on average.
_LETTER = 7.2
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1a1a1a}.strong{font-weight:600}"
    "rect{fill:#fff;stroke:#555}line{stroke:#555;marker-end:url(#a)}"
)


def flow_text(card: CohortCard) -> str:
    """The flow as lines: each exclusion indented under what remains."""
    lines = []
    for step in card.flow:
        count = _count(step.images, step.patients)
        lines.append(f"{step.text}: {count}" if _is_end(step) else f"    − {step.text}: {count}")
        lines += [f"        {reason}: {n:,}" for reason, n in step.reasons.items()]
    for name in _names(card):
        lines.append(f"    → {name}: {_split_words(card.splits[name])}")
    return "\n".join(lines)


def flow_svg(card: CohortCard) -> str:
    """The flow as a standalone SVG, dark on white, with a title and description for readers.

    Steps that excluded nobody are left out of the drawing; the text lists them all.
    """
    parts: list[str] = []
    y, before = 10.0, 0.0
    for step in card.flow:
        if _is_end(step):
            lines = [step.text, _count(step.images, step.patients)]
            height = _box(parts, _LEFT, y, lines)
            if before:
                parts.append(_arrow(_LEFT + _BOX / 2, before, _LEFT + _BOX / 2, y))
            before = y + height
            y += height + _GAP
        elif step.images:
            lines = [step.text, f"{_count(step.images, step.patients)} left out"]
            lines += [f"{reason}: {n:,}" for reason, n in step.reasons.items()]
            height = _box(parts, _RIGHT, y, lines)
            parts.append(_arrow(_LEFT + _BOX / 2, y + height / 2, _RIGHT, y + height / 2))
            y += height + _GAP / 2
    y = _splits(parts, card, y, before)
    title = f"Flow of radiographs into the cohort for {escape(card.finding)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y:.0f}" role="img" '
        f'aria-labelledby="t d"><title id="t">{title}</title>'
        f'<desc id="d">{escape(flow_text(card))}</desc><style>{_STYLE}</style>'
        '<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#555"/></marker></defs>'
        f'<rect width="{_WIDTH}" height="{y:.0f}" style="stroke:none"/>{"".join(parts)}</svg>'
    )


def _is_end(step: FlowStep) -> bool:
    return step.step in ("listed", "kept")


def _names(card: CohortCard) -> list[str]:
    return [name for name in SPLITS if name in card.splits]


def _count(images: int, patients: int) -> str:
    return f"{images:,} radiographs, {patients:,} patients"


def _split_words(split: SplitSummary) -> str:
    count = _count(split.images, split.patients)
    if split.positives is not None:
        return f"{count}, {split.positives:,} positive ({split.prevalence or 0:.1%})"
    if split.target_mean is None:
        return count
    return f"{count}, mean {split.target_mean:.1f} (SD {split.target_sd or 0:.1f})"


def _splits(parts: list[str], card: CohortCard, y: float, before: float) -> float:
    """Three boxes side by side below the kept ones; returns where the drawing ends."""
    width = (_WIDTH - 2 * _LEFT - 2 * _GAP) / len(SPLITS)
    bottom = y
    for at, name in enumerate(_names(card)):
        x = _LEFT + at * (width + _GAP)
        first, *rest = _split_words(card.splits[name]).split(", ")
        height = _box(parts, x, y, [name, first, *rest], width)
        parts.append(_arrow(_LEFT + _BOX / 2, before, x + width / 2, y))
        bottom = max(bottom, y + height)
    return bottom + 10


def _box(parts: list[str], x: float, y: float, lines: list[str], width: float = _BOX) -> float:
    head, *rest = (textwrap.wrap(line, int(width / _LETTER)) for line in lines)
    wrapped = [*head, *(piece for pieces in rest for piece in pieces)]
    height = _LINE * len(wrapped) + 12
    parts.append(f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height}" rx="3"/>')
    for at, line in enumerate(wrapped):
        strong = ' class="strong"' if at < len(head) else ""
        place = f'x="{x + 10:.0f}" y="{y + 6 + _LINE * (at + 0.75):.1f}"'
        parts.append(f"<text {place}{strong}>{escape(line)}</text>")
    return height


def _arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}"/>'
