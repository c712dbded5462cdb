"""One card a finding: probability at the chosen prevalence, its context, its meaning in words."""

from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd
import streamlit as st

from cxr_valve.cards import Card
from cxr_valve.evaluation.intervals import Estimate, clopper_pearson
from cxr_valve.evaluation.neighbours import Neighbours, observed_frequency
from cxr_valve.findings import FINDINGS, Finding
from cxr_valve.models.chain import at_prevalence
from cxr_valve.reading.reading import FindingReading
from cxr_valve.ui.explanation import explained, with_meanings
from cxr_valve.ui.frame import FINDING_COLOURS
from cxr_valve.ui.strip import Strip

#: Members whose probabilities spread further apart than this are said to disagree.
DISAGREEMENT = 0.25
READ_ANYWAY = "Read although the input gate refused this image."
EXTRAPOLATED = "The probability lies outside that: it is extrapolated."
DEMONSTRATION = "Demonstration weights, trained on simulated patients."
NETWORK_NAMES = {
    "resnet50": "ResNet50",
    "inception_v3": "InceptionV3",
    "densenet121": "DenseNet121",
}


@dataclass(frozen=True)
class CardWords:
    """The sentences of a finding's card, computed apart from how they are drawn."""

    headline: str
    context: str
    meaning: str
    nearby: str
    extrapolated: bool
    members: str
    disagree: bool
    novelty: str


def percent(value: float) -> str:
    """A probability as people read it: one decimal below 10%, never a false 0% or 100%."""
    if value < 0.001:
        return "<0.1%"
    if value > 0.999:
        return ">99.9%"
    return f"{value:.1%}" if value < 0.1 or value > 0.9 else f"{value:.0%}"


def ratio(value: float) -> str:
    """A likelihood ratio with two digits that mean something: 0.45, 1.0, 2.4, 18."""
    if value >= 9.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 0.995 else f"{value:.2g}"


def apart(score: float, threshold: float) -> tuple[str, str]:
    """Both with two decimals, or as many more as tell them apart; equal ones are equal."""
    for digits in (2, 3, 4, 5):
        pair = f"{score:.{digits}f}", f"{threshold:.{digits}f}"
        if pair[0] != pair[1]:
            return pair
    return f"{score:.2f}", f"{threshold:.2f}"


def network_name(network: str) -> str:
    """How people write a network's name."""
    return NETWORK_NAMES.get(network, network)


def words(found: FindingReading, card: Card, prevalence: float, scores: pd.DataFrame) -> CardWords:
    """Everything the card says, for a target prevalence and the held-out scores of the set."""
    finding = FINDINGS[found.finding]
    side = "Positive" if found.positive else "Negative"
    score, threshold = apart(found.score, found.threshold)
    nearby = observed_frequency(scores["label"], scores["score"], found.score, k=50)
    return CardWords(
        headline=percent(at_prevalence(found.probability, found.prevalence, prevalence)),
        context=(
            f"if {percent(prevalence)} of people like this have it. Where "
            f"{percent(found.prevalence)} do, as in training: {percent(found.probability)}. "
            f"Likelihood ratio {ratio(found.likelihood_ratio)}."
        ),
        meaning=(
            f"{side}: score {score}, operating point {threshold}. "
            + _meaning(found.positive, finding, card)
        ),
        nearby=_nearby(nearby, finding, float(scores["label"].mean())),
        extrapolated=not nearby.frequency.low <= found.probability <= nearby.frequency.high,
        members=_members(found),
        disagree=spread(found) > DISAGREEMENT,
        novelty="" if found.novelty is None else found.novelty.words,
    )


def _meaning(positive: bool, finding: Finding, card: Card) -> str:
    """What this side of the operating point means, from the card's own test table."""
    point = card.operating_point
    sensitivity = clopper_pearson(point.tp, point.tp + point.fn)
    specificity = clopper_pearson(point.tn, point.tn + point.fp)
    kind = "simulated" if card.simulated else "held-out"
    if positive:
        return (
            f"Of {kind} radiographs with {finding.short}, {_figure(sensitivity)} were positive; so "
            f"were {_figure(_rest(specificity))} of those without."
        )
    return (
        f"Of {kind} radiographs without {finding.short}, {_figure(specificity)} were negative; so "
        f"were {_figure(_rest(sensitivity))} of those with it."
    )


def _rest(estimate: Estimate) -> Estimate:
    """What is left of a share, with its interval turned over."""
    e = estimate
    return Estimate(1 - e.value, 1 - e.high, 1 - e.low, e.n, e.method)


