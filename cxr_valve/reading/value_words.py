"""A value in words: page, command line and reports say the same."""

from cxr_valve.cards import ValueCard
from cxr_valve.findings import FINDINGS
from cxr_valve.reading.reading import ValueReading


def headline(found: ValueReading) -> str:
    """``47%``."""
    return f"{found.value:.0f}{_unit(found)}"


def interval(found: ValueReading) -> str:
    """``31–62%``."""
    return f"{found.low:.0f}–{found.high:.0f}{_unit(found)}"


def context(found: ValueReading, card: ValueCard) -> str:
    """What the interval means."""
    kind = "simulated" if found.simulated else "held-out"
    return (
        f"{interval(found)} holds the measured value of {found.level:.0%} of {kind} patients read "
        f"as {headline(found)} ({card.interval.n:,} validation radiographs). The mean there is "
        f"{found.mean:.0f}{_unit(found)}."
    )


def meaning(found: ValueReading, card: ValueCard) -> str:
    """How far to trust it, from the card's own test figures; which cuts the interval crosses."""
    figures, short = card.test.figures, FINDINGS[found.finding].short
    parts = []
    if "mae" in figures:
        mae = figures["mae"]
        parts.append(
            f"On test it was off by {mae.value:.1f}{_unit(found)} ({mae.low:.1f}–{mae.high:.1f}, "
            f"n {mae.n}) on average."
        )
    for cut in found.cuts:
        auc = figures.get(f"auc_below_{cut:g}")
        told = f" (AUC {auc.value:.2f}, {auc.low:.2f}–{auc.high:.2f}, n {auc.n})" if auc else ""
        parts.append(f"{short} below {cut:g}{_unit(found)}: {_side(found, cut)}{told}.")
    return " ".join(parts)


def members(found: ValueReading) -> str:
    """The networks one by one; nothing where there is one."""
    if len(found.members) < 2:
        return ""
    listed = ", ".join(f"{m.network} {m.value:.0f}{_unit(found)}" for m in found.members)
    return f"Networks: {listed}."


def _side(found: ValueReading, cut: float) -> str:
    if found.high < cut:
        return "yes, with the whole interval"
    if found.low >= cut:
        return "no, with the whole interval"
    return (
        "rather yes, but the interval crosses it"
        if found.value < cut
        else ("rather not, but the interval crosses it")
    )


def _unit(found: ValueReading) -> str:
    return found.unit if found.unit == "%" else f" {found.unit}"
