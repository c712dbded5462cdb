"""What the program's own networks, which belong to no finding, say of themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import streamlit as st

from cxr_valve.anatomy.gate_card import GateWeights, shipped_gate
from cxr_valve.anatomy.heart_card import Again, HeartCard, HeartWeights, shipped_heart
from cxr_valve.cards import CardError, Figure
from cxr_valve.ui.tables import facts, measured, table

#: Figures of the two cards in the order people read them, and what they count.
FIGURES = {
    "ctr_mean_absolute_error": "Mean absolute error of the cardiothoracic ratio",
    "ctr_within_0.04": "Ratio within 0.04 of the drawn one",
    "ctr_interval_coverage": "Drawn ratio inside the stated interval",
    "dice_heart": "Overlap with the drawn heart (Dice, 1 is perfect)",
    "dice_right_lung": "Overlap with the drawn right lung",
    "dice_left_lung": "Overlap with the drawn left lung",
    "fast_engine_difference": "How far the engine openvino-fast moves the ratio",
    "nih_pa_cardiomegaly_auc": "AUC of the ratio for NIH’s label Cardiomegaly, PA views",
    "accepted": "Upright frontal radiographs accepted",
    "accepted, hannover": "of these, from Hannover",
    "accepted, nih": "of these, from NIH",
    "accepted, wingspan": "of these, from Wingspan",
    "turned-90 detected": "Turned by 90° clockwise: recognised",
    "turned-180 detected": "Upside down: recognised",
    "turned-270 detected": "Turned by 90° anticlockwise: recognised",
    "inverted detected": "Black and white exchanged: recognised",
    "mirrored warned": "Mirror images warned of",
    "false offers": "Upright ones wrongly offered a correction",
    "false mirror warnings": "Upright ones wrongly called mirrored",
    "cut-off lungs warned": "Lungs cut off at an edge: warned of",
    "untouched, cut-off warned": "Radiographs as they came, warned of as cut off",
}
#: A Clopper–Pearson interval is one of a share; the others are intervals of errors and areas.
SHARE = "Clopper–Pearson"


@dataclass(frozen=True)
class OwnNetwork:
    """A network of the program: what it is for, its weights, and what is wrong with their files
    (None: they are those that the card describes)."""

    title: str
    weights: HeartWeights | GateWeights
    damage: CardError | None

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.weights.card.name


def own_networks() -> tuple[list[OwnNetwork], list[CardError]]:
    """The networks that come with the program, and everything that is wrong with them."""
    ways: dict[str, Callable[[], HeartWeights | GateWeights]] = {
        "Heart size": shipped_heart,
        "Input gate": shipped_gate,
    }
    found: list[OwnNetwork] = []
    problems: list[CardError] = []
    for title, read in ways.items():
        try:
            weights = read()
        except CardError as problem:
            problems.append(problem)
            continue
        found.append(OwnNetwork(title, weights, _damage(weights)))
    return found, problems + [one.damage for one in found if one.damage]


def _damage(weights: HeartWeights | GateWeights) -> CardError | None:
    try:
        weights.network_file()
        if isinstance(weights, GateWeights):
            weights.typical_file()
        else:
            weights.ranges_file()
    except CardError as problem:
        return problem
    return None


def show_network_text(network: OwnNetwork) -> None:
    """Everything the card says: purpose, figures, limits, data, training, checksums."""
    card = network.weights.card
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(network.name, anchor=False)
        st.space("stretch")
        if network.damage is None:
            st.badge("In use for every radiograph", icon=":material/check_circle:", color="green")
        else:
            st.badge("Cannot be used", icon=":material/broken_image:", color="orange")
    st.write(card.summary)
    figures = _figures(card.figures, f"Held out: {card.training.held_back}")
    st.html(f"<h4>Measured on radiographs held out</h4>{figures}")
    if isinstance(card, HeartCard) and card.again:
        st.html(f"<h4>The same recipe again, on other radiographs</h4>{_again(card.again)}")
    limits = "".join(f"<li>{escape(limit)}</li>" for limit in card.limits)
    st.html(f'<h4>Limits</h4><ul class="limits">{limits}</ul>')
    st.html(f"<h4>Trained on</h4>{_data(network.weights)}")
    training, rules = _details(network.weights)
    st.html(
        f'<div class="pair"><section><h4>How it was trained</h4>{facts(training)}</section>'
        f"<section><h4>From image to answer</h4>{facts(rules)}</section></div>"
    )
    with st.expander("Command, checksums, where it lies"):
        st.code(card.training.command, language=None, wrap_lines=True)
        st.html(_checksums(network.weights))


def _again(again: Again) -> str:
    about = (
        f"A second network, trained on {again.trained_on} of the radiographs with drawn borders "
        f"and measured on {again.held_out} others, by which no recipe was chosen; it is not the "
        "one in use"
    )
    return _figures(again.figures, about)


def _figures(found: dict[str, Figure], about: str) -> str:
    order = [key for key in FIGURES if key in found] + [key for key in found if key not in FIGURES]
    rows = [[_called(key), _estimate(found[key])] for key in order]
    methods = "; ".join(sorted({figure.method for figure in found.values()}))
    caption = f"{about}. n counts radiographs. 95% intervals: {methods}."
    return table(["", "Value (95% interval, n)"], rows, caption)


def _called(key: str) -> str:
    words = escape(FIGURES.get(key, key.replace("_", " ").capitalize()))
    return f'<span class="part">{words}</span>' if words.startswith("of these") else words


def _estimate(figure: Figure) -> str:
    if figure.method.startswith(SHARE):
        limits = f"{figure.low * 100:.0f}–{figure.high:.0%}"
        return measured(f"{figure.value:.0%}", limits, figure.n)
    places = 3 if figure.value >= 0.01 else 5
    limits = f"{figure.low:.{places}f} to {figure.high:.{places}f}"
    return measured(f"{figure.value:.{places}f}", limits, figure.n)


def _data(weights: HeartWeights | GateWeights) -> str:
    rows = [
        [escape(text) for text in (source.name, source.licence, source.citation)]
        for source in weights.card.data
    ]
    return f'<div class="sources">{table(["", "Licence", "Citation"], rows, "")}</div>'


def _details(
    weights: HeartWeights | GateWeights,
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """How the network was trained, and how its answer comes about, as names and words."""
    if isinstance(weights, GateWeights):
        gate = weights.card
        trained = [
            ("Originals by kind", _counts(gate.training.originals)),
            ("Examples made", _counts(gate.training.examples)),
            ("Recipe", gate.training.recipe),
        ]
        answered = [("Thresholds", gate.thresholds.rule)]
    else:
        heart = weights.card
        made = heart.training
        trained = [
            ("Radiographs", f"{made.labelled:,} with drawn borders, {made.unlabelled:,} without"),
            *((f"{name.capitalize()} round", words) for name, words in made.recipe.items()),
        ]
        answered = [("Borders", heart.borders.method), ("Interval", heart.interval.method)]
    card = weights.card
    prepared = [("Preparation", card.preprocessing), ("Input", f"{card.input_size} px")]
    return [*trained, ("Made on", card.created)], prepared + answered


def _counts(found: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {kind}" for kind, number in found.items() if number)


def _checksums(weights: HeartWeights | GateWeights) -> str:
    if isinstance(weights, GateWeights):
        files = [weights.card.network, weights.card.typical]
        pairs = [(part.file, part.sha256) for part in files]
    else:
        heart = weights.card
        pairs = [(heart.file, heart.sha256)]
        pairs += [(heart.ranges.file, heart.ranges.sha256)] if heart.ranges else []
    folder = ("Folder", f"{weights.folder.name}, shipped with the program")
    return facts([folder, *((file, f"SHA-256 {digest}") for file, digest in pairs)])
