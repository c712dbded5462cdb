"""Dates as hospitals write them → calendar days, or why not."""

import pandas as pd

#: Why a cell is no day: shown to the user as what was found.
EMPTY, NO_DAY, AMBIGUOUS, UNREADABLE = "empty", "no day", "day or month", "no date"
#: The only order in which a cell such as 28/3/2018 is a date, where its column is not read so.
DAY_FIRST, MONTH_FIRST = "day first", "month first"
#: A column is read by an order that at least so many of its cells show, and at least this share of
#: those that show one: then the others are slips, and not a second habit.
ENOUGH_CELLS, ENOUGH_SHARE = 10, 0.9
_TIME = r"(?:[T ,]+\d{1,2}[:h.]?\d{2}.*)?$"
_YEAR_FIRST = r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})" + _TIME
_COMPACT = r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:[T ]?\d{4,6}(?:\.\d+)?|\.0+)?$"
_DOTTED = r"^(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})" + _TIME
_NAMED = r"^(?P<day>\d{1,2})[-/ .]+(?P<month>[A-Za-z]{3})[a-z]*[-/ .,]+(?P<year>\d{4})" + _TIME
_SLASHED = r"^(?P<first>\d{1,2})[/-](?P<second>\d{1,2})[/-](?P<year>\d{4})" + _TIME
_NO_DAY = (
    r"^\d{4}([-/.]\d{1,2})?([-/.]0{1,2})?$|^\d{4}(0[1-9]|1[0-2])(00)?(\.0+)?$|^\d{1,2}[/.]\d{4}$"
)
_OFFSET = r"\d{1,2}:\d{2}.*(?:Z|[+-]\d{2}:?\d{2})$"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: De-identified data sets move dates forward by a century or more.
_YEARS = (1900, 2260)


def parse_days(cells: "pd.Series[str]", zone: str = "") -> tuple["pd.Series", "pd.Series[str]"]:
    """Calendar days of text cells, and for each cell that is none the reason.

    Understands year first with any separator, DICOM's 20180304 (and 20180304.0, as a spreadsheet
    leaves it), 4.3.2018, 4 Mar 2018, and 3/4/2018 where other cells of the column tell days from
    months. A time of day is ignored, unless ``zone`` names the hospital's time zone: a time with an
    offset then becomes the day it was there.

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
    first, second = (pd.to_numeric(parts[name]) for name in ("first", "second"))
    shows = {
        DAY_FIRST: first.between(13, 31) & second.between(1, 12),
        MONTH_FIRST: second.between(13, 31) & first.between(1, 12),
    }
    order = _order({kind: int(cells.sum()) for kind, cells in shows.items()})
    for kind, cells in shows.items():
        reasons[cells] = UNREADABLE if kind == order else kind
    if order is None:
        # No guess is better than a wrong month.
        reasons[first.between(1, 12) & second.between(1, 12)] = AMBIGUOUS
        return pd.Series(pd.NaT, index=text.index, dtype="datetime64[s]")
    day, month = ("first", "second") if order == DAY_FIRST else ("second", "first")
    return _assembled(parts.rename(columns={day: "day", month: "month"}))


def _order(shown: dict[str, int]) -> str | None:
    """The order that a column is read by, of how many cells show each; None where none is sure."""
    most, total = max(shown.values()), sum(shown.values())
    alone = most == total > 0
    if alone or (most >= ENOUGH_CELLS and most >= ENOUGH_SHARE * total):
        return max(shown, key=shown.__getitem__)
    return None


def _in_zone(text: "pd.Series[str]", days: "pd.Series", zone: str) -> "pd.Series":
    """Days of cells with an offset, as the calendar of ``zone`` had them."""
    offset = text.str.contains(_OFFSET) & days.notna()
    if offset.any():
        moments = pd.to_datetime(text[offset], errors="coerce", utc=True, format="ISO8601")
        local = moments.dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()
        days = days.where(~offset, local.reindex(days.index).astype("datetime64[s]").fillna(days))
    return days
