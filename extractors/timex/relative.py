"""Times said from another: from publication ("last week", "two years ago") or from what was last spoken of ("a day later")."""

from __future__ import annotations

from datetime import date

from extractors.timex.durations import length
from extractors.timex.here import Here, amount_of, relation_of, unit_of
from extractors.timex.periods import DAY, Time, day, months, moved, period, year
from extractors.timex.words import grammar
from extractors.timex.years import SEASONS


def read_ago(here: Here) -> Time | None:
    """ "two weeks ago": the week of that day."""
    amount, unit = amount_of(here), unit_of(here)
    if unit in "ST":
        return None
    return _counted(here, amount, unit, -1, here.today())


def _counted(here: Here, amount: float | None, unit: str, sign: int, base: date) -> Time:
    """Some units before or after a day, as wide as the unit."""
    if unit in ("H", "I", "S"):
        return Time("TIME", base.isoformat(), base, base)
    if amount is None:
        return Time("DATE", "PAST_REF" if sign < 0 else "FUTURE_REF")
    if amount != int(amount) and unit in "YEC":
        amount, unit = amount * {"Y": 12, "E": 10, "C": 100}[unit], "M" if unit == "Y" else "Y"
    try:
        target = moved(unit, sign * int(amount), base)
        found = period("W" if unit == "F" else unit, target)
    except (ValueError, OverflowError):
        return Time("DATE", "PAST_REF" if sign < 0 else "FUTURE_REF")
    on = here.one("today")
    if on == "today":
        return day(target)
    weekday = grammar().value("WEEKDAY", on) or grammar().value("WEEKDAY", here.one("weekday"))
    if weekday and unit in "WD":
        return day(target + (int(weekday) - target.isoweekday()) * DAY)
    return found


def read_hence(here: Here) -> Time:
    """ "three weeks from now"."""
    return _counted(here, amount_of(here), unit_of(here), 1, here.today())


def read_later(here: Here) -> Time | None:
    """ "two days later", "a year earlier": from what was last spoken of."""
    back = here.one("way") in ("earlier", "previously", "before")
    unit = unit_of(here)
    if unit in ("H", "I", "S"):
        base = here.spoken_day or here.base()
        return Time("TIME", base.isoformat(), base, base)
    return _counted(here, amount_of(here), unit, -1 if back else 1, here.base())


def read_beside(here: Here) -> Time:
    """ "the day before"."""
    unit = unit_of(here)
    sign = -1 if here.one("way") in ("before", "earlier") else 1
    return period(unit, moved(unit, sign, here.base()))


def read_anchored(here: Here) -> Time | None:
    """ "the same period last year": as wide as what was last spoken of."""
    anchor = here.anchor
    if anchor is None or anchor.first is None or anchor.last is None:
        return year(here.today().year - 1)
    words = here.said()
    unit = unit_of(here) if here.has("unit") else "Y"
    if "this" in words:
        return None
    first = moved(unit, -1, anchor.first)
    name = {2: "Q", 0: "D"}.get((anchor.last.month - anchor.first.month) % 12, "Y")
    if name == "D" and anchor.first != anchor.last:
        name = "M" if (anchor.last - anchor.first).days > 7 else "W"
    return period(name, first)


def read_same(here: Here) -> Time:
    """ "the same day", "that night"."""
    word = here.one("unit")
    part = grammar().value("PART", word)
    if part and word != "night":
        on = here.base()
        return Time("TIME", f"{on}T{part}", on, on)
    season = grammar().value("SEASON", word)
    if season:
        return months(here.base().year, SEASONS[season], 3, f"{here.base().year}-{season}")
    return period(unit_of(here), here.base())


def read_next(here: Here) -> Time | None:
    """ "the following day"; "over the next year" is a length."""
    rel, word = here.one("rel"), here.one("unit")
    sign = -1 if rel in ("previous", "preceding") else 1
    part = grammar().value("PART", word)
    if part:
        on = here.base() + (0 if word == "night" and sign < 0 else sign) * DAY
        return Time("TIME", f"{on}T{part}", on, on)
    unit = unit_of(here)
    if rel == "next" and here.led_by("within"):
        today = here.today()
        return Time("DURATION", length(1, unit), today, moved(unit, 1, today))
    return period(unit, moved(unit, sign, here.base()))


