"""Days and months as the civil calendar names them, weekdays, times of day."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from extractors.timex import calendars
from extractors.timex.here import Here, in_part, nearest, relation_of, said_year
from extractors.timex.periods import DAY, Time, day, month, moved, period, year
from extractors.timex.words import grammar

_MONTH_FIRST = frozenset(("USA", "PHL", "FSM", "MHL", "PLW", "BLZ"))


def read_iso(here: Here) -> Time:
    """ "2024-06-12", with a time or without."""
    text = here.one("iso").upper()
    on = date.fromisoformat(text[:10])
    return Time("TIME", text, on, on) if len(text) > 10 else day(on)


def read_numeric(here: Here) -> Time:
    """ "03/04/2024" in the order of the source's country; stops stand behind a day."""
    text = here.one("numeric")
    if text == "9/11":
        return day(date(2001, 9, 11))
    mark = next(c for c in text if not c.isdigit())
    a, b, year_ = (int(n) for n in text.split(mark))
    if len(text.rsplit(mark, 1)[1]) == 2:
        if mark != "/":
            raise ValueError("12.30.45 may be anything")
        year_ += 2000 if year_ <= (here.published.year % 100 + 1 if here.published else 50) else 1900
    month_first = here.country in _MONTH_FIRST or (here.country is None and mark == "/")
    if mark == "." or a > 12:
        month_first = False
    elif b > 12:
        month_first = True
    return day(date(year_, a, b) if month_first else date(year_, b, a))


def _month_numbers(here: Here) -> list[int]:
    """The months named, in order."""
    words = grammar()
    return [int(words.value("MONTH", w) or words.value("MONTHABBR", w)) for w in here.all("month")]


def day_numbers(here: Here) -> list[int]:
    """The days of the month named, in order."""
    return [int(grammar().value("ORDINAL", w) or re.sub(r"\D", "", w)) for w in here.all("day")]


def read_civil(here: Here) -> Time | None:
    """A day of a month, its year said or the one meant."""
    (number, *_), (dom, *_) = _month_numbers(here), day_numbers(here)
    said = said_year(here)
    after = here.match.last
    if said is None and here.before() in ("in", "during", "for") and _counts(here, after):
        return None  # "In March 12 people were killed"
    if said is not None:
        found = day(date(said, number, dom))
    elif here.published is None:
        return Time("DATE", f"XXXX-{number:02}-{dom:02}")
    else:
        weekday = _weekday_number(here)

        def make(year_: int) -> Time:
            on = date(year_, number, dom)
            if weekday and on.isoweekday() != weekday and abs(year_ - here.today().year) < 3:
                raise ValueError("another weekday")
            return day(on)

        try:
            found = nearest(make, here)
        except ValueError:
            weekday = 0  # "Tuesday, June 3" where June 3 is none: the day of the month is the surer word
            found = nearest(make, here)
    return in_part(found, here)


def _counts(here: Here, at: int) -> bool:
    """Whether the word there is what a number counts."""
    word = here.tokens.word(at)
    return word.islower() and (word.endswith("s") or word in grammar().refuse["count_nouns"])


def read_dayofmonth(here: Here) -> Time | None:
    """ "on the 21st": this month's unless that has not come."""
    today, dom = here.today(), day_numbers(here)[0]
    said = here.has("rel") or "month" in here.said()
    if not said and not here.led_by("dayofmonth"):
        return None
    if said:
        base = moved("M", relation_of(here.one("rel")) if here.has("rel") else 0, today.replace(day=1))
        return day(base.replace(day=dom))
    ahead = here.ahead() > 0
    base = today.replace(day=1)
    if not ahead and dom > today.day:
        base = moved("M", -1, base)
    if ahead and dom < today.day:
        base = moved("M", 1, base)
    return day(base.replace(day=dom))


def read_span(here: Here) -> Time | None:
    """ "June 6-9", "28 May to 2 June"."""
    months, days, said = _month_numbers(here), day_numbers(here), said_year(here)

    def make(year_: int) -> Time:
        first = date(year_, months[0], days[0])
        last = date(year_ + (months[-1] < months[0]), months[-1], days[1])
        if last <= first:
            raise ValueError("the days run backwards")
        return Time("DATE", f"{first}/{last}", first, last)

    if said is not None:
        return make(said - 1 if months[-1] < months[0] else said)
    return nearest(make, here)


def read_monthspan(here: Here) -> Time:
    """ "March to May 2023", "July-September"."""
    (a, b), years = _month_numbers(here), [int(y) for y in here.all("year")]
    if not years:

        def make(year_: int) -> Time:
            start, end = month(year_, a), month(year_ + (b < a), b)
            return Time("DATE", f"{start.value}/{end.value}", start.first, end.last)

        return nearest(make, here, past=True)
    start = month(years[0] if len(years) > 1 else years[0] - (a > b), a)
    end = month(years[-1], b)
    if not (start.first and end.first and start.first < end.first):
        raise ValueError("the months run backwards")
    return Time("DATE", f"{start.value}/{end.value}", start.first, end.last)


def read_month(here: Here) -> Time:
    """ "March 2019", "last March", "March"."""
    number = _month_numbers(here)[0]
    if here.has("year"):
        return month(int(here.one("year")), number)
    today = here.today()
    if here.has("rel"):
        relation = relation_of(here.one("rel"))
        if "year" in here.said():
            return month(today.year + relation, number)
        if not relation:
            return month(today.year, number)
        turn = today.month > number if relation < 0 else today.month < number
        return month(today.year + (0 if turn else relation), number)
    return nearest(lambda y: month(y, number), here, past=True)


