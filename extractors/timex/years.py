"""Years and what is counted in them: quarters, halves, seasons, fiscal years, decades, centuries; feasts and other calendars' years."""

from __future__ import annotations

import re
from datetime import date

from extractors.timex import calendars
from extractors.timex.civil import day_numbers
from extractors.timex.here import Here, nearest, ordinal, relation_of, said_year
from extractors.timex.periods import DAY, Time, day, months, moved, period, year
from extractors.timex.words import grammar

SEASONS = {"SP": 3, "SU": 6, "FA": 9, "WI": 12}


_FISCAL_STARTS = {"USA": 10, "GBR": 4, "IND": 4, "JPN": 4, "CAN": 4, "ZAF": 4, "HKG": 4, "SGP": 4, "AUS": 7, "PAK": 7, "BGD": 7, "EGY": 7,
                  "KEN": 7, "ETH": 7, "NPL": 7, "THA": 10}  # fmt: skip


def read_year(here: Here) -> Time | None:
    """ "2019", "44 BC"."""
    if here.has("era"):
        number, era = int(here.one("year").replace(",", "")), here.one("era")
        if era in ("bc", "bce"):
            return Time("DATE", f"BC{number:04}")
        return year(number)
    return year(int(here.one("year")))


def read_shortyear(here: Here) -> Time | None:
    """since '89"""
    if not here.led_by("shortyear"):
        return None
    return year(_full_year(int(here.one("short")), here))


def _full_year(short: int, here: Here) -> int:
    return short + (2000 if short <= (here.published.year % 100 + 5 if here.published else 30) else 1900)


def read_yearspan(here: Here) -> Time | None:
    """ "1984-85", "2015 to 2019"."""
    first, second = int(here.one("year")), here.one("second")
    last = int(second) if len(second) == 4 else first // 100 * 100 + int(second)
    if last < first and len(second) == 2:
        last += 100
    if not first < last <= first + 150:
        return None
    return Time("DATE", f"{first}/{last}", date(first, 1, 1), date(last, 12, 31))


def read_fiscal(here: Here) -> Time | None:
    """A fiscal year by its last civil year, from the month it begins in at the source's home."""
    starts = _FISCAL_STARTS.get(here.country or "USA", 1)
    if here.has("year"):
        number = int(here.one("year"))
        if here.has("second"):
            number += 1
    else:
        today = here.today()
        number = today.year + (today.month >= starts > 1) + relation_of(here.one("rel"))
    begin = date(number - (starts > 1), starts, 1)
    return Time("DATE", f"FY{number}", begin, moved("Y", 1, begin) - DAY)


def read_quarter(here: Here) -> Time | None:
    """ "the third quarter of 2022", "Q3", "the second half of last year"."""
    if here.has("hq"):
        kind, number = here.one("hq")[0], int(here.one("hq")[1])
    else:
        kind = "q" if here.one("half") == "quarter" else "h"
        which = here.one("ord")
        top = 4 if kind == "q" else 2
        number = top if which in ("last", "final", "latter") else ordinal(which)
        if not 1 <= number <= top:
            return None
    words = here.said()
    said = said_year(here)
    if said is None and ("that" in words or "of" in words):
        said = here.base().year
    if said is None and kind == "h":
        return None  # of a match, most often
    count = 3 if kind == "q" else 6

    def make(year_: int) -> Time:
        return months(year_, count * (number - 1) + 1, count, f"{year_}-{kind.upper()}{number}")

    if said is not None:
        return make(said)
    today = here.today()
    return next(t for y in (today.year, today.year - 1) if (t := make(y)).first and t.first <= today)


def read_century(here: Here) -> Time | None:
    """ "the 19th century"."""
    number = ordinal(here.one("ord"))
    if here.has("era") and here.one("era") in ("bc", "bce"):
        return Time("DATE", f"BC{number - 1:02}")
    return period("C", date((number - 1) * 100 + 1, 1, 1)) if number > 1 else Time("DATE", "00")