def read_shift(here: Here) -> Time | None:
    """ "last week", "this year", "the week after next"."""
    if here.has("twice"):
        words = here.said()
        unit, sign = ("W" if "week" in words else "M"), (1 if here.one("rel") == "next" else -1)
        return period(unit, moved(unit, 2 * sign, here.today()))
    unit, rel = unit_of(here), here.one("rel")
    relation = relation_of(rel)
    article = here.said()[0] == "the"
    if unit in ("S", "I", "H", "T") or (unit == "D" and rel in ("last", "past", "current", "upcoming")):
        return None
    if article and relation < 0 and here.behind() in ("of", "in"):
        return None  # "the last year of the war"
    if unit == "N":
        return period("N", moved("D", relation, here.base()))
    if unit == "F":
        return Time("DURATION", "P2W", *sorted((here.today(), moved("F", relation, here.today()))))
    base = here.base() if rel in ("previous", "prior", "preceding", "following") or unit == "D" else here.today()
    if unit == "D" and not relation:
        base = here.today()
    if unit == "WE" and base.isoweekday() >= 6 and relation < 0:
        base -= (base.isoweekday() - 5) * DAY
    if unit == "WE" and not relation and base.isoweekday() <= 3 and here.ahead() < 0:
        relation = -1  # "wounded this weekend", written on Monday
    return period(unit, moved(unit, relation, base))


def read_wholeunit(here: Here) -> Time:
    """ "the entire year"."""
    unit = unit_of(here)
    return period(unit, (here.spoken_day or here.base()) if unit in "DYQ" else here.today())


def read_yearago(here: Here) -> Time:
    """ "the year-ago period"."""
    return period("Y", moved("Y", -1, here.base()))


def read_partofday(here: Here) -> Time | None:
    """ "dawn on Monday", "mid-afternoon", "the early hours"."""
    if here.has("dawn"):
        if not here.led_by("dawn"):
            return None
        weekday = grammar().value("WEEKDAY", here.one("weekday"))
        on = here.today()
        on -= ((on.isoweekday() - int(weekday)) % 7) * DAY if weekday else 0 * DAY
        return Time("TIME", f"{on}T{grammar().value('HINTPART', here.one('dawn'))}", on, on)
    if here.has("mid") and not here.led_by("daypart"):
        return None  # "a late-evening address"
    on = here.spoken_day or here.today()
    part = "MO" if here.has("small") else grammar().value("PART", here.one("part"))
    return Time("TIME", f"{on}T{part}", on, on)


def read_theunit(here: Here) -> Time | None:
    """ "the day", "the weekend", "year's end"."""
    word, today = here.one("unit"), here.today()
    part = grammar().value("PART", word)
    if here.behind() in ("after", "before") and here.before() != "in":
        return None  # "the day after the vote"
    if part:
        on = here.spoken_day or today
        return Time("TIME", f"{on}T{part}", on, on)
    unit = unit_of(here)
    if unit in "EC" and here.before() != "of":
        return None
    following = here.tokens.word(here.match.last)
    if following == "to" and here.tokens.word(here.match.last + 1)[:1].isupper():
        return None  # "in the year to March"
    if unit == "D" and (following[:1].isupper() or following in grammar().around["pronoun"]):
        return None  # "the day Epstein died"
    if unit == "WE":
        ahead = here.ahead() > 0 or today.isoweekday() >= 6
        return period("WE", today if ahead else today - 7 * DAY)
    if unit == "D":
        return day(here.spoken_day or today)
    return period(unit, today)


def read_ref(here: Here) -> Time | None:
    """ "now", "recently", "in the future"."""
    first = here.match.first
    last = here.tokens.low[here.match.last - 1]
    if last == "soon" and (here.tokens.lower(first - 1) == "as" or here.behind() == "after"):
        return None  # "as soon as", "soon after"
    if here.behind() == "-" or (here.tokens.low[first] == "recent" and here.tokens.lower(first - 1) == "most"):
        return None  # "the now-cancelled deal", "his most recent film"
    if (
        here.match.last - first == 1
        and here.tokens.word(first)[0].isupper()
        and here.tokens.word(first - 1)[:1].isalpha()
    ):
        return None
    return Time("DATE", here.match.rule.value)
