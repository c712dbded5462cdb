"""The grade that a sentence of an echo report gives one valve, or that it gives none for certain.

A wrong grade trains a network on a lie that nobody sees; a cell that is left unread is counted and
told. So only what is understood wholly counts: a clause is graded where the words beside its grade
are known, where nothing in it doubts or denies, and where it speaks of the column's own valve.
"""

import re
from functools import cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: The words for each grade, from best to worst.
_GRADES = {
    "none": r"none|nil|absent|negative",
    "trivial": r"trivial|traces?|physiologic\w*|minimal|minor|insignificant",
    "mild": r"mild\w*|slight\w*",
    "moderate": r"mod|moderate\w*",
    "severe": r"sev|severe\w*|torrential|critical\w*|massive",
}
_ORDER = tuple(_GRADES)
#: Names of a finding: its valve, its lesion, and abbreviations that name both. "aos" stands for AS,
#: which only its capitals or its place tell from the word "as".
_VALVE = {"mr": r"mitral|mv", "as": r"aortic|av"}
_LESION = {"mr": r"regurg\w*|insuff\w*|incompeten\w*|leak\w*", "as": r"stenos\w*|stenotic"}
_SHORT = {"mr": r"mr|mi", "as": r"aos"}
#: Valves, and lesions of a valve, that no column here grades.
_OTHER_VALVE = r"tricuspid|tv|pulmon\w*|pv"
_OTHER_SHORT = r"tr|ti|pr|pi|ar|ai|ms|ts|ps"
#: Other structures, which are graded in the same words.
_STRUCTURE = (
    r"calcifications?|calcified|thicken\w*|dilat\w*|enlarg\w*|hypertroph\w*|dysfunction|prolapse\w*"
    r"|hypokine\w*|hypertension|impair\w*|reduced|effusion|lv|la|rv|ra|ef|lvef|lvh|lae|mac|atri\w+"
    r"|ventric\w+|annul\w+"
)
#: What may stand beside a grade without changing it.
_BESIDE = _words(
    "a acute anterior anteriorly at bicuspid by calcific central chronic color colour "
    "degenerative degree directed doppler eccentric echo flow for functional grade graded "
    "gradient holosystolic in is ischaemic ischemic jet leaflet leaflets low native noted "
    "now of only overall paradoxical posterior posteriorly present primary residual rest "
    "rheumatic secondary seen severity stable still symptomatic systolic the there today "
    "unchanged valve valves valvular very visually was"
)
#: What may stand beside "no" in a sentence that denies the finding itself.
_DENYING = _words(
    "a any at by clear color colour currently definite detectable detected doppler echo "
    "evidence evident for found identified is no nor noted now observed obvious of on or "
    "present relevant residual rest seen sign significant signs the there trace trivial "
    "valve valvular visible was"
)
#: What makes a healthy valve of a clause, where no other clause gives a grade.
_HEALTHY = _words(
    "appearing calcific function is leaflets native normal normally sclerosis sclerotic "
    "structurally structure the valve valves"
)
#: What leaves open whether the grade beside it holds. "uncertain" stands for ?, < and >.
_DOUBT = _words(
    "above almost below borderline cannot cant earlier exclude excluded excluding former "
    "formerly from history if likely most near nearly never non not over possible possibly "
    "pre previous previously prior probable probably questionable rule ruled suspected "
    "suspicious than unable uncertain under unlikely until up versus vs"
)
#: AS, in capitals or where no word follows that "as" could belong to.
_AS = r"\bAS\b|\b[Aa]s(?=\s*(?:[,;.:()\n]|$))"
#: Rewritten before a text is taken apart.
_REWRITTEN = (
    # "moderate (2+) regurgitation" is one clause.
    (r"\([\div+/., –-]*\)", " "),
    (r"\d+(?:[.,]\d+)?\s*(?:c?m/s|[cm]m(?:[²2]|\^2)?|mm ?hg|ml|ms|%)", " "),
    (r"\bno\.?\s*\d+(?:[.,]\d+)*(?![\d+])", " number "),
    (r"(?:≥|>=|\bat least\b)", " "),
    (r"\bless than mild\b(?!\W+(?:to|or|mod|sev))", "trivial"),
    (r"\bnot (?:present|detected|evident)\b", "none"),
    (r"\b(?:without\b|w/o\b)", ", no "),
    (r"[?<>→]", " uncertain "),
)
_BREAK = r"[,;()\[\]\n]|\.(?!\d)|\s[+&]\s|\b(?:with|and|but|due to|secondary to)\b"
_OWN, _MIXED, _NEUTRAL, _FOREIGN = "own", "mixed", "neutral", "foreign"
_UNCLEAR, _WEAK = "unclear", "healthy"


