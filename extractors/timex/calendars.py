"""Calendars other than the civil one, and the feasts that move: every day here becomes a `datetime.date`.

A Hijri month begins as in Umm al-Qura's: on the evening of the new moon if it came before Mecca's sunset, else on the next; where the moon is
sighted it may be a day later. Jalali years follow the 33-year rule, right for 1925-2087. Hebrew: Dershowitz and Reingold, Calendrical Calculations. Easter: the anonymous
Gregorian computus, and Meeus' for the Julian. New moons: Meeus, Astronomical Algorithms, chapter 49, the larger terms.
"""

from __future__ import annotations

import math
import re
from datetime import date, timedelta
from functools import cache

_RULE = re.compile(
    r"(?P<month>\d\d)-(?:(?P<day>\d\d)|(?P<weekday>\d)-(?P<nth>-?\d)(?:\+(?P<plus>\d))?)"
    r"|(?P<feast>easter|pascha)(?P<offset>[+-]\d+)"
    r"|(?P<calendar>hijri|hebrew|jalali) (?P<m>\d+)-(?P<d>\d+)(?:/(?P<length>\d+))?"
    r"|moon-(?P<moon>chinese|diwali)"
)
_DAYS = timedelta(1)
_LUNATION = 29.530588861
_J2000 = date(2000, 1, 1).toordinal()
Interval = tuple[date, date]


def holiday(rule: str, year: int) -> Interval | None:
    """The first and last day of a feast in a civil year.

    Args:
        rule: how its day is found, as the [holidays] of `dates.toml` write it.
        year: civil year in which it begins.
    Returns:
        Both days, inclusive; None when the year has none.
    Raises:
        ValueError: a rule of no known form.

    >>> holiday("11-4-4", 2024)[0].isoformat()
    '2024-11-28'
    """
    found = _RULE.fullmatch(rule)
    if found is None:
        raise ValueError(f"no rule for a feast: {rule}")
    if found["month"]:
        first = _civil_feast(found, year)
    elif found["feast"]:
        first = (easter if found["feast"] == "easter" else pascha)(year) + int(found["offset"]) * _DAYS
    elif found["moon"]:
        first = lunar_new_year(year) if found["moon"] == "chinese" else diwali(year)
    else:
        return _elsewhere(found["calendar"], int(found["m"]), int(found["d"]), int(found["length"] or 1), year)
    return first, first


def _civil_feast(found: re.Match[str], year: int) -> date:
    """A fixed day, or the nth weekday of a month ("the fourth Thursday")."""
    month = int(found["month"])
    if found["day"]:
        return date(year, month, int(found["day"]))
    return nth_weekday(year, month, int(found["weekday"]), int(found["nth"])) + int(found["plus"] or 0) * _DAYS


def nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    """The nth weekday (1 Monday … 7 Sunday) of a month; nth -1 is the last."""
    if nth < 0:
        last = date(year + month // 12, month % 12 + 1, 1) - _DAYS
        return last - ((last.isoweekday() - weekday) % 7) * _DAYS
    first = date(year, month, 1)
    return first + ((weekday - first.isoweekday()) % 7 + 7 * (nth - 1)) * _DAYS


def _elsewhere(calendar: str, month: int, day: int, length: int, year: int) -> Interval | None:
    """A feast of another calendar that begins in the civil year."""
    shift = {"hijri": 0, "hebrew": 3760, "jalali": -621}[calendar]
    guess = int((year - 622) * 33 / 32) if calendar == "hijri" else year + shift
    for other in range(guess - 1, guess + 3):
        try:
            if calendar == "hijri":
                first = hijri(other, month, day)
            else:
                first = (hebrew if calendar == "hebrew" else jalali)(other, month, day)
        except (ValueError, OverflowError):
            continue
        if first.year == year:
            return first, first + (length - 1) * _DAYS
    return None


def hijri(year: int, month: int, day: int) -> date:
    """A day of the Islamic calendar. Raises ValueError for no such day.

    >>> hijri(1446, 1, 10).isoformat()
    '2024-07-16'
    """
    first, last = hijri_month(year, month)
    if not first <= first + (day - 1) * _DAYS <= last:
        raise ValueError("no such day")
    return first + (day - 1) * _DAYS


def hijri_month(year: int, month: int) -> Interval:
    """First and last day of an Islamic month."""
    if not (1 <= month <= 12 and 1 <= year <= 9000):
        raise ValueError("no such month")
    return _hijri_first(year, month), _hijri_first(year + month // 12, month % 12 + 1) - _DAYS


def _hijri_first(year: int, month: int) -> date:
    """The tabular calendar tells which new moon; Mecca's sunset (15:30 UTC), which day."""
    tabular = (11 * year + 3) // 30 + 354 * year + 30 * month - (month - 1) // 2 + 226631
    new_moon = _new_moon(round((tabular - _J2000 - 6.5) / _LUNATION))
    return date.fromordinal(_J2000 + math.floor(new_moon + 0.5 - 15.5 / 24) + 2)


def jalali(year: int, month: int, day: int) -> date:
    """A day of the Iranian solar calendar. Raises ValueError for no such day.

    >>> jalali(1357, 11, 22).isoformat()
    '1979-02-11'
    """
    if not (1 <= month <= 12 and 1 <= day <= 31):
        raise ValueError("no such day")
    y = year + 1595
    days = -355668 + 365 * y + y // 33 * 8 + (y % 33 + 3) // 4 + day
    days += (month - 1) * 31 if month < 7 else (month - 7) * 30 + 186
    return date.fromordinal(days - 365)


def jalali_month(year: int, month: int) -> Interval:
    """First and last day of an Iranian month."""
    after = jalali(year + month // 12, month % 12 + 1, 1)
    return jalali(year, month, 1), after - _DAYS


def _hebrew_new_year(year: int) -> int:
    """Ordinal of 1 Tishri."""

    def elapsed(y: int) -> int:
        months = (235 * y - 234) // 19
        parts = 12084 + 13753 * months
        day = 29 * months + parts // 25920
        return day + 1 if 3 * (day + 1) % 7 < 3 else day

    before, this, after = elapsed(year - 1), elapsed(year), elapsed(year + 1)
    delay = 2 if after - this == 356 else 1 if this - before == 382 else 0
    return -1373427 + this + delay


def hebrew(year: int, month: int, day: int) -> date:
    """A day of the Hebrew calendar; month 1 is Nisan, 7 Tishri. In leap years month 12 is read as Adar II.

    >>> hebrew(5784, 1, 15).isoformat()
    '2024-04-23'
    """
    start, after = _hebrew_new_year(year), _hebrew_new_year(year + 1)
    if month < 7 or month == 12:  # counted back from the next new year: these months never change their length
        lengths = {12: 29, 1: 30, 2: 29, 3: 30, 4: 29, 5: 30, 6: 29}
        order = (12, 1, 2, 3, 4, 5, 6)
        return date.fromordinal(after - sum(lengths[m] for m in order[order.index(month) :]) + day - 1)
    lengths = {7: 30, 8: 30 if (after - start) % 10 == 5 else 29, 9: 29 if (after - start) % 10 == 3 else 30, 10: 29}
    return date.fromordinal(start + sum(n for m, n in lengths.items() if m < month) + day - 1)


def easter(year: int) -> date:
    """Easter Sunday of the western churches."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return date(year, month, day + 1)


def pascha(year: int) -> date:
    """Easter Sunday of the orthodox churches; the shift of 13 days holds for 1900-2099."""
    d = (19 * (year % 19) + 15) % 30
    e = (2 * (year % 4) + 4 * (year % 7) - d + 34) % 7
    month, day = divmod(d + e + 114, 31)
    return date(year, month, day + 1) + 13 * _DAYS


@cache
def _new_moon(k: int) -> float:
    """The kth new moon after that of January 2000, in days after 2000-01-01T12:00 UTC, within a few minutes."""
    t = k / 1236.85
    days = 5.09766 + _LUNATION * k + 0.00015437 * t * t
    sun = math.radians(2.5534 + 29.10535670 * k)
    moon = math.radians(201.5643 + 385.81693528 * k)
    latitude = math.radians(160.7108 + 390.67050284 * k)
    return days + (
        -0.40720 * math.sin(moon)
        + 0.17241 * math.sin(sun)
        + 0.01608 * math.sin(2 * moon)
        + 0.01039 * math.sin(2 * latitude)
        + 0.00739 * math.sin(moon - sun)
        - 0.00514 * math.sin(moon + sun)
        + 0.00208 * math.sin(2 * sun)
        - 0.0008
    )


def _moon_between(first: date, last: date, hours: float) -> date:
    """The day of the new moon in a window of a month, clocks `hours` ahead of UTC."""
    k = math.floor(((first - date(2000, 1, 1)).days - 6) / _LUNATION)
    for n in range(k, k + 4):
        day = date(2000, 1, 1) + math.floor(_new_moon(n) + 0.5 + hours / 24) * _DAYS
        if first <= day <= last:
            return day
    raise ValueError("no new moon in the window")


def lunar_new_year(year: int) -> date:
    """The new moon, by Beijing's clock, between 21 January and 20 February.

    >>> lunar_new_year(2024).isoformat()
    '2024-02-10'
    """
    return _moon_between(date(year, 1, 21), date(year, 2, 20), 8)


def diwali(year: int) -> date:
    """The evening before the new moon of Kartika, by India's clock: the day whose nightfall (18:30) came last before it.

    >>> diwali(2023).isoformat()
    '2023-11-12'
    """
    return _moon_between(date(year, 10, 17), date(year, 11, 15), 5.5 - 18.5)
