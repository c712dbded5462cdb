"""Grades as reports word them → the product's grades; ejection fractions as text → percent."""

import re

import numpy as np
import pandas as pd

from train.cohort.phrases import grade_in_words, without_names
from train.cohort.targets import LVEF_CUTS, LVEF_GRADES

_NUMBER = r"(0|1|2|3|4|iv|i{1,3})(?:\.0+)?\s*[+°]?"
_NUMERAL = re.compile(
    rf"(?:(?:grade|grad|degree)\s*)?{_NUMBER}(?:\s*(?:-|–|to)\s*{_NUMBER})?"
    r"(?:\s*(?:/|of)\s*(?:4|iv)\+?)?(?:\s*(?:grade|degree))?"
)
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_BY_NUMBER = ("none", "mild", "moderate", "moderate", "severe")

_DEVICE = (
    r"(?:\w*prosth\w*|\w*prothes\w*|mechanical|annulopl\w*|tissue[ -]valve|tav[ir]\w*|avr|mvr"
    r"|homograft|valve[ -]replace\w*|\w*klappenersatz|mitraclip\w*|rings?)\b"
)
_BETWEEN = (
    r"(?:(?:a|an|any|the|previous|prior|known|current|had|has|have|h/o|history|evidence|signs?|of"
    r"|for|mitral|aortic|cardiac|heart|valve|valvular|mechanical|biological|artificial|implanted"
    r"|surgical|prosthetic|or)[\s-]+)*"
)
#: "no prosthesis", but not "no prosthetic dysfunction", which speaks of one that is there.
_DENIED = (
    rf"\b(?:no|not|non|without|w/o|never|denies|kein\w*|nicht|ohne)[\s-]+{_BETWEEN}\b{_DEVICE}"
    rf"(?:\s*(?:/|\bn?or\b|\boder\b)\s*{_BETWEEN}\b{_DEVICE})*"
    r"(?!\s+(?:valve\s+)?(?:dysfunc|dehisc|endocard|fail|leak|mismatch|obstruct|regurg|sten|thromb))"
)
#: "prosthesis: no"
_DENIED_AFTER = (
    rf"\b{_DEVICE}(?:\s+valve)?\s*[:=–-]?\s*(?:no|none|nein|keine?|never|absent|negative)\s*"
    r"(?=$|[,;.])"
)
_YES = r"^(?:1(?:\.0)?|true|t|yes|y|ja|oui|si|present|positive|pos|x|(?:yes|ja|oui)\s*[,;:(].*)$"
_NO = (
    r"^(?:|-|0(?:\.0+)?|false|f|no|n|nein|non|none|nil|absent|not present|negative|neg|native"
    r"|never)$"
)
_RANGE = r"^[<>≤≥~ ]*(\d{1,3}(?:\.\d+)?)(?: ?(?:-|–|to) ?(\d{1,3}(?:\.\d+)?))? ?%?$"


def parse_grades(
    cells: "pd.Series[str]", grades: tuple[str, ...], finding: str = ""
) -> "pd.Series[str]":
    """Each cell as one of ``grades``, "" where it is empty or cannot be read with certainty.

    ``finding`` is what the column grades ("mr", "as"): what a cell says of another valve is passed
    over then. Numbers count where they are the whole cell, as the regurgitation grades 1+ to 4+,
    of which 2+ and 3+ are moderate (Zoghbi WA et al., J Am Soc Echocardiogr 2017;30:303-371). Of
    a range the milder counts, so that what is called positive is at least that. What a finding has
    no grade for ("trace" of stenosis) is its best.
    """
    words = cells.fillna("").astype(str)
    return words.map({word: _grade(word, grades, finding) for word in words.unique()})


def _grade(word: str, grades: tuple[str, ...], finding: str) -> str:
    text = word.strip().lower()
    if text in grades:
        return text
    if set(grades) == {"absent", "present"}:
        return _presence(text)
    found = _by_number(without_names(text, finding)) or grade_in_words(word, finding)
    return found if found in ("", *grades) else grades[0]


def _by_number(text: str) -> str:
    """The grade of a cell that is nothing but a number, or a range from one to the next."""
    match = _NUMERAL.fullmatch(text)
    if match is None:
        return ""
    low, high = (_ROMAN.get(part) or int(part) if part else None for part in match.groups())
    if low is None or (high is not None and high - low != 1):
        return ""
    return _BY_NUMBER[low]


def _presence(text: str) -> str:
    if re.match(_YES, text):
        return "present"
    return "absent" if re.match(r"^(?:0(?:\.0)?|false|f|no|n|negative|neg)$", text) else ""


def names_prosthesis(cells: "pd.Series[str]") -> "pd.Series[bool]":
    """Whether a text speaks of a prosthesis or a repair with a device, and does not deny it."""
    text = cells.fillna("").astype(str).str.lower()
    for denied in (_DENIED, _DENIED_AFTER):
        text = text.str.replace(denied, " ", regex=True)
    return text.str.contains(rf"\b{_DEVICE}", regex=True)


def says_yes(cells: "pd.Series[str]") -> "pd.Series[bool]":
    """Whether a cell of a yes/no column says yes, or names a device."""
    text = cells.fillna("").astype(str).str.strip().str.lower()
    yes: pd.Series[bool] = text.str.match(_YES)
    return yes | names_prosthesis(text)


def is_neither_yes_nor_no(cells: "pd.Series[str]") -> "pd.Series[bool]":
    """Whether a cell of a yes/no column holds words that say neither, nor speak of a device."""
    text = cells.fillna("").astype(str).str.strip().str.lower()
    clear: pd.Series[bool] = text.str.match(_YES) | text.str.match(_NO)
    return ~clear & ~text.str.contains(rf"\b{_DEVICE}", regex=True)


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
