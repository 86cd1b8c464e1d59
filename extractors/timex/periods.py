"""Periods of the calendar: the day, week, month, quarter, year, decade or century a day lies in, and those before and after it.

A `Time` has a TIMEX3 value: ISO 8601 with its additions 2024-W10, 2024-Q1, 2024-SU, 202 (a decade), 19 (a century), P2W, PXY (some years),
2024-06-18TNI (a night), PRESENT_REF.
"""

from __future__ import annotations

from datetime import date, timedelta

from extractors.records import record

DAY = timedelta(1)


@record
class Time:
    """A value. Days are inclusive, None where the calendar gives none."""

    kind: str
    value: str
    first: date | None = None
    last: date | None = None


def day(on: date) -> Time:
    """One day."""
    return Time("DATE", on.isoformat(), on, on)


def month(year: int, number: int) -> Time:
    """One month."""
    first = date(year, number, 1)
    after = date(year + number // 12, number % 12 + 1, 1)
    return Time("DATE", f"{year:04}-{number:02}", first, after - DAY)


def year(number: int) -> Time:
    """One year."""
    return Time("DATE", f"{number:04}", date(number, 1, 1), date(number, 12, 31))


def months(year_: int, first: int, count: int, value: str) -> Time:
    return Time("DATE", value, month(year_, first).first, month(*_carry(year_, first + count - 1)).last)


def _carry(year_: int, number: int) -> tuple[int, int]:
    """A month number beyond 12 or below 1 put into its year."""
    return year_ + (number - 1) // 12, (number - 1) % 12 + 1


def period(unit: str, on: date) -> Time:
    """The day, week, month … a day lies in.

    Raises:
        KeyError: a unit that has no place in the calendar (hours, fortnights).
    """
    iso = on.isocalendar()
    monday = on - (on.isoweekday() - 1) * DAY
    match unit:
        case "D":
            return day(on)
        case "W":
            return Time("DATE", f"{iso.year}-W{iso.week:02}", monday, monday + 6 * DAY)
        case "WE":
            return Time("DATE", f"{iso.year}-W{iso.week:02}-WE", monday + 5 * DAY, monday + 6 * DAY)
        case "M":
            return month(on.year, on.month)
        case "Q":
            number = (on.month + 2) // 3
            return months(on.year, 3 * number - 2, 3, f"{on.year}-Q{number}")
        case "Y":
            return year(on.year)
        case "E":
            start = on.year // 10
            return Time("DATE", f"{start:03}", date(start * 10, 1, 1), date(start * 10 + 9, 12, 31))
        case "C":
            start = on.year // 100
            return Time("DATE", f"{start:02}", date(start * 100, 1, 1), date(start * 100 + 99, 12, 31))
        case "N":
            return Time("TIME", on.isoformat() + "TNI", on, on)
    raise KeyError(unit)


def moved(unit: str, count: int, on: date) -> date:
    """A day some units later; of months and years the same day, or the month's last."""
    if unit in ("D", "N"):
        return on + count * DAY
    if unit in ("W", "WE", "F"):
        return on + count * 7 * (2 if unit == "F" else 1) * DAY
    number = {"M": 1, "Q": 3, "Y": 12, "E": 120, "C": 1200}[unit] * count
    year_, month_ = _carry(on.year, on.month + number)
    last = month(year_, month_).last
    return date(year_, month_, min(on.day, last.day if last else 28))
