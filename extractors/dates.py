"""A date expression names a time, often only from where the text was published: "on Friday", "two weeks ago", "since 2015".

The text is read as classes of words (`timex/words.py`), each rule that fits gets its value (`timex/values.py`), and what only looks like time
is refused here: rooms and flights with the number of a year, people called April, the Friday Mosque.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from extractors.records import Mention
from extractors.timex.here import Here
from extractors.timex.periods import Time
from extractors.timex.values import read_time
from extractors.timex.words import Match, Tokens, grammar, tokenize

_YEAR_LEADS = frozenset(
    [
        "in",
        "since",
        "until",
        "till",
        "by",
        "before",
        "after",
        "during",
        "of",
        "from",
        "to",
        "through",
        "between",
        "and",
        "or",
        "around",
        "circa",
        "early",
        "late",
        "mid",
        "the",
        "a",
        "-",
        "(",
        ",",
        "spring",
        "summer",
        "autumn",
        "winter",
        "year",
        "for",
        "than",
        "under",
    ]
)
_MONTH_LEADS = frozenset(
    [
        "in",
        "since",
        "until",
        "till",
        "by",
        "before",
        "after",
        "during",
        "of",
        "from",
        "to",
        "through",
        "between",
        "and",
        "or",
        "early",
        "late",
        "mid",
        "last",
        "next",
        "this",
        "for",
        "-",
        "throughout",
    ]
)
_STALE = 80
"""Tokens after which "the day" is no longer the day last named."""
_COUNTED_LEADS = frozenset(
    [
        "over",
        "nearly",
        "almost",
        "about",
        "some",
        "least",
        "than",
        "exactly",
        "approximately",
        "roughly",
        "$",
        "£",
        "€",
        "#",
        "¥",
    ]
)


@dataclass(slots=True)
class _Found:
    first: int
    last: int
    time: Time


def find_dates(text: str, published: date | None, country: str | None) -> tuple[Mention, ...]:
    """Find the time expressions of a text.

    Args:
        text: English running text.
        published: the day relative expressions count from; without it they have no value.
        country: ISO alpha-3 of the source, for the order of day and month and the fiscal year.
    Returns:
        Mentions of kind `date` in text order, not overlapping; what TIMEX3 calls DATE, TIME, DURATION and SET. Never raises on any text.
    """
    tokens = tokenize(text)
    return tuple(_mention(tokens, f) for f in _joined(tokens, _scan(tokens, published, country)))


def _scan(tokens: Tokens, published: date | None, country: str | None) -> list[_Found]:
    """All expressions from left to right, each read in the light of those before it."""
    found: list[_Found] = []
    anchor: Time | None = None
    spoken: date | None = None
    spoken_at = end = 0
    for start in grammar().starts(tokens.codes, 0):
        if start < end:
            continue
        for match in grammar().matches(tokens.codes, start):
            if _is_name(tokens, match):
                continue
            time = read_time(
                Here(tokens, match, published, country, anchor, spoken if start < spoken_at + _STALE else None)
            )
            if time is None:
                continue
            first = _stretched(tokens, match, end, time.kind)
            found.append(_Found(first, match.last, time))
            end = match.last
            if time.first is not None and time.kind in ("DATE", "TIME"):
                anchor = time
                if time.first == time.last:
                    spoken, spoken_at = time.first, start
            break
    return found


def _stretched(tokens: Tokens, match: Match, end: int, kind: str) -> int:
    """Where the expression begins with the words before it that belong to it: "late on", "more than", "the end of"."""
    first = match.first
    if match.rule.kind in ("ago", "later"):
        kind = "DURATION"  # "some 25 years ago"
    if kind == "DURATION" and tokens.low[first] == "the":
        return first  # "over the next two years" is more than a year only in "over a year"
    for _ in range(2):
        before = tokens.codes[max(end, first - 6) : first]
        lengths = (len(m[0]) for left in grammar().left if kind in left.types and (m := left.pattern.search(before)))
        longest = max(lengths, default=0)
        if not longest:
            break
        first -= longest
    return first


def _mention(tokens: Tokens, found: _Found) -> Mention:
    begin, end = tokens.starts[found.first], tokens.ends[found.last - 1]
    time = found.time
    first, last, precision = time.first, time.last, _precision(time)
    before = tokens.lower(found.first - 1)
    if first is not None and time.kind in ("DATE", "TIME"):
        if before == "since":
            last, precision = None, "ongoing"
        elif before in ("until", "till"):
            first, precision = None, "interval"
    return Mention(
        "date",
        begin,
        end,
        tokens.text[begin:end],
        precision=precision,
        timex=time.value or None,
        timex_type=time.kind,
        date_start=first,
        date_end=last,
    )


def _precision(time: Time) -> str | None:
    if time.first is None or time.last is None:
        return None
    if time.first == time.last:
        return "day"
    if len(time.value) == 4:
        return "year"
    return "month" if len(time.value) == 7 and time.value[5:].isdigit() else "interval"


def _joined(tokens: Tokens, found: list[_Found]) -> list[_Found]:
    """ "between December 30, 2017 and January 4, 2018" is one interval. Bare months, weekdays and words stay two expressions."""
    kept: list[_Found] = []
    for this in found:
        last = kept[-1] if kept else None
        if last is not None and this.first == last.last + 1 and _is_interval(tokens, last, this):
            value = f"{last.time.value}/{this.time.value}"
            kept[-1] = _Found(last.first, this.last, Time("DATE", value, last.time.first, this.time.last))
        else:
            kept.append(this)
    return kept


def _is_interval(tokens: Tokens, one: _Found, other: _Found) -> bool:
    lead, link = tokens.lower(one.first - 1), tokens.lower(one.last)
    if (lead, link) not in (
        ("between", "and"),
        ("from", "to"),
        ("from", "until"),
        ("from", "through"),
        ("from", "till"),
    ):
        return False
    a, b = one.time, other.time
    if a.kind != "DATE" or b.kind != "DATE" or not (a.first and b.first and b.last and a.first < b.first):
        return False
    return all(
        any(c.isdigit() for c in tokens.text[tokens.starts[f.first] : tokens.ends[f.last - 1]]) for f in (one, other)
    )


# ------------------------------------------------------------------------------------------------------------ look-alikes


def _is_name(tokens: Tokens, match: Match) -> bool:
    """Whether the words name something else than a time."""
    kind = match.rule.kind
    if kind in ("civil", "month", "weekday", "year", "season", "today", "numeric", "holiday"):
        following = tokens.word(match.last)
        if following[:1].isupper() and following.lower() in grammar().refuse["name_heads"]:
            return True
    match kind:
        case "year" | "yearspan":
            return "era" not in match.parts and _is_number(tokens, match)
        case "month":
            if tokens.lower(match.first - 1) == "on" and tokens.lower(match.last).isdigit():
                return True  # "on February 31"
            return match.last - match.first <= 2 and len(match.parts) == 1 and _is_person(tokens, match)
        case "weekday":
            return tokens.lower(match.first - 1) in grammar().refuse["weekday_names"] and match.last - match.first == 1
        case "season":
            return tokens.word(match.last - 1)[0].isupper() and tokens.word(match.last - 2)[:1].isupper()
        case "today":
            return tokens.word(match.first)[0].isupper() and tokens.word(match.first - 1)[:1].isupper()
        case "holiday":
            return tokens.word(match.last)[:1].isupper() and tokens.lower(match.last) in (
                "island",
                "islands",
                "rising",
                "offensive",
            )
    return False


def _is_number(tokens: Tokens, match: Match) -> bool:
    """A number with four digits that is no year: Camp 2020, 2000 people, $1999."""
    before, behind = tokens.lower(match.first - 1), tokens.lower(match.last)
    refuse = grammar().refuse
    if before in refuse["number_heads"] or before in _COUNTED_LEADS or behind in ("%", "percent", "km", "kg", "°"):
        return True
    if before == "." and tokens.lower(match.first - 2) in ("no", "art", "sec", "vol", "para"):
        return True
    if behind in refuse["count_nouns"] or (
        tokens.ends[match.last - 1] < len(tokens.text) and tokens.text[tokens.ends[match.last - 1]] in "%°"
    ):
        return True
    written = tokens.word(match.first - 1)
    if written[:1].isupper() and before not in _YEAR_LEADS and tokens.codes[match.first - 1] == ".":
        return True  # "Expo 2020", "Vision 2030"
    number = int(tokens.low[match.parts["year"][0][0]])
    if (
        before in ("in", "since", "until", "by", "before", "after", "during", "circa", "from", "to", "of", "around")
        or match.rule.kind == "yearspan"
    ):
        return not 1000 <= number <= 2150
    if before not in _YEAR_LEADS and tokens.word(match.last).islower() and behind.endswith("s"):
        return True
    return not 1800 <= number <= 2100


def _is_person(tokens: Tokens, match: Match) -> bool:
    """A month's name alone that is a person's, a verb or an abbreviation: "Mr April", "May the minister", "Jan told"."""
    at = match.first
    before, refuse, month = tokens.lower(at - 1), grammar().refuse, tokens.low[at]
    following = tokens.word(match.last)
    if before in refuse["titles"]:
        return True
    if len(month) < 4 and month != "may":
        return not (tokens.lower(at + 1) == "." and before in _MONTH_LEADS)
    if before in _MONTH_LEADS and not following[:1].isupper():
        return False
    if month in refuse["people_months"]:
        return not (following in ("'s", "’s", "'", "’") and before != "")
    return following[:1].isupper() and tokens.codes[match.last] == "." and before not in _MONTH_LEADS
