"""Instants as pages write them for machines and readers: ISO 8601, mail dates, "12 March 2024", 2024年3月12日, a path with the day in it.

Only what says its own order is read: 03/04/2024 may be March or April and is left alone, 25/04/2024 is not.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from extractors.storable import has_utc

_ISO = re.compile(
    r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?:(?:T|\s+|,\s*)(\d{1,2}):(\d{2})(?::(\d{1,2})(?:[.,]\d{1,9})?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2}\b)?)?(?!\d)"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?)?(Z)?$")
_EPOCH = re.compile(r"1\d{9}(?:\d{3})?$")
_NAME = r"([^\W\d_]{3,12})"
_DAY_FIRST = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:\s?(?:st|nd|rd|th|er)|\.|º|ª)?[\s-]+(?:de\s+|of\s+)?{_NAME}\.?,?[\s-]+(?:de\s+|del\s+)?(\d{{4}})(?!\d)"
)
_MONTH_FIRST = re.compile(rf"(?<!\w){_NAME}\.?[\s-]+(\d{{1,2}})(?:\s?(?:st|nd|rd|th))?,?\s+(\d{{4}})(?!\d)")
_YEAR_FIRST = re.compile(rf"(?<!\d)(\d{{4}})\.?\s+{_NAME}\.?\s+(\d{{1,2}})(?!\d)")
_CJK = re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]")
_NUMERIC = re.compile(r"(?<![\d./-])(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?![\d/])")
_CLOCK = re.compile(
    r"[^\d]{0,14}?(?<![\d.,:/-])(\d{1,2})(?:[:.h](\d{2})(?::(\d{2}))?)?(?![.:/-]?\d)(?:\s*([ap])\.?\s?m\b\.?)?",
    re.IGNORECASE,
)
_CLOCK_BEFORE = re.compile(
    r"(?<![\d.,:/-])(\d{1,2})(?:[:.h](\d{2})(?::(\d{2}))?)?(?![.:/-]?\d)(?:\s*([ap])\.?\s?m\b\.?)?([^\d]{0,30})$",
    re.IGNORECASE,
)
_OFFSET = re.compile(
    r"\s*\(?(?:UTC|GMT)?\s?(?:(?<=[CT])\s?([+−–-])\s?(\d{1,2})(?::?(\d{2}))?|([+-])(\d{2})(\d{2})|(\+)(\d{2}):(\d{2}))(?!\d)\)?"
)
_ZONE = re.compile(r"[\s,]*\(?([A-Z]{1,5})\b\)?")
_ZONE_WORDS = re.compile(r"[\s,]*\(?([^\W\d_]{2,12}(?: [^\W\d_]{2,12}){0,2})")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?")
_CLOCK_WORDS = frozenset(("uhr", "h", "hrs", "hours"))
_SPACED = re.compile(r"(?<!\d)(\d{4})\. (\d{1,2})\. (\d{1,2})\.?(?!\d)")
_WORDED = ((_SPACED, 1, 2, 3), (_MONTH_FIRST, 3, 1, 2), (_DAY_FIRST, 3, 2, 1), (_YEAR_FIRST, 1, 2, 3), (_CJK, 1, 2, 3))
_UNKNOWN_ZONE = re.compile(r"[A-Z]{1,4}T$")
_CTIME = re.compile(r"[A-Za-z]{3} [A-Za-z]{3} +\d{1,2} \d\d:\d\d:\d\d (?:[A-Z]{1,5} )?\d{4}$")
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


@cache
def words() -> dict[str, Any]:
    """The data of `datewords.toml`."""
    return tomllib.loads((Path(__file__).parent / "datewords.toml").read_text(encoding="utf-8"))


def parse_instant(text: str, home: str | None = None) -> Instant | None:
    """Read one instant. None when the text says none, or not clearly.

    Args:
        home: the publisher's country, ISO 3166-1 alpha-2 in small letters: some zones of time share a name.

    >>> parse_instant("2024-03-12T08:30:00+02:00").at.isoformat()
    '2024-03-12T08:30:00+02:00'
    >>> parse_instant("mardi 12 mars 2024").precision
    'day'
    """
    text = " ".join(text[:160].split())
    match = _COMPACT.match(text)
    if match:
        year, month, day, hour, minute, second, zone = match.groups()
        precision = "day" if hour is None else "minute" if second is None else "second"
        return _make(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), zone, precision
        )
    if _EPOCH.match(text):
        return Instant(datetime.fromtimestamp(int(text[:10]), UTC), "second", utc=True)
    if _CTIME.match(text):
        try:
            mail = parsedate_to_datetime(text)
            aware = mail if mail.tzinfo else mail.replace(tzinfo=UTC)
            return Instant(aware, "second", bool(aware.utcoffset())) if has_utc(aware) else None
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    match = _ISO.match(text)
    if match and match[3] is None:
        return _make(int(match[1]), int(match[2]), 1, precision="month")
    return next((found for _, _, found in find_instants(text, home)), None)


def find_instants(text: str, home: str | None = None) -> list[tuple[int, int, Instant]]:
    """The dates of a line, each with the clock and zone beside it: where it begins and ends, and what it says.

    A clock whose zone is not known is left away: the day then stands alone.

    >>> [found.at.isoformat() for _, _, found in find_instants("May 7, 2024 11:30 p.m. ET (updated 9 May 2024)")]
    ['2024-05-07T23:30:00-04:00', '2024-05-09T00:00:00+00:00']
    """
    found: list[tuple[int, int, Instant]] = []
    for start, end, day in sorted(_days(text), key=lambda d: (d[0], -d[1])):
        before = found[-1][1] if found else 0
        if start < before:
            continue
        begin, last, instant = _with_clock(text, before, start, end, day, home)
        found.append((begin, last, instant))
    return found


def _days(text: str) -> Iterator[tuple[int, int, Instant]]:
    """Every day that is written in a text, clocks left aside but for those of ISO 8601."""
    for match in _ISO.finditer(text):
        year, month, day, hour, minute, second, zone = match.groups()
        if day is None or (match.start() and (text[match.start() - 1].isdigit() or text[match.start() - 1] in "./-")):
            continue
        precision = "day" if hour is None else "minute" if second is None else "second"
        made = _make(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), zone, precision
        )
        if made:
            yield match.start(), match.end(), made
    for pattern, year_at, month_at, day_at in _WORDED:
        for match in pattern.finditer(text):
            name = match[month_at]
            number = int(name) if name.isdecimal() else months().get(name.lower(), 0)
            if number and (made := _make(int(match[year_at]), number, int(match[day_at]))):
                yield match.start(), match.end(), made
    for match in _NUMERIC.finditer(text):
        first, second_said, year_said = int(match[1]), int(match[3]), int(match[4])
        # Dots are day first everywhere; with slashes only a number above twelve, or twice the same, tells.
        if match[2] == "." or first > 12 or first == second_said:
            made = _make(year_said, second_said, first)
        else:
            made = _make(year_said, first, second_said) if second_said > 12 else None
        if made:
            yield match.start(), match.end(), made


def _with_clock(
    text: str, before: int, start: int, end: int, day: Instant, home: str | None
) -> tuple[int, int, Instant]:
    """A day with the clock behind it, or before it, and the zone that this is said in."""
    if day.zoned or day.utc:
        return start, end, day
    if day.precision != "day":
        return start, *_in_zone(text, end, day, home)
    clock = _CLOCK.match(text, end)
    if clock and (at := _clocked(day, clock)):
        return start, *_in_zone(text, clock.end(), at, home)
    clock = _CLOCK_BEFORE.search(text, max(before, start - 45), start)
    if clock and (at := _clocked(day, clock)):
        zone_end, zoned = _in_zone(text[:start], clock.start(5), at, home)
        rest = text[zone_end:start].lower()
        if all(word in _small_words() for word in _WORD.findall(rest)):
            return clock.start(), end, zoned
    return start, end, day


def _clocked(day: Instant, clock: re.Match[str]) -> Instant | None:
    """A day at the time of a clock; None where the numbers are none: without minutes only a.m. and p.m. make a clock."""
    hour, minute, second, half = int(clock[1]), int(clock[2] or 0), int(clock[3] or 0), clock[4]
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half in "pP" else 0)
    elif clock[2] is None:
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    at = day.at.replace(hour=hour, minute=minute, second=second)
    return Instant(at, "minute" if clock[3] is None else "second")


def _in_zone(text: str, end: int, at: Instant, home: str | None) -> tuple[int, Instant]:
    """A clock in the zone whose name stands behind it, and where that ends."""
    offset = _OFFSET.match(text, end)
    if offset:
        sign, hours, minutes = next(offset.group(n, n + 1, n + 2) for n in (1, 4, 7) if offset[n])
        shift = timedelta(hours=int(hours), minutes=int(minutes or 0))
        return offset.end(), _zoned(at, -shift if sign in "−–-" else shift)
    name = _ZONE.match(text, end)
    if name and (name[1] in words()["zones"] or _UNKNOWN_ZONE.match(name[1])):
        return name.end(), _zoned(at, _offset_of(name[1], at, home))
    worded = _ZONE_WORDS.match(text, end)
    said = worded[1].lower().split() if worded else []
    for count in range(len(said), 0, -1):
        meant = words()["zones"]["words"].get(" ".join(said[:count]))
        if meant is not None and worded is not None:
            return worded.start(1) + len(" ".join(said[:count])), _zoned(at, _offset_of(meant, at, home))
    return end, at


def _zoned(at: Instant, offset: timedelta | None) -> Instant:
    """An instant at an offset from UTC; where that is not known only its day."""
    if offset is None or abs(offset) > timedelta(hours=15):
        return Instant(at.at.replace(hour=0, minute=0, second=0), "day")
    aware = at.at.replace(tzinfo=timezone(offset))
    return Instant(aware, at.precision, bool(offset), not offset) if has_utc(aware) else at


def _offset_of(name: str, at: Instant, home: str | None) -> timedelta | None:
    """What a zone's name stands for on that day in that country; None when nobody knows."""
    meant = words()["zones"].get(name, name if "/" in name else None)
    if isinstance(meant, dict):
        meant = meant.get(home or "", meant.get(""))
    if isinstance(meant, str) and meant:
        try:
            return ZoneInfo(meant).utcoffset(at.at.replace(tzinfo=None))
        except (ZoneInfoNotFoundError, ValueError, OverflowError):
            return None
    return timedelta(hours=meant) if isinstance(meant, int | float) else None


@cache
def _small_words() -> frozenset[str]:
    """Words between a clock and its day that say nothing: weekdays, "on", "Uhr"."""
    said = words()
    return (
        frozenset(said["weekdays"].split())
        | frozenset(w.strip(" .") for w in said["between"].split("|"))
        | _CLOCK_WORDS
    )


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