def grade_in_words(cell: str, finding: str) -> str:
    """The grade that a text gives ``finding`` ("mr" or "as"; "" takes a text of either), else "".

    One of none, trivial, mild, moderate, severe. Of a range ("mild to moderate") it is the milder.
    Numbers in the text are passed over.
    """
    own: set[str] = set()
    plain: set[str] = set()
    elsewhere = False
    for words in _clauses(cell):
        subject = _subject(words, finding)
        # "TR, severe": a clause without a subject goes on about the one before.
        elsewhere = subject in (_FOREIGN, _MIXED) or (elsewhere and subject == _NEUTRAL)
        if subject == _FOREIGN or (elsewhere and subject == _NEUTRAL):
            continue
        grade = _said(words, finding, alone=subject == _NEUTRAL)
        if subject == _MIXED and grade not in ("", "none"):
            grade = _UNCLEAR
        (plain if subject == _NEUTRAL else own).add(grade)
    own, plain = own - {""}, plain - {""}
    # A clause that names the finding outweighs what another may be about, and a grade "normal".
    said = (own | (plain - {_UNCLEAR}) if own else plain) - {_WEAK} or {_WEAK} & plain
    verdict = said.pop() if len(said) == 1 else ""
    return {_UNCLEAR: "", _WEAK: "none"}.get(verdict, verdict)


def without_names(cell: str, finding: str) -> str:
    """A text without the finding's own names: "MR 2+" is "2+"."""
    text = re.sub(r"\bas\b", "aos", cell.lower())
    for named in (_VALVE, _LESION, _SHORT):
        text = re.sub(rf"\b(?:{_own(named, finding)})\b", " ", text)
    return text.strip(" :=")


def _clauses(cell: str) -> list[list[str]]:
    """The words of each clause; numbers, Roman ones too, are left out."""
    text = re.sub(_AS, "aos", cell).lower()
    for pattern, instead in _REWRITTEN:
        text = re.sub(pattern, instead, text)
    clauses = [re.findall(r"[^\W\d_]+", part) for part in re.split(_BREAK, text)]
    kept = [[word for word in words if not re.fullmatch(r"i{1,3}|iv", word)] for words in clauses]
    return [words for words in kept if words]


def _subject(words: list[str], finding: str) -> str:
    """Whether a clause speaks of the finding, of something else, of both or names neither."""
    has_valve, has_lesion = _any(words, _own(_VALVE, finding)), _any(words, _own(_LESION, finding))
    other_valve = _any(words, f"{_OTHER_VALVE}|{_others(_VALVE, finding)}")
    other_lesion = _any(words, _others(_LESION, finding))
    own = _any(words, _own(_SHORT, finding)) or (has_lesion and (has_valve or not other_valve))
    other_short = _any(words, f"{_OTHER_SHORT}|{_others(_SHORT, finding)}")
    other = other_valve or other_lesion or other_short or _any(words, _STRUCTURE)
    if other:
        # With another valve and another lesion, nobody knows which of them belong together.
        return _MIXED if own and not (other_valve and other_lesion) else _FOREIGN
    return _OWN if own else _NEUTRAL


def _said(words: list[str], finding: str, *, alone: bool) -> str:
    """The grade of a clause, healthy, unclear, or "" where it speaks of no grade.

    ``alone`` is a clause that does not name the finding: all its words must be known then.
    """
    places = [at for at, word in enumerate(words) if _grade(word)]
    names = "|".join(_own(named, finding) for named in (_VALVE, _LESION, _SHORT))
    if "no" in words:
        denied = _denies(words, finding)
        return "none" if denied else _UNCLEAR if places else ""
    if not places:
        return _healthy(words, finding)
    first, last = places[0], places[-1] + 1
    span = words[first:last]
    beside = words[:first] + words[last:] if alone else words[max(first - 1, 0) : first]
    beside = beside if alone else beside + words[last : last + 1]
    whole = all(_grade(word) or word in ("to", "or") for word in span)
    known = all(word in _BESIDE or re.fullmatch(names, word) for word in beside)
    if not whole or not known or _DOUBT & set(words):
        return _UNCLEAR
    return min((_grade(word) for word in span if _grade(word)), key=_ORDER.index)


def _denies(words: list[str], finding: str) -> bool:
    """Whether a clause with "no" denies the finding, and not data, change or something else."""
    named = "|".join(
        (*_VALVE.values(), *_LESION.values(), *_SHORT.values(), _OTHER_VALVE, _OTHER_SHORT)
    )
    if not all(word in _DENYING or re.fullmatch(named, word) for word in words):
        return False
    after = words[words.index("no") + 1 :]
    lesion = f"{_own(_LESION, finding)}|{_own(_SHORT, finding)}"
    return set(after) <= {"significant", "relevant", "trace", "trivial"} or _any(after, lesion)


def _healthy(words: list[str], finding: str) -> str:
    # A sclerotic valve is one that is not stenosed; of its regurgitation it tells nothing.
    telling = {"normal", "normally"} | (set() if finding == "mr" else {"sclerosis", "sclerotic"})
    known = all(w in _HEALTHY or re.fullmatch(_own(_VALVE, finding), w) for w in words)
    return _WEAK if known and telling & set(words) else ""


@cache
def _grade(word: str) -> str:
    return next((name for name, pattern in _GRADES.items() if re.fullmatch(pattern, word)), "")


def _own(named: dict[str, str], finding: str) -> str:
    return named[finding] if finding in named else "|".join(named.values())


def _others(named: dict[str, str], finding: str) -> str:
    return "|".join(named[key] for key in named if finding in named and key != finding)


def _any(words: list[str], pattern: str) -> bool:
    return any(re.fullmatch(pattern, word) for word in words)