def read_weekofmonth(here: Here) -> Time | None:
    """ "the last week of May", "the first Monday of May", "the last days of 2019"."""
    today = here.today()
    which = here.one("ord")
    unit = here.one("unit").rstrip("s")
    if here.has("month"):
        whole = read_month(here) if not here.has("rel") else month(today.year, _month_numbers(here)[0])
    elif here.has("rel"):
        name = "M" if "month" in here.said() else "Y"
        whole = period(name, moved(name, relation_of(here.one("rel")), today))
    else:
        whole = year(int(here.one("year")))
    if whole.first is None or whole.last is None:
        return None
    final = which in ("last", "final")
    nth = 0 if final else int(grammar().value("ORDINAL", which))
    if here.one("unit") == "days":
        return whole
    if unit == "day":
        return day(whole.last) if final else day(whole.first + (nth - 1) * DAY)
    weekday = grammar().value("WEEKDAY", unit)
    if weekday:
        return day(calendars.nth_weekday(whole.first.year, whole.first.month, int(weekday), -1 if final else nth))
    name = "WE" if unit == "weekend" else "W"
    if final:
        return period(name, whole.last - 3 * DAY if name == "W" else whole.last)
    return period(name, whole.first + 7 * (nth - 1) * DAY)


def _weekday_number(here: Here) -> int:
    """1 for Monday … 7; 0 without a weekday."""
    words = grammar()
    return int(words.value("WEEKDAY", here.one("weekday")) or words.value("WEEKDAYABBR", here.one("weekday")) or 0)


def read_weekday(here: Here) -> Time | None:
    """ "last Friday", "Monday of last week", "the following Monday"; "Friday" by tense, publication's own day included."""
    number, today, which = _weekday_number(here), here.today(), here.one("weekrel")
    words = here.said()
    monday = today - (today.isoweekday() - 1) * DAY
    back, on = (today.isoweekday() - number) % 7, (number - today.isoweekday()) % 7
    if "week" in words:
        found = monday + (7 * relation_of(which) + number - 1) * DAY
    elif which == "this":
        found = monday + (number - 1) * DAY
    elif which in ("following", "previous", "prior", "preceding"):
        base = here.base()  # "the following Monday" counts from what was told
        away = (number - base.isoweekday()) % 7 if which == "following" else (base.isoweekday() - number) % 7
        found = base + (away or 7) * (DAY if which == "following" else -DAY)
    elif which in grammar().values["PAST"] or which == "last":
        found = today - (back or 7) * DAY
    elif which:
        found = today + (on or 7) * DAY
    elif here.ahead() > 0:
        found = today + on * DAY
    else:
        found = today - back * DAY
    return in_part(day(found), here)


def read_today(here: Here) -> Time:
    """ "yesterday", "the day after tomorrow"."""
    shift = int(grammar().value("TODAY", here.one("today")))
    if here.tokens.low[here.match.first : here.match.first + 2] == ["the", "day"]:
        shift *= 2
    return in_part(day(here.today() + shift * DAY), here)


def read_tonight(here: Here) -> Time:
    """ "tonight", "last night", "this morning", "overnight"."""
    when, today = here.one("when"), here.today()
    on = today - DAY if when == "last" else today
    if when == "overnight" and here.spoken_day:
        on = here.spoken_day
    part = grammar().value("PART", here.one("part")) if here.has("part") else "NI"
    return Time("TIME", f"{on}T{part}", on, on)


def _own(here: Here, part: str) -> str:
    """A part of this time of day, not of one that is only looked ahead at."""
    spans = here.match.parts.get(part)
    return here.one(part) if spans and spans[0][0] < here.match.last else ""


def read_clock(here: Here) -> Time | None:
    """ "23:30 GMT on Monday": a time of the day named with it, else of the day last spoken of."""
    at = _hour_and_minute(here)
    if at is None:
        return None
    if here.has("month"):
        on = read_civil(here)
    elif here.has("weekday"):
        parts = {k: v for k, v in here.match.parts.items() if k != "part"}
        on = read_weekday(replace(here, match=replace(here.match, parts=parts)))
    elif here.has("today"):
        on = day(here.today() + int(grammar().value("TODAY", here.one("today"))) * DAY)
    else:
        on = day(here.spoken_day or here.today())
    if on is None:
        return None
    zone = "Z" if _own(here, "zone") in ("gmt", "utc") else ""
    return Time("TIME", f"{on.value}T{at[0]:02}:{at[1]:02}{zone}", on.first, on.last)


def _hour_and_minute(here: Here) -> tuple[int, int] | None:
    """What the clock shows; None for what is no time, or may be a score or a verse."""
    words, said = grammar(), here.one("clock")
    noon = words.value("NOON", here.one("noon"))
    if noon:
        return int(noon), 0
    digits = [int(n) for n in re.findall(r"\d+", said)]
    marks = re.findall(r"[ap]\.?m", said)
    half = words.value("AMPM", _own(here, "ampm")) or ({"a": "0", "p": "12"}[marks[0][0]] if marks else "")
    if len(digits) == 1 and len(said) >= 4 and said.isdigit():
        hour, minute = divmod(digits[0], 100)
    else:
        hour, minute = digits[0], digits[1] if len(digits) > 1 else 0
    dated = here.has("month") or here.has("weekday") or here.has("today")
    named = bool({"clock", "hours", "hrs", "local"} & set(here.said()))
    sure = bool(half or _own(here, "zone") or dated or named)
    if not sure and (not here.led_by("clock") or len(digits) > 2 or ":" not in said):
        return None
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + int(half)
    return (hour, minute) if hour <= 24 and minute <= 59 else None
