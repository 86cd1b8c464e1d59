"""A date expression names a day, a month or a year, often only from where the text was published: "on Friday", "last month".

Values are TIMEX3 (ISO 8601 with its additions); `date_start` and `date_end` are the days it covers, both inclusive.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from extractors.records import Mention

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
            "september sep sept", "october oct", "november nov", "december dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_WEEKDAYS = {
    name: number
    for number, name in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
}
_MONTH = (
    r"(?P<month>January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
)
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?(?![\d-])"
_YEAR = r"(?P<year>[12]\d{3})\b(?![,.]\d|%)"
_WEEKDAY = r"(?P<weekday>Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b"
_PATTERNS = tuple(
    re.compile(rf"\b(?:{pattern})")
    for pattern in (
        r"(?P<year>[12]\d{3})-(?P<month>[01]\d)-(?P<day>[0-3]\d)\b",
        rf"(?:{_WEEKDAY},? )?{_MONTH} {_DAY}(?:,? {_YEAR})?",
        rf"(?:{_WEEKDAY},? )?(?:the )?{_DAY}(?: of)? {_MONTH}(?:,? {_YEAR})?",
        rf"{_MONTH},? {_YEAR}",
        rf"(?:(?P<shift>[Ll]ast|[Nn]ext|[Tt]his) )?{_WEEKDAY}(?! Mosque)",
        r"(?P<shift>[Ll]ast|[Nn]ext|[Tt]his) (?P<unit>week|month|year)\b",
        r"(?P<word>[Yy]esterday|[Tt]oday|[Tt]omorrow|[Tt]onight)\b",
        rf"(?<=[Ii]n ){_YEAR}",
        rf"(?<=[Ss]ince ){_YEAR}",
        rf"(?:(?<=[Ii]n )|(?<=since )|(?<=until )|(?<=during )|(?<=[Ll]ast )|(?<=by )){_MONTH}(?! \d)",
    )
)
_FUTURE = re.compile(
    r"\b(?:will|won't|would|shall|to be|due|expected|scheduled|planned|plans?|until|ahead of|going to)\b", re.IGNORECASE
)
_SHIFT = {"last": -1, "this": 0, "next": 1}


def find_dates(text: str, published: date | None, country: str | None) -> tuple[Mention, ...]:
    """Find the date expressions of a text.

    Args:
        text: English running text.
        published: the day relative expressions count from; without it they get no value.
        country: ISO alpha-3 of the source, for the order of day and month.
    Returns:
        Mentions of kind `date` in text order, not overlapping. Never raises on any text.
    """
    found: list[Mention] = []
    taken: list[tuple[int, int]] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            span = match.span()
            if any(span[0] < b and a < span[1] for a, b in taken):
                continue
            try:
                value, start, end = _resolve(match, text, published)
            except (ValueError, OverflowError):
                continue  # "February 31" is no day
            taken.append(span)
            precision = "day" if start == end else "month" if value[5:].isdigit() else "interval"
            found.append(
                Mention(
                    "date",
                    *span,
                    match[0],
                    timex=value or None,
                    timex_type="DATE",
                    date_start=start,
                    date_end=end,
                    precision=("year" if len(value) == 4 else precision) if start else None,
                )
            )
    return tuple(sorted(found, key=lambda m: m.char_start))


def _resolve(match: re.Match[str], text: str, published: date | None) -> tuple[str, date | None, date | None]:
    """The TIMEX3 value with its first and last day."""
    part = {k: v for k, v in match.groupdict().items() if v}
    if "word" in part or "unit" in part:
        return _relative(part, published)
    if "month" in part:
        number = int(part["month"]) if part["month"].isdigit() else _MONTHS[part["month"].lower().rstrip(".")]
        day = int(part["day"]) if "day" in part else 0
        if "year" in part:
            return _civil(int(part["year"]), number, day)
        if published is None:
            return "", None, None
        return _nearest(
            lambda year: _civil(year, number, day), published, published.year, _is_future(text, match.start())
        )
    if "weekday" in part:
        if published is None:
            return "", None, None
        ahead = (_WEEKDAYS[part["weekday"].lower()] - published.weekday()) % 7
        shift = part.get("shift", "").lower()
        if shift == "next" or (shift != "last" and _is_future(text, match.start())):
            day_found = published + timedelta(ahead or (7 if shift == "next" else 0))
        else:
            day_found = published - timedelta(-ahead % 7 or (7 if shift == "last" else 0))
        return day_found.isoformat(), day_found, day_found
    return _civil(int(part["year"]), 0, 0)


def _relative(part: dict[str, str], published: date | None) -> tuple[str, date | None, date | None]:
    """ "yesterday", "last month"."""
    if published is None:
        return "", None, None
    if "word" in part:
        day = published + timedelta({"yesterday": -1, "tomorrow": 1}.get(part["word"].lower(), 0))
        return day.isoformat(), day, day
    shift = _SHIFT[part["shift"].lower()]
    if part["unit"] == "week":
        monday = published + timedelta(7 * shift - published.weekday())
        year, week, _ = monday.isocalendar()
        return f"{year}-W{week:02}", monday, monday + timedelta(6)
    if part["unit"] == "year":
        return _civil(published.year + shift, 0, 0)
    months = published.year * 12 + published.month - 1 + shift
    return _civil(months // 12, months % 12 + 1, 0)


def _civil(year: int, month: int, day: int) -> tuple[str, date, date]:
    """A year, a month or a day of the common calendar; month and day are 0 where not said."""
    if not month:
        return f"{year:04}", date(year, 1, 1), date(year, 12, 31)
    if not day:
        last = date(year + month // 12, month % 12 + 1, 1) - timedelta(1)
        return f"{year:04}-{month:02}", date(year, month, 1), last
    only = date(year, month, day)
    return only.isoformat(), only, only


def _nearest(
    make: Callable[[int], tuple[str, date, date]], published: date, year: int, future: bool
) -> tuple[str, date, date]:
    """The occurrence before publication, or after it where the words point ahead."""
    value = make(year)
    if future and value[2] < published:
        return make(year + 1)
    if not future and value[1] > published:
        return make(year - 1)
    return value


def _is_future(text: str, at: int) -> bool:
    """Whether the words before it in the sentence point ahead."""
    before = text[max(0, at - 120) : at]
    return _FUTURE.search(before[max(before.rfind(". "), before.rfind("\n")) + 1 :]) is not None
