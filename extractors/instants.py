"""Instants as pages write them for machines and readers: ISO 8601, mail dates, "12 March 2024", 2024年3月12日, a path with the day in it.

Only what says its own order is read: 03/04/2024 may be March or April and is left alone, 25/04/2024 is not.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path

from extractors.storable import has_utc

_ISO = re.compile(
    r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?:(?:T|\s+|,\s*)(\d{1,2}):(\d{2})(?::(\d{1,2})(?:[.,]\d{1,9})?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2}\b)?)?(?!\d)"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?)?(Z)?$")
_EPOCH = re.compile(r"1\d{9}(?:\d{3})?$")
_NAME = r"([^\W\d_]{3,12})"
_DAY_FIRST = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th|er|\.|º|ª)?[\s-]+(?:de\s+|of\s+)?{_NAME}\.?,?[\s-]+(?:de\s+|del\s+)?(\d{{4}})(?!\d)"
)
_MONTH_FIRST = re.compile(rf"(?<!\w){_NAME}\.?[\s-]+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})(?!\d)")
_YEAR_FIRST = re.compile(rf"(?<!\d)(\d{{4}})\.?\s+{_NAME}\.?\s+(\d{{1,2}})(?!\d)")
_CJK = re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]")
_NUMERIC = re.compile(r"(?<![\d./-])(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?![\d/])")
_CLOCK = re.compile(r"\D{0,14}?\b(\d{1,2})[:.h](\d{2})\b(?:\s*([ap])\.?m\b)?", re.IGNORECASE)
_IN_URL = re.compile(r"[/=_-]((?:19|20)\d{2})([/_-]?)(\d{1,2}|[a-z]{3})[/_-]?(\d{2}|\d)(?=[/_.-]|$|[^\d])")


@dataclass(frozen=True, slots=True)
class Instant:
    """An aware instant in the offset that was written, UTC when none was, and how much of it was said."""

    at: datetime
    precision: str
    """`second`, `minute`, `day` or `month`."""
    zoned: bool = False
    """Whether an offset other than Z was written: then the day is the publisher's own."""
    utc: bool = False
    """Whether UTC was written: then the publisher's day may be another."""


@cache
def months() -> dict[str, int]:
    """The month each name stands for."""
    data = tomllib.loads((Path(__file__).parent / "months.toml").read_text(encoding="utf-8"))
    return {name: int(number) for number, names in data.items() for name in names.split()}


def parse_instant(text: str) -> Instant | None:
    """Read one instant. None when the text says none, or not clearly.

    >>> parse_instant("2024-03-12T08:30:00+02:00").at.isoformat()
    '2024-03-12T08:30:00+02:00'
    >>> parse_instant("mardi 12 mars 2024").precision
    'day'
    """
    text = " ".join(text[:160].split())
    match = _COMPACT.match(text) or _ISO.match(text)
    if match:
        year, month, day, hour, minute, second, zone = match.groups()
        precision = "month" if day is None else "day" if hour is None else "minute" if second is None else "second"
        return _make(
            int(year), int(month), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0), zone, precision
        )
    if _EPOCH.match(text):
        return Instant(datetime.fromtimestamp(int(text[:10]), UTC), "second", utc=True)
    if len(text) > 14 and text[0].isalpha() and ":" in text:
        try:
            mail = parsedate_to_datetime(text)
            aware = mail if mail.tzinfo else mail.replace(tzinfo=UTC)
            return Instant(aware, "second", bool(aware.utcoffset())) if has_utc(aware) else None
        except (ValueError, TypeError, IndexError, OverflowError):
            pass
    return _written(text)


def _written(text: str) -> Instant | None:
    """A date in words or numbers, with the time of day behind it if there is one."""
    text = text.lower()
    for pattern, year, month, day in (
        (_MONTH_FIRST, 3, 1, 2),
        (_DAY_FIRST, 3, 2, 1),
        (_YEAR_FIRST, 1, 2, 3),
        (_CJK, 1, 2, 3),
    ):
        for worded in pattern.finditer(text):
            name = worded[month]
            number = int(name) if name.isdigit() else months().get(name, 0)
            if number and (found := _with_clock(text, worded.end(), int(worded[year]), number, int(worded[day]))):
                return found
    match = _NUMERIC.search(text)
    if match is None:
        return None
    first, separator, second, year_said = int(match[1]), match[2], int(match[3]), int(match[4])
    # Dots are day first everywhere; with slashes only a number above twelve, or twice the same, tells.
    if separator == "." or first > 12 or first == second:
        return _with_clock(text, match.end(), year_said, second, first)
    return _with_clock(text, match.end(), year_said, first, second) if second > 12 else None


def _with_clock(text: str, end: int, year: int, month: int, day: int) -> Instant | None:
    clock = _CLOCK.match(text, end)
    if clock:
        hour, minute = int(clock[1]), int(clock[2])
        if clock[3] and hour <= 12:
            hour = hour % 12 + (12 if clock[3] == "p" else 0)
        found = _make(year, month, day, hour, minute, precision="minute")
        if found:
            return found
    return _make(year, month, day)


def instant_in_url(url: str) -> Instant | None:
    """The day in an address's path: `/2024/03/12/` or `-2024-03-12`, also `/2024/mar/12/`."""
    for match in _IN_URL.finditer(url[:500].lower()):
        year, separator, month, day = match.groups()
        number = months().get(month, 0) if month.isalpha() else int(month)
        between = url[match.start(3) + len(month) : match.start(4)]
        if (not separator or not between) and (len(month) != 2 or len(day) != 2 or bool(separator) != bool(between)):
            continue
        found = _make(int(year), number, int(day))
        if found:
            return found
    return None


def _make(
    year: int,
    month: int,
    day: int,
    hour: int = 0,
    minute: int = 0,
    second: int = 0,
    zone: str | None = None,
    precision: str = "day",
) -> Instant | None:
    try:
        at = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=_zone(zone))
        if not has_utc(at):  # the year 1 with an offset
            return None
        return Instant(at, precision, bool(at.utcoffset()), zone is not None and not at.utcoffset())
    except (ValueError, OverflowError):
        return None


def _zone(name: str | None) -> timezone:
    if name is None or name[0] not in "+-":
        return UTC
    digits = name[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]))
    return timezone(-offset if name[0] == "-" else offset)
