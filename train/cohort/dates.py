"""Dates as hospitals write them → calendar days, or why not."""

import pandas as pd

#: Why a cell is no day: shown to the user as what was found.
EMPTY, NO_DAY, AMBIGUOUS, UNREADABLE = "empty", "no day", "day or month", "no date"
_TIME = r"(?:[T ,]+\d{1,2}[:h.]?\d{2}.*)?$"
_YEAR_FIRST = r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})" + _TIME
_COMPACT = r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:[T ]?\d{4,6}(?:\.\d+)?)?$"
_DOTTED = r"^(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})" + _TIME
_NAMED = r"^(?P<day>\d{1,2})[-/ .]+(?P<month>[A-Za-z]{3})[a-z]*[-/ .,]+(?P<year>\d{4})" + _TIME
_SLASHED = r"^(?P<first>\d{1,2})[/-](?P<second>\d{1,2})[/-](?P<year>\d{4})" + _TIME
_NO_DAY = r"^\d{4}([-/.]\d{1,2})?([-/.]0{1,2})?$|^\d{4}(0[1-9]|1[0-2])(00)?$|^\d{1,2}[/.]\d{4}$"
_OFFSET = r"\d{1,2}:\d{2}.*(?:Z|[+-]\d{2}:?\d{2})$"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: De-identified data sets move dates forward by a century or more.
_YEARS = (1900, 2260)


def parse_days(cells: "pd.Series[str]", zone: str = "") -> tuple["pd.Series", "pd.Series[str]"]:
    """Calendar days of text cells, and for each cell that is none the reason.

    Understands year first with any separator, DICOM's 20180304, 4.3.2018, 4 Mar 2018, and 3/4/2018
    where other cells of the column tell days from months. A time of day is ignored, unless ``zone``
    names the hospital's time zone: a time with an offset then becomes the day it was there.

    Returns:
        datetime64 (NaT where there is no day) and text ("" where there is one), indexed as
        ``cells``.
    """
    text = cells.fillna("").astype(str).str.strip()
    days = pd.Series(pd.NaT, index=text.index, dtype="datetime64[s]")
    reasons = pd.Series(UNREADABLE, index=text.index, dtype=object)
    reasons[text == ""] = EMPTY
    reasons[text.str.fullmatch(_NO_DAY)] = NO_DAY
    for pattern in (_YEAR_FIRST, _COMPACT, _DOTTED, _NAMED):
        days = days.fillna(_assembled(text.str.extract(pattern)))
    days = days.fillna(_slashed(text, reasons))
    if zone:
        days = _in_zone(text, days, zone)
    reasons[days.notna()] = ""
    return days, reasons


def _assembled(parts: pd.DataFrame) -> "pd.Series":
    """Days of extracted year, month and day; NaT where a part is missing or impossible."""
    month = parts["month"].str.lower()
    names = {name: str(at + 1) for at, name in enumerate(_MONTHS)}
    frame = pd.DataFrame(
        {
            "year": pd.to_numeric(parts["year"], errors="coerce"),
            "month": pd.to_numeric(month.map(names).fillna(month), errors="coerce"),
            "day": pd.to_numeric(parts["day"], errors="coerce"),
        }
    )
    frame = frame.where(frame["year"].between(*_YEARS))
    return pd.to_datetime(frame, errors="coerce").astype("datetime64[s]")


def _slashed(text: "pd.Series[str]", reasons: "pd.Series[str]") -> "pd.Series":
    """Days written 3/4/2018: which part is the day must show elsewhere in the column."""
    parts = text.str.extract(_SLASHED)
    numbers = parts[["first", "second"]].apply(pd.to_numeric)
    day_first, month_first = (bool((numbers[name] > 12).any()) for name in ("first", "second"))
    if day_first == month_first:
        # Nothing tells, or cells contradict each other: no guess is better than a wrong month.
        reasons[numbers["first"].notna()] = AMBIGUOUS
        return pd.Series(pd.NaT, index=text.index, dtype="datetime64[s]")
    order = ("first", "second") if day_first else ("second", "first")
    named = parts.rename(columns={order[0]: "day", order[1]: "month"})
    return _assembled(named)


def _in_zone(text: "pd.Series[str]", days: "pd.Series", zone: str) -> "pd.Series":
    """Days of cells with an offset, as the calendar of ``zone`` had them."""
    offset = text.str.contains(_OFFSET) & days.notna()
    if offset.any():
        moments = pd.to_datetime(text[offset], errors="coerce", utc=True, format="ISO8601")
        local = moments.dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()
        days = days.where(~offset, local.reindex(days.index).astype("datetime64[s]").fillna(days))
    return days
