"""Grades as reports word them → the product's grades; ejection fractions as text → percent."""

import re

import numpy as np
import pandas as pd

from train.cohort.targets import LVEF_CUTS, LVEF_GRADES

#: What words of a report mean, from best to worst. A report that names two grades ("mild to
#: moderate") counts as the milder, so that what is called positive is at least that.
_WORDS = {
    "none": r"\b(?:none|no|nil|absent|normal|without|negative|not present|sclerosis|0)\b",
    "trivial": r"\b(?:trivial|trace|physiologic\w*|minimal|minor|insignificant)\b",
    "mild": r"\b(?:mild\w*|slight|grade ?(?:1|i)|i|1)\b",
    "moderate": r"\b(?:mod|moderate\w*|grade ?(?:2|3|ii|iii)|ii|iii|2|3)\b",
    "severe": r"\b(?:sev|severe\w*|torrential|critical|massive|grade ?(?:4|iv)|iv|4)\b",
}
_PROSTHESIS = (
    r"prosth|mechanical|annuloplast|annulopl|tissue valve|ta[vr][ir]|\bavr\b|\bmvr\b|homograft"
    r"|valve replace|mitraclip|ring\b"
)
_YES = r"^(?:1(?:\.0)?|true|t|yes|y|ja|oui|si|present|positive|pos|x)$"
_RANGE = r"^[<>≤≥~ ]*(\d{1,3}(?:\.\d+)?)(?: ?(?:-|–|to) ?(\d{1,3}(?:\.\d+)?))? ?%?$"


def parse_grades(cells: "pd.Series[str]", grades: tuple[str, ...]) -> "pd.Series[str]":
    """Each cell as one of ``grades``, "" where it is empty or none that is known.

    Numbers are the regurgitation grades 1+ to 4+, of which 2+ and 3+ are moderate (Zoghbi WA et
    al., J Am Soc Echocardiogr 2017;30:303-371). What a finding has no grade for ("trace" of
    stenosis) is its best.
    """
    words = cells.fillna("").astype(str)
    return words.map({word: _grade(word, grades) for word in words.unique()})


def _grade(word: str, grades: tuple[str, ...]) -> str:
    text = re.sub(r"[^a-z0-9 ]+", " ", word.lower()).strip()
    if text in grades:
        return text
    if set(grades) == {"absent", "present"}:
        return _presence(text)
    # "None, increased velocity from high output" starts with the verdict.
    if re.match(_WORDS["none"], text):
        return grades[0]
    for name, pattern in _WORDS.items():
        if name != "none" and re.search(pattern, text):
            return name if name in grades else grades[0]
    return grades[0] if re.search(_WORDS["none"], text) else ""


def _presence(text: str) -> str:
    if re.match(_YES, text):
        return "present"
    return "absent" if re.match(r"^(?:0(?: 0)?|false|f|no|n|absent|negative|neg)$", text) else ""


def names_prosthesis(cells: "pd.Series[str]") -> "pd.Series[bool]":
    """Whether the text of a grade speaks of a prosthesis or a repair with a device."""
    return cells.fillna("").astype(str).str.lower().str.contains(_PROSTHESIS, regex=True)


def says_yes(cells: "pd.Series[str]") -> "pd.Series[bool]":
    """Whether a cell of a yes/no column says yes, or names a device."""
    text = cells.fillna("").astype(str).str.strip().str.lower()
    yes: pd.Series[bool] = text.str.match(_YES)
    return yes | names_prosthesis(text)


def parse_percent(cells: "pd.Series[str]") -> "pd.Series[float]":
    """Ejection fractions in %: "55", "55%", "50-55" (its middle), ".55"; NaN for anything else.

    Values outside 5–90% are no ejection fraction.
    """
    text = cells.fillna("").astype(str).str.strip().str.replace(",", ".")
    found = text.str.extract(_RANGE).apply(pd.to_numeric)
    value = found.mean(axis=1)
    fraction = pd.to_numeric(text, errors="coerce")
    value = value.where(~fraction.between(0.05, 0.90), fraction * 100).astype(float)
    plausible: pd.Series[float] = value.where(value.between(5, 90))
    return plausible


def grade_of_percent(values: "pd.Series[float]") -> "pd.Series[str]":
    """Reduced, mildly reduced or preserved by value, "" where there is none."""
    at = np.where(values <= LVEF_CUTS[0], 0, np.where(values < LVEF_CUTS[1], 1, 2))
    words = np.where(values.isna(), "", np.array(LVEF_GRADES, dtype=object)[at])
    return pd.Series(words.tolist(), index=values.index, dtype=str)
