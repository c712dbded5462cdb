"""What every number on the reading page means, for a junior doctor: all together, and at each."""

import re
from html import escape

from cxr_valve.reading.reading import Reading

#: Term to its meaning. Cards show one where its number stands, the page all of them at once.
MEANINGS = {
    "Probability": "how likely the finding is in this patient, if it is as common among people "
    "like this as you chose. The same image means less where the disease is rare. Beside it: the "
    "probability where it is as common as among the training patients.",
    "Prevalence": "how many of the people you see have the finding, before any image.",
    "Likelihood ratio": "how much this image multiplies the odds. 1 changes nothing; 2 doubles "
    "them; 0.5 halves them.",
    "Score": "the average of the networks’ probabilities, from 0 to 1. The operating point "
    "(dashed) cuts it: positive from there on. The prevalence moves the probability, never the "
    "side.",
    "Strip": "where test radiographs without (upper row) and with the finding (lower row, stronger "
    "shade for worse grades) scored. The solid line is this image; circles are the single "
    "networks (members).",
    "Interval and n": "75% (72–78%, n 680): 680 radiographs were counted; the interval holds the "
    "values that such a count is still compatible with (95%).",
    "Nearest scores": "what was really found in the 50 test radiographs that scored most like "
    "this one. Where few scored like it, the nearest are not near: from where to where is said.",
    "Members": "the single networks behind the score, with the probability each gives. Where they "
    "lie far apart, their average hides a disagreement.",
    "Evidence on the image": "warm regions raised the odds, cool regions lowered them, on a scale "
    "that is the same for every image. A network can look at the right place for the wrong reason.",
    "Like or unlike the training radiographs": "where this image would stand among radiographs of "
    "the training cohort that were held out. Beyond nearly all of them, the networks have never "
    "seen its like, and what they say of it is a guess. Weights that learnt from simulated "
    "radiographs know no real one.",
    "Can be read": "another network looks first whether this is one upright frontal chest "
    "radiograph of a person. What it refuses can be read anyway; page and exports then say so.",
    "Heart size": "the cardiothoracic ratio; its own card says more.",
    "W, L, %": "on the image: window width and level in grey values, and zoom. mm are measured at "
    "the detector, where the heart appears larger than it is.",
}


def explanation() -> str:
    """All meanings as Markdown."""
    return "\n\n".join(f"**{term}**: {meaning}" for term, meaning in MEANINGS.items())


def explained(term: str, shown: str, kind: str = "") -> str:
    """A number (HTML) that says what it is under the pointer, and where the keyboard leads."""
    told = escape(f"{term}: {MEANINGS[term]}", quote=True)
    return f'<span class="{f"{kind} what".strip()}" data-what="{told}" tabindex="0">{shown}</span>'


#: Where a card's sentences speak of a term; the group is its name with blanks as underscores.
_NUMBER = r"[<>]?\d+(?:\.\d+)?%?"
_SPOKEN_OF = re.compile(
    rf"(?P<Likelihood_ratio>Likelihood ratio {_NUMBER})"
    rf"|(?<=^if )(?P<Prevalence>{_NUMBER})"
    rf"|(?<=as in training: )(?P<Probability>{_NUMBER})"
    rf"|(?P<Score>score {_NUMBER}, operating point {_NUMBER})"
    rf"|(?P<Interval_and_n>{_NUMBER} \([^)]*, n \d+\))"
    rf"|(?P<Nearest_scores>{_NUMBER} \([\d–%]+\))"
    r"|(?P<Members>Members (dis)?agree)"
    r"|(?P<Like_or_unlike_the_training_radiographs>(?:Unlike|Within the range of) the "
    r"(?:simulated )?radiographs)"
)


def with_meanings(text: str) -> str:
    """A sentence of a card as HTML, its numbers saying under the pointer what they are."""

    def marked(found: re.Match[str]) -> str:
        term = str(found.lastgroup).replace("_", " ")
        return explained(term, escape(found.group()))

    pieces, end = [], 0
    for found in _SPOKEN_OF.finditer(text):
        pieces += [escape(text[end : found.start()]), marked(found)]
        end = found.end()
    return "".join([*pieces, escape(text[end:])])


def details(reading: Reading) -> str:
    """How this image was stored and read."""
    facts = reading.input
    parts = [
        facts.container,
        facts.transfer_syntax_name or "",
        f"{facts.columns} × {facts.rows} pixels, {facts.bits_stored} bits",
        facts.photometric_interpretation,
        f"engine {reading.engine}, {reading.seconds:.2f} s",
        f"gate score {reading.gate.score:.2f}",
        *(f"weights {found.weights}" for found in reading.everything.values()),
    ]
    if reading.heart is not None:
        parts.append(
            f"weights {reading.heart.weights}, confidence {reading.heart.confidence:.2f} of 1"
        )
    return "**This image**: " + " · ".join(part for part in parts if part)
