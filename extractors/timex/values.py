"""What an expression means: its TIMEX3 type and value, and the days it covers.

A value is ISO 8601 with TIMEX3's additions: 2024-W10, 2024-Q1, 2024-SU, 202 (a decade), 19 (a century), P2W, PXY (some years),
2024-06-18TNI (a night), PRESENT_REF. Each `_kind` reads the parts of the rules of that kind in `lexicons/dates.toml`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from extractors.timex.civil import (
    read_civil,
    read_clock,
    read_dayofmonth,
    read_iso,
    read_month,
    read_monthspan,
    read_numeric,
    read_span,
    read_today,
    read_tonight,
    read_weekday,
    read_weekofmonth,
)
from extractors.timex.durations import read_duration, read_past, read_pastone, read_set
from extractors.timex.here import Here
from extractors.timex.periods import Time
from extractors.timex.relative import (
    read_ago,
    read_anchored,
    read_beside,
    read_hence,
    read_later,
    read_next,
    read_partofday,
    read_ref,
    read_same,
    read_shift,
    read_theunit,
    read_wholeunit,
    read_yearago,
)
from extractors.timex.years import (
    read_century,
    read_decade,
    read_fiscal,
    read_foreign,
    read_holiday,
    read_quarter,
    read_season,
    read_shortyear,
    read_year,
    read_yearspan,
)


def read_time(here: Here) -> Time | None:
    """The value of a match.

    Returns:
        None when the words are no expression of time after all, or name a day that does not exist; without a day of publication relative
        expressions have the value "" and no days.
    """
    try:
        return _KINDS[here.match.rule.kind](here)
    except (ValueError, OverflowError, KeyError):
        return None if here.published else _undated(here)


def _undated(here: Here) -> Time | None:
    """A relative expression in a text of no known day."""
    try:
        probe = replace(here, published=date(2000, 6, 15))
        found = _KINDS[here.match.rule.kind](probe)
    except (ValueError, OverflowError, KeyError):
        return None
    return Time(found.kind, "") if found else None


_KINDS: dict[str, Callable[[Here], Time | None]] = {
    "iso": read_iso,
    "numeric": read_numeric,
    "clock": read_clock,
    "dayofmonth": read_dayofmonth,
    "yearago": read_yearago,
    "span": read_span,
    "hijri": lambda here: read_foreign(here, "lunar", "HIJRI"),
    "jalali": lambda here: read_foreign(here, "solar", "JALALI"),
    "holiday": read_holiday,
    "civil": read_civil,
    "monthspan": read_monthspan,
    "month": read_month,
    "weekofmonth": read_weekofmonth,
    "weekday": read_weekday,
    "set": read_set,
    "quarter": read_quarter,
    "century": read_century,
    "decade": read_decade,
    "season": read_season,
    "fiscal": read_fiscal,
    "yearspan": read_yearspan,
    "year": read_year,
    "shortyear": read_shortyear,
    "today": read_today,
    "tonight": read_tonight,
    "ago": read_ago,
    "hence": read_hence,
    "later": read_later,
    "beside": read_beside,
    "anchored": read_anchored,
    "same": read_same,
    "next": read_next,
    "past": read_past,
    "pastone": read_pastone,
    "shift": read_shift,
    "wholeunit": read_wholeunit,
    "partofday": read_partofday,
    "theunit": read_theunit,
    "duration": read_duration,
    "ref": read_ref,
}
