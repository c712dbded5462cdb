"""The state of the page: everything a link must carry to reproduce every number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

LOWEST_PREVALENCE, HIGHEST_PREVALENCE = 1e-5, 0.999
#: A miss is worth this many false alarms until the user says otherwise: t = .10.
RATIO = 9.0
#: The second operating point is on the same source; the rest of the names are descriptors.
SAME = "same"
#: Why the numbers of a reading may say nothing: its image was refused, or is unlike the training's.
DOUBTS = ("refused", "unlike")


@dataclass(frozen=True)
class State:
    """One state of the page. None means: as the source has it.

    ``rule`` is ``own``, ``manual`` or a rule of the evaluation library; ``ratio`` is the cost of
    a miss over that of a false alarm; ``follow`` lets the net benefit's t follow the threshold;
    ``mix`` holds the severity mix in percent by grade; ``patient`` is one reading's score and
    ``doubts`` what that reading said against itself, out of ``DOUBTS``.
    """

    source: str = ""
    threshold: float | None = None
    rule: str = ""
    prevalence: float | None = None
    ratio: float = RATIO
    follow: bool = True
    mix: tuple[float, ...] = ()
    second: str = ""
    second_threshold: float | None = None
    patient: float | None = None
    doubts: tuple[str, ...] = ()


def to_query(state: State) -> dict[str, str]:
    """The state as query parameters, without what is as it would be anyway."""
    pairs = {
        "src": state.source,
        "t": _text(state.threshold),
        "rule": state.rule,
        "p": _text(state.prevalence),
        "r": "" if state.ratio == RATIO else _text(state.ratio),
        "harm": "" if state.follow else "own",
        "mix": ",".join(_text(share) for share in state.mix),
        "src2": state.second,
        "t2": _text(state.second_threshold),
        "x": _text(state.patient),
        "but": ",".join(state.doubts),
    }
    return {name: value for name, value in pairs.items() if value}


def from_query(query: Mapping[str, str]) -> State:
    """The state in query parameters; whatever cannot be understood is left as the source has it."""
    ratio = _number(query.get("r"), 1e-6, 1e6)
    mix = tuple(_number(share, 0, 1e6) for share in query.get("mix", "").split(",") if share)
    return State(
        source=query.get("src", ""),
        threshold=_number(query.get("t"), -50, 50),
        rule=_rule(query.get("rule", "")),
        prevalence=_number(query.get("p"), LOWEST_PREVALENCE, HIGHEST_PREVALENCE),
        ratio=RATIO if ratio is None else ratio,
        follow=query.get("harm") != "own",
        mix=tuple(share for share in mix if share is not None) if None not in mix else (),
        second=query.get("src2", ""),
        second_threshold=_number(query.get("t2"), -50, 50),
        patient=_number(query.get("x"), 0, 1),
        doubts=tuple(name for name in DOUBTS if name in query.get("but", "").split(",")),
    )


def moved(state: State, point: Mapping[str, object]) -> State:
    """The state after the browser reported where its controls were released."""
    mix = point.get("mix")
    return replace(
        state,
        threshold=_number(point.get("threshold"), -50, 50),
        rule=_rule(str(point.get("rule") or "")),
        prevalence=_number(point.get("prevalence"), LOWEST_PREVALENCE, HIGHEST_PREVALENCE),
        ratio=_number(point.get("ratio"), 1e-6, 1e6) or state.ratio,
        follow=bool(point.get("follow", state.follow)),
        mix=tuple(float(share) for share in mix) if isinstance(mix, list | tuple) else (),
        second_threshold=_number(point.get("second"), -50, 50),
    )


def _rule(text: str) -> str:
    kind, _, value = text.partition("=")
    if kind in ("own", "manual", "youden", "cost") and not value:
        return text
    number = _number(value, 1e-9, 1)
    return text if kind in ("sensitivity", "specificity") and number is not None else ""


def _text(value: float | None) -> str:
    return (
        ""
        if value is None
        else f"{value:.17g}"
        if float(f"{value:.12g}") != value
        else f"{value:.12g}"
    )


def _number(found: object, low: float, high: float) -> float | None:
    """A finite number, pulled into its range; None for anything else."""
    if not isinstance(found, int | float | str):
        return None
    try:
        value = float(found)
    except ValueError:
        return None
    return min(max(value, low), high) if math.isfinite(value) else None