def read_decade(here: Here) -> Time | None:
    """ "the 1990s", "the nineties"."""
    word = here.one("decade")
    digits = re.sub(r"\D", "", word)
    value = grammar().value("DECADEWORD", word)
    first = here.said()[0]
    before = [here.tokens.lower(here.match.first - k) for k in (1, 2, 3)]
    if len(digits) < 4 and (
        {"his", "her", "their", "my", "its"} & set(before)
        or (first != "the" and "the" not in before and word[0] not in "'’" and first not in "'’")
    ):
        return None  # "in her sixties", "80s on Friday"
    if digits:
        value = digits[:3] if len(digits) == 4 else ("20" if digits < "20" else "19") + digits[0]
    return period("E", date(int(value) * 10, 1, 1))


def read_season(here: Here) -> Time | None:
    """ "last summer", "winter of 2022-23"."""
    name = grammar().value("SEASON", here.one("season"))
    bare = here.match.last - here.match.first - (here.said()[0] == "the")
    if bare == 1:
        before = here.before()
        if before not in (
            "in",
            "during",
            "by",
            "since",
            "until",
            "over",
            "through",
            "throughout",
            "before",
            "after",
            "mid",
            "-",
            "early",
            "late",
        ):
            return None
        behind = here.behind()
        if here.one("season") == "fall" and (here.said()[0] != "the" or behind == "of"):
            return None

    def make(year_: int) -> Time:
        return months(year_, SEASONS[name], 3, f"{year_}-{name}")

    if here.has("year"):
        return make(int(here.one("year")))
    today = here.today()
    if here.has("rel"):
        relation = relation_of(here.one("rel"))
        if "year" in here.said():
            return make(today.year + relation)
        found = [make(y) for y in range(today.year - 2, today.year + 3)]
        if relation < 0:
            return [t for t in found if t.last and t.last < today][-1]
        if relation > 0:
            return next(t for t in found if t.first and t.first > today)
        return next(
            t
            for t in found
            if t.last and t.last >= today and t.first and t.first.year >= today.year - (today.month < 3)
        )
    return nearest(make, here, past=True)


def read_holiday(here: Here) -> Time | None:
    """A feast of that year, else the nearest."""
    name = here.one("holiday")
    rule = grammar().holidays[name]
    if name == "labor day" and here.country not in (None, "USA", "CAN"):
        rule = "05-01"
    if name == "labour day" and here.country == "CAN":
        rule = "09-1-1"
    if name.startswith("thanksgiving") and here.country == "CAN":
        rule = "10-1-2"

    def make(year_: int) -> Time:
        days = calendars.holiday(rule, year_)
        if days is None:
            raise ValueError("none in that year")
        first, last = days
        return day(first) if first == last else Time("DATE", f"{first}/{last}", first, last)

    said = said_year(here)
    if here.has("rel") and "year" not in here.said():
        today = here.today()
        relation = relation_of(here.one("rel"))
        found = [t for y in range(today.year - 1, today.year + 2) if (t := make(y)).first]
        if relation:
            return [t for t in found if t.first and (t.first < today if relation < 0 else t.first > today)][
                -1 if relation < 0 else 0
            ]
        return make(today.year)
    if said is not None:
        return make(said)
    if here.published is None:
        return Time("DATE", f"XXXX-{rule}") if re.fullmatch(r"\d\d-\d\d", rule) else Time("DATE", "")
    return nearest(make, here)


def read_foreign(here: Here, part: str, name: str) -> Time | None:
    """A day or month of the Islamic or Iranian calendar, its year in that calendar, in ours, or not said."""
    number = int(grammar().value(name, here.one(part)))
    to_day = calendars.hijri if name == "HIJRI" else calendars.jalali
    to_month = calendars.hijri_month if name == "HIJRI" else calendars.jalali_month
    dom = day_numbers(here)

    def make(year_: int) -> Time:
        if dom:
            return day(to_day(year_, number, dom[0]))
        first, last = to_month(year_, number)
        return Time("DATE", f"{first}/{last}", first, last)

    if here.has("year"):
        said = int(here.one("year"))
        if said < 1700:
            return make(said)
        guess = int((said - 622) * 33 / 32) if name == "HIJRI" else said - 621
        return next(t for y in range(guess - 1, guess + 3) if (t := make(y)).first and t.first.year == said)
    if not dom and number != 9:
        return None
    today = here.today()
    shift = int((today.year - 622) * 33 / 32) - today.year if name == "HIJRI" else -621
    return nearest(lambda y: make(y + shift), here)