def _figure(estimate: Estimate) -> str:
    return f"{estimate.value:.0%} ({100 * estimate.low:.0f}–{estimate.high:.0%}, n {estimate.n})"


def _nearby(nearby: Neighbours, finding: Finding, share: float) -> str:
    e = nearby.frequency
    return (
        f"Of the {e.n} test radiographs that scored nearest ({nearby.lowest:.2f} to "
        f"{nearby.highest:.2f}), {e.value:.0%} ({100 * e.low:.0f}–{e.high:.0%}) had "
        f"{finding.short}; of all, {percent(share)}."
    )


def beside_words(name: str, found: FindingReading, prevalence: float) -> str:
    """The same finding on the radiograph beside, in one line."""
    probability = percent(at_prevalence(found.probability, found.prevalence, prevalence))
    side = "positive" if found.positive else "negative"
    return f"{name}, beside it: {probability}, score {found.score:.2f} ({side})."


def spread(found: FindingReading) -> float:
    """Between the lowest and the highest of the members' probabilities."""
    values = [member.probability for member in found.members]
    return max(values) - min(values)


def _members(found: FindingReading) -> str:
    if len(found.members) < 2:
        return ""
    listed = ", ".join(
        f"{network_name(member.network)} {member.probability:.2f}" for member in found.members
    )
    apart = f"{spread(found):.2f} apart; said to disagree above {DISAGREEMENT:.2f}"
    verdict = "Members disagree" if spread(found) > DISAGREEMENT else "Members agree"
    return f"{verdict}: {listed} ({apart})."


def _strip(found: FindingReading, scores: pd.DataFrame) -> Strip:
    """The held-out scores of the set around this image's."""
    labels = scores["label"].to_numpy(int)
    values = scores["score"].to_numpy(np.float64)
    finding = FINDINGS[found.finding]
    grades = scores["grade"].astype(str) if "grade" in scores else pd.Series("", scores.index)
    by_grade = {
        grade: values[(labels == 1) & (grades == grade).to_numpy()]
        for grade in finding.grades
        if ((labels == 1) & (grades == grade).to_numpy()).any()
    }
    known = sum(map(len, by_grade.values())) == int((labels == 1).sum())
    return Strip(
        positives=values[labels == 1],
        negatives=values[labels == 0],
        threshold=found.threshold,
        score=found.score,
        members=[(network_name(member.network), member.probability) for member in found.members],
        colour=FINDING_COLOURS[found.finding],
        short=finding.short,
        grades=by_grade if known else {},
    )


def show_card(
    found: FindingReading,
    card: Card,
    prevalence: float,
    scores: pd.DataFrame,
    *,
    anyway: bool = False,
    beside: str = "",
) -> None:
    """Draw the card; ``anyway``: the input gate had refused the image, which the card then says;
    ``beside``: what another radiograph, shown next to this one, says of the finding."""
    name = FINDINGS[found.finding].name.capitalize()
    said = words(found, card, prevalence, scores)
    origin = DEMONSTRATION if found.simulated else f"Weights: {found.weights}."
    if found.simulated and said.novelty:
        origin = ""  # The sentence on novelty says what the cohort was.
    side, meaning = said.meaning.split(":", 1)
    members = (
        f'<span class="{"warn" if said.disagree else ""}">{with_meanings(said.members)}</span>'
    )
    few = f'<span class="warn">{EXTRAPOLATED}</span> ' if said.extrapolated else ""
    refused = f'<p class="warn">{READ_ANYWAY}</p>' if anyway else ""
    next_to_it = f'<p class="beside">{escape(beside)}</p>' if beside else ""
    st.html(
        f'<section class="finding" aria-label="{escape(name)}" data-finding="{found.finding}" '
        f'data-positive="{str(found.positive).lower()}" '
        f'style="border-left-color:{FINDING_COLOURS[found.finding]}">'
        f"<h3>{escape(name)}</h3>"
        f'<div class="row"><b>{explained("Probability", escape(said.headline), "big")}</b>'
        f'<span class="soft">{with_meanings(said.context)}</span></div>{refused}'
        f"{_strip(found, scores).html()}"
        f"<p><b>{escape(side)}</b>:{with_meanings(meaning)}</p>"
        f"{next_to_it}"
        f'<p class="soft">{with_meanings(said.nearby)} {few}{members} {escape(origin)} '
        f"{with_meanings(said.novelty)}</p></section>"
    )
