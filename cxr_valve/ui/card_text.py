"""What a card says, in words and tables."""

from html import escape
from math import exp

import streamlit as st

from cxr_valve.cards import AnyCard, ValueCard, WeightSet, shipped_root
from cxr_valve.ui.finding_card import network_name
from cxr_valve.ui.tables import facts, figures_table, table

SIMULATED = (
    "Simulated. These weights were trained and measured on simulated radiographs: they "
    "show how the program works and are evidence about no patient."
)


def show_card_text(found: WeightSet) -> None:
    """Everything the card says: figures, data, chain, networks, engines, checksums."""
    card = found.card
    if card.simulated:
        st.warning(SIMULATED, icon=":material/science:")
    else:
        st.write(card.summary)
    st.html(f"<h4>Measured on patients held out</h4>{_figures(card)}")
    left, right = st.columns(2, gap="large")
    with left:
        st.html(f"<h4>Trained on</h4>{_training(card)}")
    with right:
        st.html(f"<h4>From image to number</h4>{_chain(card)}")
    st.html(f"<h4>Networks</h4>{_members(card)}")
    st.html(f"<h4>Engines</h4>{_engines(card)}")
    with st.expander("Command, checksums, where it lies"):
        st.code(card.training.command, language=None, wrap_lines=True)
        st.html(_checksums(found))


def _figures(card: AnyCard) -> str:
    splits = {"validation": card.validation, "test": card.test}
    held = "; ".join(
        f"{name}: {cohort.images:,} radiographs of {cohort.patients:,} patients"
        + (f", {cohort.positives:,} positive" if card.kind == "binary" else "")
        for name, cohort in splits.items()
    )
    methods = sorted(
        {figure.method for cohort in splits.values() for figure in cohort.figures.values()}
    )
    caption = f"{held}. 95% intervals: {', '.join(methods)}." if methods else f"{held}."
    return figures_table({name: cohort.figures for name, cohort in splits.items()}, caption)


def _training(card: AnyCard) -> str:
    made = card.training
    size = f"{made.images:,} radiographs of {made.patients:,} patients"
    if card.kind == "binary" and made.images:
        size += f", {made.positives:,} positive ({made.positives / made.images:.1%})"
    data = [f"{item.name}. Licence {item.licence}. {item.citation}" for item in card.data]
    return facts(
        [
            ("Cohort", made.cohort),
            ("Label", made.label_rule),
            ("Size", size),
            ("Made on", card.created),
            *(("Data", line) for line in data),
        ]
    )


def _chain(card: AnyCard) -> str:
    return facts([("Preparation", card.preprocessing), *_scale(card)])


def _scale(card: AnyCard) -> list[tuple[str, str]]:
    if card.kind != "binary":
        return _value(card)
    point, platt = card.operating_point, card.calibration
    return [
        ("Operating point", f"score {point.threshold:.3f}, chosen by {point.rule}"),
        (
            "On test",
            f"{point.tp:,} true positive, {point.fn:,} missed, {point.fp:,} false alarms, "
            f"{point.tn:,} true negative",
        ),
        (
            "Calibration",
            f"probability = σ({platt.a:.3f} · logit(score) {_plus(platt.b)}), at the "
            f"validation prevalence of {card.prevalence:.1%}",
        ),
        (
            "Evidence colours",
            f"full where a cell multiplies the odds by {exp(card.evidence.limit):.0f}",
        ),
    ]


def _plus(term: float) -> str:
    """A further term of a sum, as it is written: + 0.250 or − 0.250."""
    rounded = round(term, 3)
    return f"{'−' if rounded < 0 else '+'} {abs(rounded):.3f}"


def _value(card: ValueCard) -> list[tuple[str, str]]:
    line, interval = card.calibration, card.interval
    return [
        ("Calibration", f"value = {line.a:.3f} · output {_plus(line.b)} {card.unit}"),
        (
            "Interval",
            f"{interval.low:+.1f} to {interval.high:+.1f} {card.unit} around the value held "
            f"{interval.level:.0%} of {interval.n:,} validation radiographs",
        ),
        (
            "Evidence colours",
            f"full where a cell moves the value by {card.evidence.limit:.3g} {card.unit} from the "
            f"mean of {card.mean:.1f}",
        ),
    ]


def _members(card: AnyCard) -> str:
    rows = [
        [
            escape(network_name(member.label)),
            f"{member.input_size} px",
            f"{member.grid[0]} × {member.grid[1]}",
            escape(card.training.recipe.get(member.label, "")),
        ]
        for member in card.members
    ]
    vote = "score is the mean of the members’ calibrated probabilities"
    how = f"Soft voting: the {vote if card.kind == 'binary' else 'value is the mean of all'}."
    return table(["", "Input", "Map", "Recipe"], rows, how if len(rows) > 1 else "One network.")


def _engines(card: AnyCard) -> str:
    if not card.engine_error:
        return '<p class="soft">Not compared with the reference engine.</p>'
    rows = [
        [escape(name), f"{error.maximum:.2g}", f"{error.mean:.2g}", f"{error.images:,}"]
        for name, error in card.engine_error.items()
    ]
    what = "probability" if card.kind == "binary" else f"value ({card.unit})"
    caption = f"How far each engine’s {what} lies from torch in float32, on the processor "
    caption += "that made the card."
    if "openvino-fast" in card.engine_error:
        caption += f" openvino-fast computes {_fast(card)}."
    return table(["", "Largest difference", "Mean", "Images"], rows, caption)


def _fast(card: AnyCard) -> str:
    floats = "in bfloat16 where the processor has it"
    if card.ranges is None:
        return floats
    return (
        "its convolutions in 8 bits, for ranges measured on "
        f"{card.ranges.images:,} training radiographs, and the rest {floats}"
    )


def _checksums(found: WeightSet) -> str:
    root = "shipped with the program" if found.folder.parent == shipped_root() else "promoted here"
    pairs = [("Folder", f"{found.folder.name}, {root}")]
    pairs += [(member.file, f"SHA-256 {member.sha256}") for member in found.card.members]
    beside = (found.card.novelty, found.card.ranges)
    pairs += [(file.file, f"SHA-256 {file.sha256}") for file in beside if file is not None]
    return facts([*pairs, ("scores.csv", f"SHA-256 {found.card.scores_sha256}")])
